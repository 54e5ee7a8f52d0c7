/**
 * What a tunnel carries between two hosts, and the processor time that its daemons spend on it. On a busy machine that time
 * varies far less than the rates, because the time of other programs is not counted.
 */
import type { LabProcess } from '../scripts/lab/process.js';
import { pause } from '../scripts/lab/run.js';
import { type Figure, type Figures, isCommon } from './figures.js';
import { type Bed, inRuns, measure } from './measure.js';
import { peakMiB, residentMiB, spentMs } from './process.js';
import { costOfDatagrams } from './steady.js';

/** Sends traffic once through a VPN that `programs` make, and returns the figures of it. */
export type Run = (bed: Bed, programs: LabProcess[]) => Promise<Figures>;

/** By then what can be given back after a rush has been. */
const REST_MS = 45_000;

/** The runs that the wanted figures need. */
export function runsFor(wanted: ReadonlySet<Figure>): Run[] {
  const runs: Run[] = [];
  if (wanted.has('cputcp')) runs.push(tcpCost);
  const common = new Set([...wanted].filter(isCommon));
  if (wanted.has('cputcp')) for (const figure of ['tcp1', 'cpu'] as const) common.delete(figure);
  for (const together of inRuns(common)) runs.push((bed) => measure(bed, together));
  for (const [figure, bytes] of [
    ['cpu64', 64],
    ['cpu1400', 1400],
  ] as const) {
    if (!wanted.has(figure)) continue;
    runs.push(async (bed, programs) => ({
      [figure]: await costOfDatagrams(bed, bytes, () => spentMs(programs)),
    }));
  }
  if (wanted.has('rsspeak') || wanted.has('rssafter')) runs.push(memoryOfRush);
  return runs;
}

/** One TCP stream: its rate, and the daemons' milliseconds for a gigabit of it. */
async function tcpCost(bed: Bed, programs: LabProcess[]): Promise<Figures> {
  const before = spentMs(programs);
  const { tcp1 = 0, ...more } = await measure(bed, new Set(['tcp1']));
  return { ...more, tcp1, cputcp: (spentMs(programs) - before) / (tcp1 * bed.seconds) };
}

/** The larger daemon's memory: the most until the end of a TCP stream, and what is left when that is long over. */
async function memoryOfRush(bed: Bed, programs: LabProcess[]): Promise<Figures> {
  const most = (memory: (pid: number) => number) => Math.max(...programs.map(({ pid }) => memory(pid)));
  await measure(bed, new Set(['tcp1']));
  const rsspeak = most(peakMiB);
  await pause(REST_MS);
  return { rsspeak, rssafter: most(residentMiB) };
}
