/**
 * Percentiles of round-trip times: a histogram a link, with buckets that grow with the value, after HdrHistogram.
 * Samples count in one of two halves of a window; when one is full the older half is forgotten. What is asked for is
 * thus always about the last 30 to 60 seconds, whatever the rate of samples. A link costs 536 bytes.
 */
import { Columns, float64, uint8, uint16 } from '../base/columns.js';

/** Half of the window. */
const HALF_US = 30_000_000;
/** Powers of two from 2^6 to 2^22 µs (64 µs to 4.2 s), each in eight buckets: a bucket is at most 1/8 of its value wide. */
const FIRST_POWER = 6;
const POWERS = 16;
const PARTS = 8;
const BUCKETS = POWERS * PARTS;
const MOST = 0xffff;

export class RttHistograms {
  /** Two halves of `BUCKETS` a row. */
  private counts = uint16(0, 2 * BUCKETS);
  /** The half that is being filled, 0 or 1, and since when. */
  private half = uint8();
  private since = float64();
  /** Smallest and largest value of each half: percentiles stay between them. */
  private low = float64(Number.POSITIVE_INFINITY, 2);
  private high = float64(0, 2);

  private readonly columns = new Columns(this);

  ensure(capacity: number): void {
    this.columns.ensure(capacity);
  }

  reset(row: number): void {
    this.columns.reset(row);
  }

  /** Adds a sample of `us`, taken at `now`. */
  add(row: number, us: number, now: number): void {
    const age = now - this.since[row];
    if (age >= HALF_US) {
      if (age >= 2 * HALF_US) this.forget(row, this.half[row]);
      this.half[row] ^= 1;
      this.forget(row, this.half[row]);
      this.since[row] = now;
    }
    const half = row * 2 + this.half[row];
    const at = half * BUCKETS + bucketOf(us);
    if (this.counts[at] < MOST) this.counts[at]++;
    if (us < this.low[half]) this.low[half] = us;
    if (us > this.high[half]) this.high[half] = us;
  }

  /** The value that `part` (0 to 1) of the samples do not exceed, in µs; 0 without samples. */
  percentile(row: number, part: number): number {
    const first = row * 2 * BUCKETS;
    let total = 0;
    for (let at = first; at < first + 2 * BUCKETS; at++) total += this.counts[at];
    if (total === 0) return 0;
    const rank = Math.max(1, Math.ceil(part * total));
    let below = 0;
    let bucket = 0;
    let here = this.counts[first] + this.counts[first + BUCKETS];
    while (below + here < rank) {
      below += here;
      bucket++;
      here = this.counts[first + bucket] + this.counts[first + BUCKETS + bucket];
    }
    const floor = floorOf(bucket);
    const value = floor + (floorOf(bucket + 1) - floor) * ((rank - below) / here);
    const low = Math.min(this.low[row * 2], this.low[row * 2 + 1]);
    const high = Math.max(this.high[row * 2], this.high[row * 2 + 1]);
    return Math.min(high, Math.max(low, value));
  }

  private forget(row: number, half: number): void {
    const index = row * 2 + half;
    this.counts.fill(0, index * BUCKETS, (index + 1) * BUCKETS);
    this.low[index] = Number.POSITIVE_INFINITY;
    this.high[index] = 0;
  }
}

function bucketOf(us: number): number {
  if (us < 1 << FIRST_POWER) return 0;
  const power = 31 - Math.clz32(us);
  if (power >= FIRST_POWER + POWERS) return BUCKETS - 1;
  const part = Math.floor((us / 2 ** power) * PARTS) - PARTS;
  return (power - FIRST_POWER) * PARTS + part;
}

/** Smallest value of a bucket. */
function floorOf(bucket: number): number {
  return 2 ** (FIRST_POWER + Math.floor(bucket / PARTS)) * (1 + (bucket % PARTS) / PARTS);
}
