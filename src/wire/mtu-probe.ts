/** The MTU_PROBE: a datagram of a size that the path may not carry, and its answer. */

/** Body of a MTU_PROBE: byte offsets from the kind byte. Integers are big-endian. */
export const MTU_PROBE = { LINK: 1, REPLY: 2, ID: 4, SIZE: 6, BYTES: 8 } as const;

/** The size that probes of a trace name: their answers tell of the way, not of a size. */
export const TRACE_SIZE = 0;
