/** The lossless rate of datagrams of one size, and how what is measured behaves at twice and at half of it. */
import type { Figure, Figures } from './figures.js';
import { losslessRate } from './lossless.js';
import type { Bed } from './measure.js';
import { type Offer, paced, type Trial } from './paced.js';

/** The figures of one size of datagrams. */
interface PacedRow {
  bytes: number;
  lossless: Figure;
  overload?: Figure;
  /** Median, 99 % and 99.9 %. */
  latency?: readonly [Figure, Figure, Figure];
}

export const PACED_ROWS: readonly PacedRow[] = [
  { bytes: 64, lossless: 'lossless64', overload: 'overload64' },
  { bytes: 512, lossless: 'lossless512' },
  { bytes: 1400, lossless: 'lossless1400', overload: 'overload1400', latency: ['p50', 'p99', 'p999'] },
];

/** What is offered first, to learn where to search, and the share of what comes of it where the search begins. */
const FIRST_RATE = 200_000;
const FIRST_SHARE = 0.8;
/** Trials of a search are this much shorter than other runs. */
const TRIALS_A_RUN = 4;
/** A sender that offers less than this of twice the lossless rate makes no overload. */
const LEAST_OVERLOAD = 1.9;

/**
 * Searches the lossless rate of a row, since the other figures rest on it, and takes those that are wanted. Where no rate is
 * lossless, there are none.
 */
export async function takePaced(bed: Bed, row: PacedRow, wanted: ReadonlySet<Figure>): Promise<Figures> {
  const { bytes } = row;
  const offer = (rate: number, seconds: number): Promise<Trial> =>
    paced(bed.lab, bed.target, { bytes, rate, seconds } satisfies Offer);
  const trialSeconds = Math.ceil(bed.seconds / TRIALS_A_RUN);
  const first = await offer(FIRST_RATE, trialSeconds);
  const start = Math.max(1, first.received * FIRST_SHARE);
  const lossless = await losslessRate((rate) => offer(rate, trialSeconds), start);
  if (lossless === undefined) return {};

  const figures: Figures = { [row.lossless]: lossless / 1000 };
  if (row.overload !== undefined && wanted.has(row.overload)) {
    const twice = await offer(2 * lossless, bed.seconds);
    if (twice.offered >= LEAST_OVERLOAD * lossless) figures[row.overload] = twice.received / lossless;
  }
  if (row.latency?.some((figure) => wanted.has(figure))) {
    const { latencyUs } = await offer(lossless / 2, bed.seconds);
    const [median, percent99, percent999] = row.latency;
    if (latencyUs !== null) {
      figures[median] = latencyUs.p50;
      figures[percent99] = latencyUs.p99;
      figures[percent999] = latencyUs.p999;
    }
  }
  return figures;
}
