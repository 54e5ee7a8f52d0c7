/**
 * How fast work comes in, and so how the worker waits. Sparse work wants an answer at once: polling after work
 * saves a wake-up. In a rush of small frames polling would only make batches small; there, frames are left to
 * gather for some microseconds, so that one system call, one seal and one datagram carry many.
 */
import { INTERFACE } from '../contract/stats.js';

const WINDOW_US = 1000;
/** Frames from the TAP and messages from the sockets in one window from which it is a rush. */
const RUSH = 128;
/** A batch this large needs no gathering. */
const LARGE_BATCH = 24;

export class Pace {
  private windowStart = 0;
  private windowCount = 0;
  private rush = false;
  private lastCount = 0;

  /** Whether the last whole window was a rush. */
  isRush(counters: Float64Array, nowUs: number): boolean {
    if (nowUs - this.windowStart >= WINDOW_US) {
      const count = total(counters);
      const windows = (nowUs - this.windowStart) / WINDOW_US;
      this.rush = (count - this.windowCount) / windows > RUSH;
      this.windowStart = nowUs;
      this.windowCount = count;
    }
    return this.rush;
  }

  /** Whether few frames have come since the last call. */
  lastBatchWasSmall(counters: Float64Array): boolean {
    const count = total(counters);
    const batch = count - this.lastCount;
    this.lastCount = count;
    return batch < LARGE_BATCH;
  }
}

function total(counters: Float64Array): number {
  return counters[INTERFACE.tapRxFrames] + counters[INTERFACE.rxMessages];
}
