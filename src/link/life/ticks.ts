/**
 * Ticks: timers of links whose heartbeats are seldom are due together. A wake-up of the worker and its calls of the addon cost
 * as much as several heartbeats, and where heartbeats are seldom there may be thousands of links.
 */

/** Links with shorter intervals keep to times of their own; µs, as all times here. */
const SELDOM_US = 200_000;
/** A tick is this part of an interval, and no longer than that. */
const TICKS_OF_INTERVAL = 250;
const LONGEST_US = 4000;

/** Length of the ticks of a link with this interval; 0: it has none. */
function tickOf(intervalUs: number): number {
  return intervalUs < SELDOM_US ? 0 : Math.min(LONGEST_US, Math.floor(intervalUs / TICKS_OF_INTERVAL));
}

/** The tick next to a time: what is done again and again there comes as often as it should. */
export function nearestTick(atUs: number, intervalUs: number): number {
  const tick = tickOf(intervalUs);
  return tick === 0 ? atUs : Math.round(atUs / tick) * tick;
}

/** The first tick from a time on: nothing is due early. */
export function tickFrom(atUs: number, intervalUs: number): number {
  const tick = tickOf(intervalUs);
  return tick === 0 ? atUs : Math.ceil(atUs / tick) * tick;
}
