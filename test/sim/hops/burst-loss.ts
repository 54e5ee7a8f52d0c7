import type { Hop } from '../hop.js';

/** A chain of two states that loses datagrams in each with a probability of its own. */
export interface Bursts {
  /** Probability, at each datagram, of going from the good state to the bad one. */
  readonly start: number;
  /** Probability, at each datagram, of going back. */
  readonly end: number;
  /** Share lost in the good state, default 0. */
  readonly goodLoss?: number;
  /** Share lost in the bad state, default 1. */
  readonly badLoss?: number;
}

/** Bursts that lose everything while they last, `share` of all datagrams, `length` datagrams each on the average. */
export function burstsOf(share: number, length: number): Bursts {
  const end = 1 / length;
  return { start: (share * end) / (1 - share), end };
}

/** Loss in bursts (Gilbert 1960, Elliott 1963). */
export function burstLoss(bursts: Bursts, random: () => number): Hop {
  const { start, end, goodLoss = 0, badLoss = 1 } = bursts;
  let bad = false;
  return {
    pass(datagram, _now, forward) {
      bad = bad ? random() >= end : random() < start;
      if (random() >= (bad ? badLoss : goodLoss)) forward(datagram, 0);
    },
  };
}
