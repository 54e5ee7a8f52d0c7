/**
 * Gives the memory of the arena back to the system when an interface has been quiet for a while, so that a daemon does not
 * keep the size that a rush gave it. Only regions that nothing refers to are given back; they are zero when used again.
 */
import { INTERFACE } from '../contract/stats.js';
import type { Region } from '../state/arena.js';
import type { DatapathIo } from '../state/io.js';

/** Frames and messages between two looks up to which an interface is quiet: heartbeats, a terminal, a ping. */
const QUIET_COUNT = 50;
const QUIET_US = 30_000_000;
/** Bytes given back at once: it takes some 0.3 ms, in which no frame moves. */
const STEP_BYTES = 4 << 20;

export class IdleMemory {
  private count = 0;
  private busyAt = 0;
  /** Where it goes on giving back; past the last region when that is done. */
  private region: number;
  private done = 0;

  constructor(
    private readonly regions: readonly Region[],
    private readonly counters: () => Float64Array,
    private readonly io: Pick<DatapathIo, 'discard'>,
  ) {
    this.region = regions.length;
  }

  /** Looks how much passes, and gives back a step at most. To be called between batches, ten times a second. Times in µs. */
  sweep(now: number): void {
    const counters = this.counters();
    const count = counters[INTERFACE.tapRxFrames] + counters[INTERFACE.rxMessages];
    const passed = count - this.count;
    this.count = count;
    if (passed > QUIET_COUNT) {
      this.busyAt = now;
      this.region = 0;
      this.done = 0;
    } else if (this.region < this.regions.length && now - this.busyAt >= QUIET_US) {
      this.step(this.regions[this.region]);
    }
  }

  private step(region: Region): void {
    const bytes = region.isInUse() ? 0 : Math.min(STEP_BYTES, region.bytes - this.done);
    if (bytes > 0) this.io.discard(region.base + this.done, bytes);
    this.done += bytes;
    if (bytes > 0 && this.done < region.bytes) return;
    this.region++;
    this.done = 0;
  }
}
