import type { Hop } from '../hop.js';

/** Loses each datagram with probability `share`, independently. */
export function loss(share: number, random: () => number): Hop {
  return {
    pass(datagram, _now, forward) {
      if (random() >= share) forward(datagram, 0);
    },
  };
}
