/** Time as the life of a configuration needs it; tests hand in one that they turn by hand. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Milliseconds of a clock that no correction of the time moves; only differences mean something. */
  elapsed(): number;
  /** Calls `work` once, in so many milliseconds, unless the returned function is called before. */
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
