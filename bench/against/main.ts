/** `npm run bench -- --against REV`: this build beside another revision's, in rounds that alternate. */
import { writeFileSync } from 'node:fs';
import { machine, machineLine } from '../../scripts/drill/machine.js';
import { Lab } from '../../scripts/lab/lab.js';
import { type Bed, FIGURES, type Figure, type Figures, isCommon, measure } from '../measure.js';
import { INNER_TARGET } from '../peers/peer.js';
import { summary } from '../report.js';
import { datagramCost, tcpCost } from './cost.js';
import { startDaemons, waitUp } from './daemons.js';
import { IDLE_FIGURES, measureIdle } from './idle.js';
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

/** The figures of one build, in labs made for it alone. */
async function measureBuild(build: Build, { figures, seconds }: AgainstOptions): Promise<Figures> {
  const idle = IDLE_FIGURES.filter((figure) => figures.has(figure));
  const all: Figures = {};
  if (figures.size > idle.length) Object.assign(all, await measureBusy(build, figures, seconds));
  if (idle.length > 0) Object.assign(all, await measureIdle(build, seconds));
  return Object.fromEntries(Object.entries(all).filter(([figure]) => figures.has(figure as Figure)));
}

/** What of `wanted` is measured under traffic. */
async function measureBusy(build: Build, wanted: Set<Figure>, seconds: number): Promise<Figures> {
  const lab = await Lab.build({ hosts: 2, underlays: [{ family: 4, direct: true }] });
  try {
    const daemons = await startDaemons(lab, build);
    await waitUp(lab, build, daemons);
    const bed: Bed = { lab, target: INNER_TARGET, seconds };
    const figures: Figures = wanted.has('cputcp') ? await tcpCost(bed, daemons) : {};
    const common = [...wanted].filter((figure) => isCommon(figure) && figures[figure] === undefined);
    Object.assign(figures, await measure(bed, new Set(common)));
    if (wanted.has('cpu64')) figures.cpu64 = await datagramCost(bed, daemons, 64);
    if (wanted.has('cpu1400')) figures.cpu1400 = await datagramCost(bed, daemons, 1400);
    return figures;
  } finally {
    await lab.remove();
  }
}
