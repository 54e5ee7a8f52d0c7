/** The timers of a link in the timing wheel. */

/**
 * What falls due: the next heartbeat, the end of the hold time, the next step of the search for its MTU, and the moment
 * from which on a link whose port is said to be closed misses a heartbeat.
 */
export const TIMER = { BEAT: 0, HOLD: 1, MTU: 2, REFUSED: 3 } as const;
export const TIMERS_PER_LINK = 4;

export function timerOf(link: number, timer: number): number {
  return link * TIMERS_PER_LINK + timer;
}

export function linkOfTimer(id: number): number {
  return Math.floor(id / TIMERS_PER_LINK);
}

/** One of `TIMER`. */
export function kindOfTimer(id: number): number {
  return id % TIMERS_PER_LINK;
}
