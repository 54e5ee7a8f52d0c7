/**
 * `npm test`: sets everything up, runs the tests as compiled, and closes with `N passed, N failed, N skipped`
 * alone on its line. Arguments narrow the run to matching files: `npm test -- house netns`.
 */
import { join, relative } from 'node:path';
import { labProblem } from './set-up/machine.mjs';
import { say } from './set-up/say.mjs';
import { runScript } from './set-up/script.mjs';
import { filesUnder } from './set-up/stamps.mjs';
import { beginTestRun } from './set-up/test-run.mjs';
import { TestSummary } from './set-up/test-summary.mjs';
import { BENCH_PROGRAMS, ROOT, setUpLab } from './setup.mjs';

const TESTS = join(ROOT, 'dist/test');
const IN_NAMESPACES = 'netns/';
/** Files that are handed out at a time: the fewer, the sooner both ends of the queue meet; each time costs a second. */
const HANDFUL = 12;
/** What can be measured only in a process that has done nothing else, nor compiled; all other files share theirs. */
const ALONE = ['fuzz/linear.test.js', 'native/key-memory.test.js', 'scenario/held-memory.test.js'];
/** Of the tests in namespaces, those that do not keep time to milliseconds. */
const UNHURRIED = [
  'netns/bad-config.test.js',
  'netns/capture.test.js',
  'netns/clients.test.js',
  'netns/join.test.js',
  'netns/lab.test.js',
  'netns/lifecycle.test.js',
  'netns/observe.test.js',
  'netns/place/interfaces.test.js',
  'netns/place/link-local.test.js',
  'netns/place/names.test.js',
  'netns/place/without-ipv6.test.js',
  'netns/service.test.js',
  'netns/tasks.test.js',
];

/** The lab's programs are wanted, not needed: what cannot run without them is skipped and says so. */
function prepareLab() {
  if (labProblem()) return;
  try {
    setUpLab(BENCH_PROGRAMS);
  } catch (error) {
    say(`${error.message} The tests that need them are skipped.`);
  }
}

/** The compiled tests, from the root, of which a word is part; all when there are no words. */
function testFiles(words) {
  return filesUnder(TESTS)
    .filter((file) => file.endsWith('.test.js'))
    .map((file) => relative(ROOT, file))
    .filter((file) => words.length === 0 || words.some((word) => file.includes(word)));
}

/** Runs some files with more options of Vitest, and counts them in `summary`. */
async function runFiles(summary, include, more = {}) {
  if (include.length === 0) return;
  const { startVitest } = await import('vitest/node');
  const options = {
    root: ROOT,
    run: true,
    watch: false,
    reporters: ['default', summary],
    include,
    // A process for each file would cost as much as half of the tests.
    isolate: false,
    ...more,
  };
  const vitest = await startVitest('test', [], options);
  await vitest.close();
}

const pathOf = (file) => relative(TESTS, join(ROOT, file));
const isAlone = (file) => ALONE.includes(pathOf(file));

/** Takes the next files, which share a process; one alone when that must not. */
function takeHandful(rest) {
  if (isAlone(rest[0])) return rest.splice(0, 1);
  const end = rest.findIndex((file, index) => index === HANDFUL || isAlone(file));
  return rest.splice(0, end === -1 ? rest.length : end);
}

/** Runs what nobody has taken yet, a handful at a time, in forks that yield the processor to hosts in namespaces. */
async function runRest(summary, rest) {
  while (rest.length > 0) {
    const setupFiles = [`${ROOT}/scripts/set-up/low-priority.mjs`];
    await runFiles(summary, takeHandful(rest), { setupFiles });
  }
}

/**
 * Hosts in namespaces mostly wait, and keep time to milliseconds: one file of them runs at a time. Of the other tests, which fill
 * the time that they leave, two files run at a time, since these wait as well.
 */
async function runAll(summary, words) {
  const isHurried = (file) => pathOf(file).startsWith(IN_NAMESPACES) && !UNHURRIED.includes(pathOf(file));
  const files = testFiles(words);
  const rest = files.filter((file) => !isHurried(file));
  await Promise.all([
    runFiles(summary, files.filter(isHurried)),
    runRest(summary, rest),
    runRest(summary, rest),
  ]);
}

const HELP = `usage: npm test [-- FILE…]

Builds and runs all tests, or those in whose path is FILE. What cannot run on this machine is skipped and counted.
`;

async function testAll(words) {
  prepareLab();
  await beginTestRun();
  const summary = new TestSummary();
  await runAll(summary, words);
  for (const line of summary.lines()) console.log(line);
  const failed = summary.failed > 0 || summary.passed === 0;
  // Vitest answers an interruption by setting an exit code; that must not be lost.
  return failed ? 1 : (process.exitCode ?? 0);
}

await runScript({ help: HELP, takesWords: true, run: testAll });
