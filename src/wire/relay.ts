/** RELAY and RELAYED: a datagram on its way through a third host. */

/**
 * Body of RELAY and RELAYED: the name of the peer that the datagram behind it is for, or comes from: the first six
 * bytes of its public key.
 */
export const RELAY = { KIND: 0, NAME: 2, BYTES: 8 } as const;
