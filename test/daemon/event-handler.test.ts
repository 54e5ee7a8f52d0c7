/** A program for each event: what it is given, what is counted, and what is never run. */
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { until } from '../../scripts/lab/run.js';
import { type EventBody, EventLog } from '../../src/daemon/base/event-log.js';
import { EventHandler } from '../../src/daemon/observe/event-handler.js';

const folder = mkdtempSync(join(tmpdir(), 'octolink-handler-'));
afterAll(() => rmSync(folder, { recursive: true }));
const silent = { error() {}, warn() {}, info() {}, debug() {} };

function program(name: string, text: string, mode = 0o755): string {
  const file = join(folder, name);
  writeFileSync(file, `#!/bin/sh\n${text}\n`);
  chmodSync(file, mode);
  return file;
}

const event = (cause: string): EventBody => ({ kind: 'interface', interface: 'octo0', state: 'up', cause });

function handling(file: string) {
  const events = new EventLog();
  const handler = new EventHandler(events, silent);
  handler.follow(file);
  const done = (runs: number) =>
    until(
      `${runs} runs`,
      () => {
        const { run, failed } = handler.status()!;
        return run + failed >= runs && !handler.isBusy;
      },
      10_000,
      10,
    );
  return { events, handler, done };
}

it('gets each event in order, its kind as argument and the rest as JSON', async () => {
  const out = join(folder, 'out');
  const { events, handler, done } = handling(program('good', `printf '%s ' "$1" >> ${out}; cat >> ${out}`));
  for (const cause of ['a', 'b', 'c']) events.publish(event(cause), 1000);
  await done(3);
  const lines = readFileSync(out, 'utf8').trim().split('\n');
  expect(lines.map((line) => line.split(' ')[0])).toEqual(['interface', 'interface', 'interface']);
  expect(lines.map((line) => JSON.parse(line.slice(10)).cause)).toEqual(['a', 'b', 'c']);
  expect(handler.status()).toMatchObject({ run: 3, failed: 0, dropped: 0, fault: null });
  handler.close();
  expect(handler.status()).toBeNull();
});

it('may fail, and is run for the next event', async () => {
  const { events, handler, done } = handling(program('bad', 'exit 3'));
  events.publish(event('a'));
  events.publish(event('b'));
  await done(4);
  expect(handler.status()).toMatchObject({ run: 2, failed: 2, fault: 'it ended with status 3' });
  handler.close();
});

it('waits for as many events as there is room for; the rest is counted', async () => {
  const { events, handler } = handling(program('slow', 'sleep 60'));
  for (let index = 0; index < 300; index++) events.publish(event(`${index}`));
  expect(handler.status()).toMatchObject({ run: 1, dropped: 300 - 1 - 256 });
  handler.close();
});

it.each([
  ['that is not there', '/nonexistent/handler', 'it cannot be read (ENOENT)'],
  ['that is a folder', '/etc', 'it is not a regular file'],
  ['that cannot be executed', program('plain', '', 0o644), 'it is not executable'],
  ['that others may write', program('open', '', 0o777), 'others may write it'],
])('is never one %s', (_, file, fault) => {
  const { events, handler } = handling(file);
  events.publish(event('a'));
  expect(handler.status()).toMatchObject({ run: 0, failed: 1, fault });
  handler.close();
});
