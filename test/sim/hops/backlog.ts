import type { Hop } from '../hop.js';

/** While a kernel does not know its neighbour, the latest of what it is to send wait, as many as it has room for. */
export class Backlog implements Hop {
  private waiting: (() => void)[] | null = null;

  constructor(private readonly room: number) {}

  pass: Hop['pass'] = (datagram, _now, forward) => {
    if (this.waiting === null) return forward(datagram, 0);
    this.waiting.push(() => forward(datagram, 0));
    if (this.waiting.length > this.room) this.waiting.shift();
  };

  /** The neighbour is not known from now on. */
  hold(): void {
    this.waiting = [];
  }

  /** The neighbour has answered: what waited leaves at once. */
  release(): void {
    const waiting = this.waiting ?? [];
    this.waiting = null;
    for (const leave of waiting) leave();
  }
}
