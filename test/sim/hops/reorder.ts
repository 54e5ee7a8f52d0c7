import type { Hop } from '../hop.js';

/** Holds a `share` of the datagrams back for `us`, so that later ones overtake them. */
export function reorder(share: number, us: number, random: () => number): Hop {
  return { pass: (datagram, _now, forward) => forward(datagram, random() < share ? us : 0) };
}
