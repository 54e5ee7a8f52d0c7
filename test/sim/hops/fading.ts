import type { Hop } from '../hop.js';

/**
 * Outages in time rather than in datagrams, as of a radio behind a wall: good spells of `goodUs` and bad ones of
 * `badUs` on the average, each drawn from an exponential distribution. Nothing passes in a bad one.
 */
export function fading(goodUs: number, badUs: number, random: () => number): Hop {
  const spell = (meanUs: number): number => -Math.log(1 - random()) * meanUs;
  let bad = false;
  let until = spell(goodUs);
  return {
    pass(datagram, now, forward) {
      while (now >= until) {
        bad = !bad;
        until += spell(bad ? badUs : goodUs);
      }
      if (!bad) forward(datagram, 0);
    },
  };
}
