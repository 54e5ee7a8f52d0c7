import type { Hop } from '../hop.js';

/** Counts what passes: the truth that measurements are held against. */
export class Meter implements Hop {
  datagrams = 0;
  /** Without IP and UDP headers. */
  bytes = 0;

  pass: Hop['pass'] = (datagram, _now, forward) => {
    this.datagrams++;
    this.bytes += datagram.bytes.length;
    forward(datagram, 0);
  };
}
