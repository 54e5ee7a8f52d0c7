/** `npm run bench -- --against REV`: this build beside another revision's, in rounds that alternate. */
import { writeFileSync } from 'node:fs';
import { machine, machineLine } from '../../scripts/drill/machine.js';
import { Lab } from '../../scripts/lab/lab.js';
import { FIGURES, type Figure, type Figures, IDLE_FIGURES, measure } from '../measure.js';
import { INNER_TARGET } from '../peers/peer.js';
import { summary } from '../report.js';
import { startDaemons, waitUp } from './daemons.js';
import { measureIdle } from './idle.js';
import { compareRounds, type Round, ratioTable } from './ratios.js';
import { type Build, buildHere, buildRevision } from './revision.js';

export interface AgainstOptions {
  /** Anything that git takes for a commit. */
  revision: string;
  rounds: number;
  /** Length of one run. */
  seconds: number;
  figures: Set<Figure>;
  /** File for every round's figures. */
  json: string | undefined;
}

/** Compares the builds and prints the table; returns the exit status: 1 when a run failed. */
export async function against(options: AgainstOptions, say: (text: string) => void): Promise<number> {
  const where = machine();
  const older = await buildRevision(options.revision, say);
  const newer = await buildHere();
  let failures = 0;
  const take = async (build: Build, round: number): Promise<Figures> => {
    const what = `round ${round}/${options.rounds}  ${build.title}`;
    try {
      const figures = await measureBuild(build, options);
      say(`${what}: ${summary(figures)}`);
      return figures;
    } catch (error) {
      failures++;
      say(`${what} failed: ${(error as Error).message}`);
      return {};
    }
  };
  const rounds: Round[] = [];
  for (let round = 1; round <= options.rounds; round++) {
    // Who goes first changes, so that a machine that grows slower favours neither.
    const first = round % 2 === 1 ? await take(older, round) : undefined;
    const figures = await take(newer, round);
    rounds.push({ old: first ?? (await take(older, round)), new: figures });
  }
  const comparisons = compareRounds(rounds, [...options.figures]);
  console.log(`\n${machineLine(where)}; ${options.rounds} rounds of ${options.seconds} s\n`);
  console.log(ratioTable(comparisons, { old: older.title, new: newer.title }));
  if (options.json) {
    const run = { rounds: options.rounds, seconds: options.seconds };
    const report = { machine: where, run, old: older, new: newer, units: FIGURES, comparisons };
    writeFileSync(options.json, `${JSON.stringify(report, null, 2)}\n`);
  }
  return failures === 0 ? 0 : 1;
}

/** The figures of one build, each lab made for it alone. */
async function measureBuild(build: Build, { figures, seconds }: AgainstOptions): Promise<Figures> {
  const idle = new Set<Figure>(IDLE_FIGURES.filter((figure) => figures.has(figure)));
  const busy = [...figures].filter((figure) => !idle.has(figure));
  const all: Figures = {};
  if (busy.length > 0) Object.assign(all, await measureBusy(build, new Set(busy), seconds));
  if (idle.size > 0) Object.assign(all, await measureIdle(build, seconds));
  return Object.fromEntries(Object.entries(all).filter(([figure]) => figures.has(figure as Figure)));
}

async function measureBusy(build: Build, figures: Set<Figure>, seconds: number): Promise<Figures> {
  const lab = await Lab.build({ hosts: 2, underlays: [{ family: 4, direct: true }] });
  try {
    const daemons = await startDaemons(lab, build);
    await waitUp(lab, build, daemons);
    return await measure({ lab, target: INNER_TARGET, seconds }, figures);
  } finally {
    await lab.remove();
  }
}
