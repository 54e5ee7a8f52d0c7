import type { Hop } from '../hop.js';

/** Flips one bit in a `share` of the datagrams. */
export function corrupt(share: number, random: () => number): Hop {
  return {
    pass(datagram, _now, forward) {
      if (random() >= share) return forward(datagram, 0);
      const bytes = datagram.bytes.slice();
      const bit = Math.floor(random() * bytes.length * 8);
      bytes[bit >> 3] ^= 1 << (bit & 7);
      forward({ ...datagram, bytes }, 0);
    },
  };
}
