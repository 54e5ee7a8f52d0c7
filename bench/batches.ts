/** How batches of the datapath are timed: ahead of other programs, with pauses between them, as a busy worker has them. */
import { loadNative } from '../src/native/binding.js';

/** Batches of one round, and how long the worker does something else between two. */
export const BATCHES = 300;
const PAUSE_US = 100;
const REALTIME_PRIORITY = 10;

/** Measures with helpers, ahead of other programs: `scheduling realtime`. */
export function urgently<T>(workers: number, work: () => T): T {
  const native = loadNative();
  native.setScheduling('round-robin', REALTIME_PRIORITY);
  native.setHelpers(workers - 1);
  try {
    return work();
  } finally {
    native.setHelpers(0);
    native.setScheduling('other', 0);
  }
}

export function pause(): void {
  const native = loadNative();
  const until = native.now() + PAUSE_US;
  while (native.now() < until);
}
