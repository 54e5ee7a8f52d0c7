import type { Hop } from '../hop.js';

/** The propagation time of a path, the same for all. */
export function delay(us: number): Hop {
  return { pass: (datagram, _now, forward) => forward(datagram, us) };
}
