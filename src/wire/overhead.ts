/** What a datagram grows by on its path. */
import { SEALED_OVERHEAD } from './header.js';
import { RELAY } from './relay.js';

/** Family of a path that leads through another peer. */
export const RELAY_FAMILY = 1;

/** Bytes of a packet around a datagram of a path's family. A relayed one is the plaintext of another. */
export function outerOverhead(family: number): number {
  return ipUdpOverhead(family) + (family === RELAY_FAMILY ? SEALED_OVERHEAD + RELAY.BYTES : 0);
}

/** IP and UDP header bytes of a family; of a relayed path, the worse of both. */
export function ipUdpOverhead(family: number): number {
  return family === 4 ? 28 : 48;
}
