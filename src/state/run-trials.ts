/** What is known of runs and single datagrams on the path of each link (`../link/life/run-trial.ts`). */
import { Columns, float64, uint8 } from '../base/columns.js';

/** Where the comparison stands. */
export const TRIAL = {
  /** Runs are sent; their loss is looked at. */
  WATCH: 0,
  /** A window of the comparison in which everything is sent by itself. */
  SINGLES: 1,
  /** A window of the comparison in which runs are sent again. */
  RUNS: 2,
  /** The path loses runs: none is sent until `nextAt`. */
  OFF: 3,
} as const;

export class RunTrials {
  phase = uint8(TRIAL.WATCH);
  /** 1 until the peer speaks of what was sent since the phase began; the datagrams sent by then, modulo 2^32. */
  settling = uint8(1);
  switchedAt = float64();
  /** What the peer said when the window began: datagrams sent and arrived, modulo 2^32. */
  fromSent = float64();
  fromArrived = float64();
  /** Heartbeats heard in the window, as far as it matters. */
  beats = uint8();
  /** Share of datagrams lost in the last window with runs, and in the last one without. */
  runLoss = float64();
  singleLoss = float64();
  /** Pairs of windows in which runs were lost and single datagrams were not. */
  pairs = uint8();
  /** When the last comparison ended, how long to rest after it, and until when; µs. */
  endedAt = float64(Number.NEGATIVE_INFINITY);
  restUs = float64();
  nextAt = float64();
  /** 1 while runs are tried again after they had been switched off. */
  triedAgain = uint8();
  private readonly columns = new Columns(this, 'links');

  ensure(capacity: number): void {
    this.columns.ensure(capacity);
  }

  reset(row: number): void {
    this.columns.reset(row);
  }
}
