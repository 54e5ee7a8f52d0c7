import type { Hop } from '../hop.js';

/** Delivers a `share` of the datagrams twice, the copy `us` later. */
export function duplicate(share: number, us: number, random: () => number): Hop {
  return {
    pass(datagram, _now, forward) {
      forward(datagram, 0);
      if (random() < share) forward(datagram, us);
    },
  };
}
