import type { Hop } from '../hop.js';

/**
 * Loss in bursts (Gilbert 1960): datagrams pass in the good state and are lost in the bad one; `start` and `end` are
 * the probabilities, at each datagram, of entering and of leaving the bad state.
 */
export function burstLoss(start: number, end: number, random: () => number): Hop {
  let bad = false;
  return {
    pass(datagram, _now, forward) {
      bad = bad ? random() >= end : random() < start;
      if (!bad) forward(datagram, 0);
    },
  };
}
