/** `npm run bench -- --against REV`: this build beside another revision's. */
import { writeFileSync } from 'node:fs';
import { machine, machineLine } from '../../scripts/drill/machine.js';
import { FIGURES, type Figure } from '../figures.js';
import { summary } from '../report.js';
import { compareRounds, type Round, ratioTable } from './ratios.js';
import { buildHere, buildRevision } from './revision.js';
import { type Contest, measureRound } from './rounds.js';

export interface AgainstOptions {
  /** Anything that git takes for a commit. */
  revision: string;
  rounds: number;
  /** Length of one run. */
  seconds: number;
  figures: Set<Figure>;
  /** Between each two hosts. */
  links: number;
  /** File for every round's figures. */
  json: string | undefined;
}

/** Compares the builds and prints the table; returns the exit status: 1 when something failed. */
export async function against(options: AgainstOptions, say: (text: string) => void): Promise<number> {
  try {
    return await compare(options, say);
  } catch (error) {
    say((error as Error).message);
    return 1;
  }
}

async function compare(options: AgainstOptions, say: (text: string) => void): Promise<number> {
  const where = machine();
  const older = await buildRevision(options.revision, say);
  const newer = await buildHere();
  const { figures, seconds, links } = options;
  let failures = 0;
  const failed = (why: string) => {
    failures++;
    say(why);
  };
  const contest: Contest = { builds: [older, newer], figures, seconds, links, failed };
  const rounds: Round[] = [];
  for (let round = 1; round <= options.rounds; round++) {
    const result = await measureRound(contest, round);
    rounds.push(result);
    say(`round ${round}/${options.rounds}  ${older.title}: ${summary(result.old)}`);
    say(`round ${round}/${options.rounds}  ${newer.title}: ${summary(result.new)}`);
  }
  const comparisons = compareRounds(rounds, [...figures]);
  console.log(
    `\n${machineLine(where)}; ${options.rounds} rounds of ${seconds} s${links > 1 ? `, ${links} links` : ''}\n`,
  );
  console.log(ratioTable(comparisons, { old: older.title, new: newer.title }));
  if (options.json) {
    const run = { rounds: options.rounds, seconds };
    const report = { machine: where, run, old: older, new: newer, units: FIGURES, comparisons };
    writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
  }
  return failures === 0 ? 0 : 1;
}
