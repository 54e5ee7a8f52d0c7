/** Datagrams at a steady rate, so low that a busy machine carries them all: for what each of them costs. */
import type { Bed } from './measure.js';
import { paced } from './paced.js';

/** Datagrams a second. */
const RATE = 20_000;
/** When a larger share is lost, what they cost means nothing. */
const MOST_LOST = 0.1;

/**
 * Microseconds that `spent` grew by for each datagram of `bytes`.
 * @param spent Milliseconds of processor time so far.
 * @throws Error when too many are lost.
 */
export async function costOfDatagrams(bed: Bed, bytes: number, spent: () => number): Promise<number> {
  const before = spent();
  const { lost, count } = await paced(bed.lab, bed.target, { bytes, rate: RATE, seconds: bed.seconds });
  const spentMs = spent() - before;
  if (lost > MOST_LOST) throw new Error(`${(100 * lost).toFixed(1)} % of ${bytes}-byte datagrams were lost`);
  return (1000 * spentMs) / count;
}
