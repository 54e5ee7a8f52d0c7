/**
 * How fast work comes in, and so how the worker waits. Sparse frames want an answer at once: polling after them
 * saves a wake-up. Messages about links promise no others: the heartbeats of thousands of clients would have it poll all the
 * time. In a rush of small frames polling would only make batches small; there, frames are left to
 * gather for some microseconds, so that one system call, one seal and one datagram carry many.
 */
import { INTERFACE } from '../contract/stats.js';

const WINDOW_US = 1000;
/** Frames from the TAP and messages from the sockets in one window from which it is a rush. */
const RUSH = 128;
/** A batch this large needs no gathering. */
const LARGE_BATCH = 24;
/** How long to poll after frames before sleeping, giving the processor away to whoever wants it. */
const POLL_US = 40;

export class Pace {
  private windowStart = 0;
  private windowCount = 0;
  private rush = false;
  private lastCount = 0;
  private frames = 0;
  private framesAt = Number.NEGATIVE_INFINITY;

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

  /** How long to poll before sleeping. */
  pollUs(counters: Float64Array, nowUs: number): number {
    const frames = framesOf(counters);
    if (frames !== this.frames) {
      this.frames = frames;
      this.framesAt = nowUs;
    }
    return Math.max(0, POLL_US - (nowUs - this.framesAt));
  }
}

/** Frames that have gone either way. */
function framesOf(counters: Float64Array): number {
  return (
    counters[INTERFACE.tapRxFrames] + counters[INTERFACE.tapTxFrames] + counters[INTERFACE.forwardedFrames]
  );
}

function total(counters: Float64Array): number {
  return counters[INTERFACE.tapRxFrames] + counters[INTERFACE.rxMessages];
}
