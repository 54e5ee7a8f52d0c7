/** What the scripts that `npm run` names have in common: options first, then what they need, then their work. */
import { join } from 'node:path';
import { ROOT, runWithSetUp, setUpBuild, setUpLab } from '../setup.mjs';
import { labProblem } from './machine.mjs';
import { CANNOT_RUN, SetUpError, USAGE_ERROR } from './say.mjs';

/** The names of the options of which a usage text speaks. */
export function optionsOf(help) {
  return new Set(['help', ...[...help.matchAll(/--([a-z][a-z0-9-]*)/g)].map(([, name]) => name)]);
}

/**
 * Why a command line cannot be meant, or null. Values of options are not looked at: that is up to the script.
 * @param takesWords Whether it takes words beside its options.
 */
export function refusal(help, args, takesWords = false) {
  const known = optionsOf(help);
  const option = args.find((arg) => arg.startsWith('--') && !known.has(arg.slice(2).split('=', 1)[0]));
  if (option !== undefined) return `there is no option '${option}'; --help names those there are`;
  const word = known.size === 1 && !takesWords ? args.find((arg) => arg !== '--help') : undefined;
  return word === undefined ? null : `'${word}' is not understood; see --help`;
}

/**
 * Runs a script and sets its exit code.
 * @param module Path of its compiled module, from the root: `main(args)`, which returns the exit code, and `HELP`.
 * @param lab Programs that it needs beside those of every lab; absent: it needs no lab.
 * @param takesWords Whether it takes words beside its options.
 * @param help Its usage, instead of the module's.
 * @param run What is done, instead of the module's `main`.
 */
export async function runScript({ module, lab, takesWords, help, run }) {
  const args = process.argv.slice(2);
  await runWithSetUp(async () => {
    const asksHelp = args.includes('--help');
    const problem = lab && !asksHelp ? labProblem() : null;
    if (problem) throw new SetUpError(problem, CANNOT_RUN);
    await setUpBuild();
    const script = module === undefined ? {} : await import(join(ROOT, module));
    const usage = help ?? script.HELP;
    if (asksHelp) {
      process.stdout.write(`${usage.trimEnd()}\n`);
      return 0;
    }
    const wrong = refusal(usage, args, takesWords);
    if (wrong) throw new SetUpError(wrong, USAGE_ERROR);
    if (lab) setUpLab(lab);
    return await (run ?? script.main)(args);
  });
}
