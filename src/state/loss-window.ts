/**
 * Loss over the last 48 to 64 heartbeats. Counts of datagrams are kept for each sixteen heartbeats and then forgotten
 * whole: an average that decays would show what a busy moment has lost for long after, while little is sent.
 */
import { Columns, float64, uint8 } from '../base/columns.js';

const BUCKETS = 4;
const BEATS_IN_BUCKET = 16;

export class LossWindows {
  /** `BUCKETS` a row. */
  private due = float64(0, BUCKETS);
  private arrived = float64(0, BUCKETS);
  /** Heartbeats taken, modulo the window. */
  private beats = uint8();

  private readonly columns = new Columns(this, 'links');

  ensure(capacity: number): void {
    this.columns.ensure(capacity);
  }

  reset(row: number): void {
    this.columns.reset(row);
  }

  /** Takes how many datagrams were sent between two heartbeats and how many came; returns the loss in permille. */
  add(row: number, due: number, arrived: number): number {
    const beat = this.beats[row];
    const bucket = row * BUCKETS + Math.floor(beat / BEATS_IN_BUCKET);
    if (beat % BEATS_IN_BUCKET === 0) {
      this.due[bucket] = 0;
      this.arrived[bucket] = 0;
    }
    this.due[bucket] += due;
    this.arrived[bucket] += arrived;
    this.beats[row] = (beat + 1) % (BUCKETS * BEATS_IN_BUCKET);
    return this.permille(row);
  }

  /** Datagrams sent in the window: how much its loss is worth. */
  sent(row: number): number {
    return sumOf(this.due, row);
  }

  permille(row: number): number {
    const due = sumOf(this.due, row);
    return due === 0 ? 0 : Math.max(0, Math.min(1, 1 - sumOf(this.arrived, row) / due)) * 1000;
  }
}

function sumOf(counts: Float64Array, row: number): number {
  let sum = 0;
  for (let at = row * BUCKETS; at < (row + 1) * BUCKETS; at++) sum += counts[at];
  return sum;
}
