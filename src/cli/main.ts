/** Entry of `octolink`. Whatever a run does not need is not loaded: scripts call it often. */
import { createRequire } from 'node:module';
import { readArguments, USAGE, UsageError } from './arguments.js';
import { checkFile, readInput, readLines, report, runBatch } from './batch.js';
import { EXIT } from './failure.js';
import type { InterpreterOptions } from './interpreter.js';

function programVersion(): string {
  const require = createRequire(import.meta.url);
  return (require('../../../package.json') as { version: string }).version;
}

async function main(): Promise<number> {
  const { socket, patienceMs, json, stopAtFirstError, action } = readArguments(
    process.argv.slice(2),
    process.env,
  );
  const options: InterpreterOptions = {
    socket,
    patienceMs,
    json,
    clientName: `octolink ${programVersion()}`,
    interactive: false,
    readInput,
    print,
    remark: (lines) => {
      if (lines.length > 0) process.stderr.write(`${lines.join('\n')}\n`);
    },
  };
  switch (action.kind) {
    case 'help':
      await print([USAGE]);
      return EXIT.OK;
    case 'version':
      await print([`octolink ${programVersion()}`]);
      return EXIT.OK;
    case 'check':
      return checkFile(action.file);
    case 'commands':
      return runBatch(
        action.lines.map((text) => ({ text, origin: null })),
        options,
        true,
      );
    case 'file':
      return runBatch(await readLines(action.file), options, stopAtFirstError || action.file !== '-');
    case 'shell':
      if (!process.stdin.isTTY || !process.stdout.isTTY) {
        return runBatch(await readLines('-'), options, stopAtFirstError);
      }
      return (await import('./shell.js')).runShell(options);
  }
}

function print(lines: string[]): Promise<void> {
  return new Promise((resolve) => {
    if (lines.length === 0) resolve();
    else process.stdout.write(`${lines.join('\n')}\n`, () => resolve());
  });
}

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // The reader has seen enough, as `| head` does.
  if (error.code === 'EPIPE') process.exit(EXIT.OK);
  throw error;
});
process.on('SIGINT', () => process.exit(EXIT.INTERRUPTED));

try {
  process.exitCode = await main();
} catch (error) {
  if (error instanceof UsageError) {
    process.stderr.write(`octolink: ${error.message}\nTry "octolink --help".\n`);
    process.exitCode = EXIT.USAGE;
  } else {
    process.exitCode = report(error);
  }
}
