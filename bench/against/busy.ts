/**
 * What a tunnel carries between two hosts, and the processor time that its daemons spend on it. On a busy machine that time
 * varies far less than the rates, because the time of other programs is not counted.
 */
import { pause } from '../../scripts/lab/run.js';
import { type Figure, type Figures, isCommon } from '../figures.js';
import { type Bed, inRuns, measure } from '../measure.js';
import { paced } from '../paced.js';
import { processorMs, residentMiB } from './process.js';
import type { Daemon } from './tunnel.js';

/** Sends traffic once and returns the figures of it. */
export type Run = (bed: Bed, daemons: Daemon[]) => Promise<Figures>;

/** Datagrams a second: so few that a busy machine carries them all. */
const STREAM_RATE = 20_000;
/** When a larger share of the datagrams is lost, the figure means nothing. */
const MOST_LOST = 0.1;
/** By then what can be given back after a rush has been. */
const REST_MS = 45_000;

/** The runs that the wanted figures need. */
export function runsFor(wanted: ReadonlySet<Figure>): Run[] {
  const runs: Run[] = [];
  if (wanted.has('cputcp')) runs.push(tcpCost);
  const common = new Set([...wanted].filter(isCommon));
  if (wanted.has('cputcp')) common.delete('tcp1');
  for (const together of inRuns(common)) runs.push((bed) => measure(bed, together));
  if (wanted.has('cpu64'))
    runs.push(async (bed, daemons) => ({ cpu64: await datagramCost(bed, daemons, 64) }));
  if (wanted.has('cpu1400')) {
    runs.push(async (bed, daemons) => ({ cpu1400: await datagramCost(bed, daemons, 1400) }));
  }
  if (wanted.has('rsspeak') || wanted.has('rssafter')) runs.push(memoryOfRush);
  return runs;
}

/** One TCP stream: its rate, and the daemons' milliseconds for a gigabit of it. */
async function tcpCost(bed: Bed, daemons: Daemon[]): Promise<Figures> {
  const before = spentMs(daemons);
  const { tcp1 = 0 } = await measure(bed, new Set(['tcp1']));
  return { tcp1, cputcp: (spentMs(daemons) - before) / (tcp1 * bed.seconds) };
}

/** The larger daemon's memory at the end of a TCP stream, and when that is long over. */
async function memoryOfRush(bed: Bed, daemons: Daemon[]): Promise<Figures> {
  const most = () => Math.max(...daemons.map(({ process }) => residentMiB(process.pid)));
  await measure(bed, new Set(['tcp1']));
  const rsspeak = most();
  await pause(REST_MS);
  return { rsspeak, rssafter: most() };
}

/**
 * The daemons' microseconds for a datagram of `bytes` at a steady rate.
 * @throws Error when too many are lost.
 */
async function datagramCost(
  { lab, target, seconds }: Bed,
  daemons: Daemon[],
  bytes: number,
): Promise<number> {
  const before = spentMs(daemons);
  const { lost, count } = await paced(lab, target, { bytes, rate: STREAM_RATE, seconds });
  const spent = spentMs(daemons) - before;
  if (lost > MOST_LOST) throw new Error(`${(100 * lost).toFixed(1)} % of ${bytes}-byte datagrams were lost`);
  return (1000 * spent) / count;
}

function spentMs(daemons: Daemon[]): number {
  return daemons.reduce((sum, { process }) => sum + processorMs(process.pid), 0);
}
