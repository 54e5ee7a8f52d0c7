/**
 * `npm run sanitize`: builds the addon with AddressSanitizer and UndefinedBehaviorSanitizer in `build/sanitize`, and runs
 * under them the tests that load it. Not part of continuous integration. Arguments narrow the run, as for `npm test`.
 * The first finding ends the run, with its report.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { SetUpError, say } from './set-up/say.mjs';
import { runScript } from './set-up/script.mjs';
import { ROOT } from './setup.mjs';

/** The addon by itself, and daemons that use it: programs in namespaces inherit the sanitizers. */
const TESTS = ['native/', 'netns/traffic', 'netns/wire', 'netns/hostile'].map((name) => `dist/test/${name}`);
/** Measures memory, of which sanitizers take some for each allocation. */
const LEFT_OUT = '**/key-memory.test.js';
/** A tree beside ours: the compiled TypeScript finds the addon in the `build` next to it. */
const TREE = join(ROOT, 'build/sanitize');

function libraryOf(name) {
  const { stdout } = spawnSync('g++', [`-print-file-name=${name}`], { encoding: 'utf8' });
  const path = stdout?.trim() ?? '';
  if (!path.includes('/')) throw new SetUpError(`g++ has no ${name}`);
  return path;
}

function build() {
  say('building the native addon with sanitizers (make -C native sanitize)');
  const { status } = spawnSync('make', ['-s', '-C', join(ROOT, 'native'), 'sanitize'], {
    stdio: ['ignore', 2, 2],
  });
  if (status !== 0) throw new SetUpError('`make -C native sanitize` failed');
}

function plant() {
  rmSync(TREE, { recursive: true, force: true });
  mkdirSync(TREE, { recursive: true });
  for (const name of readdirSync(ROOT)) {
    if (name !== 'build' && name !== 'dist' && name !== '.git')
      symlinkSync(join(ROOT, name), join(TREE, name));
  }
  cpSync(join(ROOT, 'dist'), join(TREE, 'dist'), { recursive: true });
}

const HELP = `usage: npm run sanitize [-- FILE…]

Runs the tests that load the addon under address and undefined-behaviour sanitizers.

  FILE   part of a test's path: those instead
`;

function sanitize(asked) {
  plant();
  build();
  const { status, signal } = spawnSync(
    process.execPath,
    [
      join(ROOT, 'node_modules/vitest/vitest.mjs'),
      'run',
      '--exclude',
      LEFT_OUT,
      ...(asked.length > 0 ? asked : TESTS),
    ],
    {
      cwd: TREE,
      stdio: 'inherit',
      env: {
        ...process.env,
        LD_PRELOAD: [libraryOf('libasan.so'), libraryOf('libubsan.so')].join(':'),
        // Node itself gives back little of its memory at the end.
        ASAN_OPTIONS: 'detect_leaks=0:halt_on_error=1:abort_on_error=1',
        UBSAN_OPTIONS: 'print_stacktrace=1:halt_on_error=1',
      },
    },
  );
  console.log(status === 0 ? 'sanitizers: nothing found' : `sanitizers: failed (${signal ?? status})`);
  return status ?? 1;
}

await runScript({ help: HELP, takesWords: true, run: sanitize });
