/**
 * `npm test`: sets everything up, runs the tests as compiled, and closes with `N passed, N failed, N skipped`
 * alone on its line. Arguments narrow the run to matching files: `npm test -- house netns`.
 */
import { labProblem } from './set-up/machine.mjs';
import { say } from './set-up/say.mjs';
import { runScript } from './set-up/script.mjs';
import { beginTestRun } from './set-up/test-run.mjs';
import { TestSummary } from './set-up/test-summary.mjs';
import { ROOT, setUpLab } from './setup.mjs';

const IN_NAMESPACES = 'dist/test/netns/**/*.test.js';

/** The lab's programs are wanted, not needed: what cannot run without them is skipped and says so. */
function prepareLab() {
  if (labProblem()) return;
  try {
    setUpLab(['ethtool']);
  } catch (error) {
    say(`${error.message} The tests that need them are skipped.`);
  }
}

/** Runs the files that `which` includes, and counts them in `summary`. */
async function runTests(summary, which) {
  const { startVitest } = await import('vitest/node');
  const vitest = await startVitest('test', process.argv.slice(2), {
    root: ROOT,
    run: true,
    watch: false,
    passWithNoTests: true,
    reporters: ['default', summary],
    ...which,
  });
  await vitest.close();
}

/**
 * Hosts in namespaces mostly wait, and keep time to milliseconds: one file of them runs at a time. The other tests fill
 * the time that they leave: in forks that yield the processor to them.
 */
async function runAll(summary) {
  const inNamespaces = runTests(summary, { include: [IN_NAMESPACES] });
  const others = runTests(summary, {
    exclude: [IN_NAMESPACES],
    setupFiles: [`${ROOT}/scripts/set-up/low-priority.mjs`],
  });
  await Promise.all([inNamespaces, others]);
}

const HELP = `usage: npm test [-- FILE…]

Builds and runs all tests, or those in whose path is FILE. What cannot run on this machine is skipped and counted.
`;

async function testAll() {
  prepareLab();
  await beginTestRun();
  const summary = new TestSummary();
  await runAll(summary);
  for (const line of summary.lines()) console.log(line);
  const failed = summary.failed > 0 || summary.passed === 0;
  // Vitest answers an interruption by setting an exit code; that must not be lost.
  return failed ? 1 : (process.exitCode ?? 0);
}

await runScript({ help: HELP, takesWords: true, run: testAll });
