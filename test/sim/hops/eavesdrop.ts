import type { Datagram, Hop } from '../hop.js';

/** Shows every datagram that passes to an eavesdropper. */
export function eavesdrop(listener: (datagram: Datagram) => void): Hop {
  return {
    pass(datagram, _now, forward) {
      listener(datagram);
      forward(datagram, 0);
    },
  };
}
