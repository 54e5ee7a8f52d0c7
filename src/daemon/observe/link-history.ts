import { SERIES, type SeriesName } from '../../api/history.js';
/**
 * The past of a link: a row of measurements for each of the last 600 seconds and each of the last 1440 minutes. A minute
 * holds the mean and the largest value of its seconds. Memory is allocated once, `HISTORY_BYTES` per link.
 */

export const FINE_STEPS = 600;
export const COARSE_STEPS = 1440;
export const COARSE_SECONDS = 60;

const WIDTH = SERIES.length;
const FLOAT_BYTES = 4;

/** What the history of one link takes. */
export const HISTORY_BYTES = (FINE_STEPS + 2 * COARSE_STEPS) * WIDTH * FLOAT_BYTES;

/** Rows for the latest steps of a clock. Skipped steps read as NaN. */
class Ring {
  private readonly values: Float32Array;
  private newest = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly steps: number,
    private readonly width: number,
  ) {
    this.values = new Float32Array(steps * width).fill(Number.NaN);
  }

  /** Room for the row of `step`, which is no earlier than the one before. */
  row(step: number): Float32Array {
    const skipped = Math.min(this.steps, step - this.newest - 1);
    for (let back = 1; back <= skipped; back++) this.at(step - back).fill(Number.NaN);
    this.newest = step;
    return this.at(step);
  }

  /** One column of the `count` steps up to and including `last`, oldest first. */
  column(column: number, last: number, count: number): number[] {
    const found: number[] = [];
    for (let step = last - count + 1; step <= last; step++) {
      const isKept = step <= this.newest && step > this.newest - this.steps;
      found.push(isKept ? this.at(step)[column] : Number.NaN);
    }
    return found;
  }

  private at(step: number): Float32Array {
    const slot = ((step % this.steps) + this.steps) % this.steps;
    return this.values.subarray(slot * this.width, (slot + 1) * this.width);
  }
}

/** The measurements of one second: a value for each of `SERIES`, and how much it weighs in the mean of its minute. */
export interface Sample {
  values: Float64Array;
  weights: Float64Array;
}

export function emptySample(): Sample {
  return { values: new Float64Array(WIDTH), weights: new Float64Array(WIDTH) };
}

export class LinkHistory {
  private readonly fine = new Ring(FINE_STEPS, WIDTH);
  /** Means, then largest values. */
  private readonly coarse = new Ring(COARSE_STEPS, 2 * WIDTH);
  /** The minute that is being gathered. */
  private minute = Number.NEGATIVE_INFINITY;
  private readonly sums = new Float64Array(WIDTH);
  private readonly weights = new Float64Array(WIDTH);
  private readonly largest = new Float64Array(WIDTH);

  /** Adds what was measured in `second`, counted from any origin. Seconds must not go back. */
  add(second: number, sample: Sample): void {
    this.fine.row(second).set(sample.values);
    const minute = Math.floor(second / COARSE_SECONDS);
    if (minute !== this.minute) this.begin(minute);
    for (let index = 0; index < WIDTH; index++) {
      const value = sample.values[index];
      const weight = sample.weights[index];
      if (Number.isNaN(value) || weight === 0) continue;
      this.sums[index] += value * weight;
      this.weights[index] += weight;
      if (!(value <= this.largest[index])) this.largest[index] = value;
    }
  }

  /** The `count` seconds up to and including `last`, oldest first. */
  seconds(name: SeriesName, last: number, count: number): number[] {
    return this.fine.column(SERIES.indexOf(name), last, count);
  }

  /** The `count` full minutes up to and including `last`, oldest first. */
  minutes(name: SeriesName, of: 'mean' | 'largest', last: number, count: number): number[] {
    this.finish(last);
    const index = SERIES.indexOf(name);
    return this.coarse.column(of === 'mean' ? index : WIDTH + index, last, count);
  }

  private begin(minute: number): void {
    this.finish(minute - 1);
    this.minute = minute;
    this.sums.fill(0);
    this.weights.fill(0);
    this.largest.fill(Number.NaN);
  }

  /** Moves the gathered minute into the ring if it is over by the end of `last`. */
  private finish(last: number): void {
    if (this.minute > last || this.minute === Number.NEGATIVE_INFINITY) return;
    const row = this.coarse.row(this.minute);
    for (let index = 0; index < WIDTH; index++) {
      row[index] = this.sums[index] / this.weights[index];
      row[WIDTH + index] = this.largest[index];
    }
    this.minute = Number.NEGATIVE_INFINITY;
  }
}
