/**
 * Percentiles of round-trip times: a histogram a link, with buckets that grow with the value, after HdrHistogram.
 * Samples count in one of two halves of a window; when one is full the older half is forgotten. What is asked for is
 * thus always about the last 30 to 60 seconds, whatever the rate of samples. A link with few samples keeps them as they are,
 * in 48 bytes; one with more gets a histogram of 512.
 */
import { Columns, float32, float64, int32, uint8, uint16 } from '../base/columns.js';

/** Half of the window. */
const HALF_US = 30_000_000;
/** Powers of two from 2^6 to 2^22 µs (64 µs to 4.2 s), each in eight buckets: a bucket is at most 1/8 of its value wide. */
const FIRST_POWER = 6;
const POWERS = 16;
const PARTS = 8;
const BUCKETS = POWERS * PARTS;
const MOST = 0xffff;
/** Samples of a half that are kept as they are: those of heartbeats every five seconds. */
const FEW = 6;
const NONE = -1;

/** The histograms of links that have one: two halves of `BUCKETS` a row. */
class Histograms {
  counts = uint16(0, 2 * BUCKETS);
  private readonly columns = new Columns(this, 'histograms');
  private readonly free: number[] = [];
  private made = 0;

  take(): number {
    const row = this.free.pop() ?? this.made++;
    this.columns.ensure(row + 1);
    this.columns.reset(row);
    return row;
  }

  giveBack(row: number): void {
    this.free.push(row);
  }

  add(half: number, us: number): void {
    const at = half * BUCKETS + bucketOf(us);
    if (this.counts[at] < MOST) this.counts[at]++;
  }

  forget(half: number): void {
    this.counts.fill(0, half * BUCKETS, (half + 1) * BUCKETS);
  }
}

export class RttHistograms {
  /** Row of its histogram, or `NONE`. */
  private histogram = int32(NONE);
  /** The samples of each half, and how many there are, as long as there is no histogram. */
  private few = float32(0, 2 * FEW);
  private count = uint8(0, 2);
  /** The half that is being filled, 0 or 1, and since when. */
  private half = uint8();
  private since = float64();
  /** Smallest and largest value of each half: percentiles stay between them. */
  private low = float64(Number.POSITIVE_INFINITY, 2);
  private high = float64(0, 2);
  private readonly columns = new Columns(this, 'links');
  private readonly histograms = new Histograms();
  private readonly sorted = new Float64Array(2 * FEW);

  ensure(capacity: number): void {
    this.columns.ensure(capacity);
  }

  reset(row: number): void {
    if (this.histogram[row] !== NONE) this.histograms.giveBack(this.histogram[row]);
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
    if (us < this.low[half]) this.low[half] = us;
    if (us > this.high[half]) this.high[half] = us;
    if (this.histogram[row] === NONE && this.count[half] === FEW) this.pour(row);
    if (this.histogram[row] === NONE) this.few[half * FEW + this.count[half]++] = us;
    else this.histograms.add(this.histogram[row] * 2 + this.half[row], us);
  }

  /** Gives a link a histogram of the samples that it has. */
  private pour(row: number): void {
    const histogram = this.histograms.take();
    this.histogram[row] = histogram;
    for (const half of HALVES) {
      const first = (row * 2 + half) * FEW;
      for (let at = first; at < first + this.count[row * 2 + half]; at++) {
        this.histograms.add(histogram * 2 + half, this.few[at]);
      }
    }
  }

  /** The value that `part` (0 to 1) of the samples do not exceed, in µs; 0 without samples. */
  percentile(row: number, part: number): number {
    const value = this.histogram[row] === NONE ? this.ofFew(row, part) : this.ofHistogram(row, part);
    if (value < 0) return 0;
    const low = Math.min(this.low[row * 2], this.low[row * 2 + 1]);
    const high = Math.max(this.high[row * 2], this.high[row * 2 + 1]);
    return Math.min(high, Math.max(low, value));
  }

  private ofFew(row: number, part: number): number {
    let total = 0;
    for (const half of HALVES) {
      const first = (row * 2 + half) * FEW;
      for (let at = first; at < first + this.count[row * 2 + half]; at++) this.sortIn(this.few[at], total++);
    }
    return total === 0 ? NONE : this.sorted[Math.max(1, Math.ceil(part * total)) - 1];
  }

  /** Puts a value among so many sorted ones. Every heartbeat may ask: to sort a part of an array would make a view of it. */
  private sortIn(value: number, total: number): void {
    let at = total;
    for (; at > 0 && this.sorted[at - 1] > value; at--) this.sorted[at] = this.sorted[at - 1];
    this.sorted[at] = value;
  }

  private ofHistogram(row: number, part: number): number {
    const { counts } = this.histograms;
    const first = this.histogram[row] * 2 * BUCKETS;
    let total = 0;
    for (let at = first; at < first + 2 * BUCKETS; at++) total += counts[at];
    if (total === 0) return NONE;
    const rank = Math.max(1, Math.ceil(part * total));
    let below = 0;
    let bucket = 0;
    let here = counts[first] + counts[first + BUCKETS];
    while (below + here < rank) {
      below += here;
      bucket++;
      here = counts[first + bucket] + counts[first + BUCKETS + bucket];
    }
    const floor = floorOf(bucket);
    return floor + (floorOf(bucket + 1) - floor) * ((rank - below) / here);
  }

  private forget(row: number, half: number): void {
    const index = row * 2 + half;
    if (this.histogram[row] !== NONE) this.histograms.forget(this.histogram[row] * 2 + half);
    this.count[index] = 0;
    this.low[index] = Number.POSITIVE_INFINITY;
    this.high[index] = 0;
  }
}

const HALVES = [0, 1] as const;

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
