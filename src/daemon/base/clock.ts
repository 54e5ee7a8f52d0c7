/** Time for timers that tests turn by hand. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Milliseconds of a clock that never steps when the time of day is corrected; only differences mean something. */
  elapsed(): number;
  /** Calls `work` once after `ms` milliseconds, unless the returned function is called first. */
  after(ms: number, work: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  after(ms, work) {
    const timer = setTimeout(work, ms);
    return () => clearTimeout(timer);
  },
};
