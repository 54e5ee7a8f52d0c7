import type { Hop } from '../hop.js';

/** Adds 0 … `mostUs` of queueing time. Datagrams keep their order, as in a queue. */
export function jitter(mostUs: number, random: () => number): Hop {
  let lastOut = 0;
  return {
    pass(datagram, now, forward) {
      lastOut = Math.max(lastOut, now + random() * mostUs);
      forward(datagram, lastOut - now);
    },
  };
}
