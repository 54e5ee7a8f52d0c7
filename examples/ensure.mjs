#!/usr/bin/env node
// ensure.mjs FILE: makes FILE the running configuration and saves it. Prints {"changed":true} or {"changed":false}.
import { readFile } from 'node:fs/promises';
import { ControlError, connect, DEFAULT_SOCKET } from 'octolink/client';

const [file] = process.argv.slice(2);
const lines = (await readFile(file, 'utf8')).split('\n');
const client = await connect({
  socket: process.env.OCTOLINK_SOCKET ?? DEFAULT_SOCKET,
  name: 'ensure example',
});
try {
  const wanted = { context: [], lines, mode: 'replace', checkOnly: false };
  const { changed, state } = await client.request('config.apply', wanted, { timeoutMs: 60_000 });
  // Also when an earlier run changed the configuration but could not save it.
  if (state.unsaved) await client.request('config.write');
  console.log(JSON.stringify({ changed }));
} catch (error) {
  if (!(error instanceof ControlError)) throw error;
  for (const { line, column, message } of error.problems)
    console.error(`${file}:${line}:${column}: ${message}`);
  if (error.problems.length === 0) console.error(error.message);
  process.exitCode = 1;
} finally {
  client.close();
}
