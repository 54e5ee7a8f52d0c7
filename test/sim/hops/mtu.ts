import { ipUdpOverhead } from '../../../src/wire/overhead.js';
import type { Hop } from '../hop.js';

/** A router in the middle that silently drops packets larger than `bytes`, IP and UDP headers included. */
export function mtu(bytes: number): Hop {
  return {
    pass(datagram, _now, forward) {
      if (datagram.bytes.length + ipUdpOverhead(datagram.from.family) <= bytes) forward(datagram, 0);
    },
  };
}
