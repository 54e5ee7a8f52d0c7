/** An end to what takes too long, which does not count the time in which this program was held up itself. */

/** The time is counted in so many parts: one that was over late counts once, however late that was. */
const PARTS = 8;

export interface Patience {
  /** Aborts when the time is over. */
  readonly signal: AbortSignal;
  /** What was waited for has come, or was given up. */
  end(): void;
}

/** So many milliseconds from now on. On a busy machine an answer may lie there, and nobody has looked. */
export function patience(ms: number): Patience {
  const over = new AbortController();
  let left = PARTS;
  const timer = setInterval(() => {
    left--;
    if (left > 0) return;
    clearInterval(timer);
    over.abort();
  }, ms / PARTS);
  timer.unref();
  return { signal: over.signal, end: () => clearInterval(timer) };
}
