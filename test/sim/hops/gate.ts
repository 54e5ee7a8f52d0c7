import type { Datagram, Forward, Hop } from '../hop.js';

/** Passes all or swallows all: closed in one direction a one-way failure, in both a black hole. */
export class Gate implements Hop {
  isOpen = true;

  pass(datagram: Datagram, _now: number, forward: Forward): void {
    if (this.isOpen) forward(datagram, 0);
  }
}
