/**
 * `npm test`: sets everything up, runs the tests as compiled, and closes with `N passed, N failed, N skipped`
 * alone on its line. Arguments narrow the run to matching files: `npm test -- house netns`.
 */
import { labProblem } from './set-up/machine.mjs';
import { say } from './set-up/say.mjs';
import { TestSummary } from './set-up/test-summary.mjs';
import { ROOT, runWithSetUp, setUpBuild, setUpLab } from './setup.mjs';

/** The lab's programs are wanted, not needed: what cannot run without them is skipped and says so. */
function prepareLab() {
  if (labProblem()) return;
  try {
    setUpLab();
  } catch (error) {
    say(`${error.message} The tests that need them are skipped.`);
  }
}

await runWithSetUp(async () => {
  prepareLab();
  setUpBuild();
  const { startVitest } = await import('vitest/node');
  const summary = new TestSummary();
  const vitest = await startVitest('test', process.argv.slice(2), {
    root: ROOT,
    run: true,
    watch: false,
    reporters: ['default', summary],
  });
  await vitest.close();
  for (const line of summary.lines()) console.log(line);
  const failed = summary.failed > 0 || summary.passed === 0;
  // Vitest answers an interruption by setting an exit code; that must not be lost.
  return failed ? 1 : (process.exitCode ?? 0);
});
