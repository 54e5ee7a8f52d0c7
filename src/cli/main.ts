/** Entry of `octolink`. Whatever a run does not need is not loaded: scripts call it often. */
import { createRequire } from 'node:module';
import { userInfo } from 'node:os';
import { type Manifest, versionLine } from '../api/version.js';
import { fileProblem } from '../base/file-problems.js';
import { holdsSecret } from '../config/secrets.js';
import { type CliArguments, readArguments, UsageError } from './arguments.js';
import { EXIT, failure } from './base/failure.js';
import { defaultSettings } from './base/settings.js';
import { checkFile, print, printLines, readInput, readLines, report, runBatch } from './batch.js';
import type { InterpreterOptions } from './interpreter/interpreter.js';
import type { Terminal } from './terminal/terminal.js';

function programManifest(): Manifest {
  return createRequire(import.meta.url)('../../../package.json') as Manifest;
}

/** The user's login shell is this program: there is no other one to reach files and programs by. */
function isLoginShell(): boolean {
  if (process.argv0.startsWith('-')) return true;
  try {
    return /(?:^|\/)octolink$/.test(userInfo().shell ?? '');
  } catch {
    // An account without an entry has no shell either.
    return false;
  }
}

let terminal: Terminal | null = null;

/** The terminal, if there is one at both ends; made at the first need. */
async function openTerminal(): Promise<Terminal | null> {
  if (!process.stdin.isTTY || !process.stdout.isTTY) return null;
  if (terminal === null) {
    const { Terminal } = await import('./terminal/terminal.js');
    terminal = new Terminal(process.stdin, process.stdout, process.env);
  }
  return terminal;
}

async function main(): Promise<number> {
  // Others may read the words that a process was started with: they see this instead.
  if (process.argv.some(holdsSecret)) process.title = 'octolink';
  const given = readArguments(process.argv.slice(2), process.env, isLoginShell());
  const { socket, patienceMs, json, stopAtFirstError, assumeYes, readOnly, restricted, action } = given;
  const options: InterpreterOptions = {
    socket,
    patienceMs,
    json,
    assumeYes,
    readOnly,
    restricted,
    clientName: `octolink ${programManifest().version}`,
    interactive: false,
    settings: defaultSettings(false),
    readInput,
    print,
    remark: (lines) => {
      if (lines.length > 0) process.stderr.write(`${lines.join('\n')}\n`);
    },
    terminal: openTerminal,
    history: () => [],
  };
  const batch = { ...given, stopAtFirstError: true };
  switch (action.kind) {
    case 'help':
      await printLines([(await import('./usage.js')).usage()]);
      return EXIT.OK;
    case 'version':
      await printLines([versionLine('octolink', programManifest(), process.versions.node)]);
      return EXIT.OK;
    case 'complete':
      await printLines(
        await (await import('./completion/shell-words.js')).completeWords(action.words, options),
      );
      return EXIT.OK;
    case 'check':
      return checkFile(action.file);
    case 'commands':
      return runBatch(
        action.lines.map((text) => ({ text, origin: null })),
        options,
        batch,
      );
    case 'file':
      batch.stopAtFirstError = stopAtFirstError || action.file !== '-';
      return runBatch(await readLines(action.file), options, batch);
    case 'shell': {
      const terminal = await openTerminal();
      if (terminal === null) return runBatch(await readLines('-'), options, given);
      return shell(terminal, options, given);
    }
  }
}

async function shell(
  terminal: Terminal,
  options: InterpreterOptions,
  { keepHistory, timeoutMs, restricted }: CliArguments,
): Promise<number> {
  const [{ runShell }, { historyFileOf }, { wantsColour }] = await Promise.all([
    import('./shell.js'),
    import('./terminal/command-history.js'),
    import('./output/colour.js'),
  ]);
  return runShell(terminal, {
    ...options,
    settings: defaultSettings(wantsColour(process.env)),
    historyFile: keepHistory ? historyFileOf(restricted ? {} : process.env) : null,
    idleMs: timeoutMs,
  });
}

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // The reader has seen enough, as `| head` does.
  if (error.code === 'EPIPE') process.exit(EXIT.OK);
  process.exit(
    report(failure(EXIT.FAILED, `the output cannot be written: ${fileProblem(error) ?? error.message}`)),
  );
});
// There is nobody left to tell.
process.stderr.on('error', () => process.exit(EXIT.FAILED));
process.on('SIGINT', () => process.exit(EXIT.INTERRUPTED));

try {
  process.exitCode = await main();
  (terminal as Terminal | null)?.close();
} catch (error) {
  if (error instanceof UsageError) {
    process.stderr.write(`octolink: ${error.message}\nTry "octolink --help".\n`);
    process.exitCode = EXIT.USAGE;
  } else {
    process.exitCode = report(error);
  }
}
