/** The ECHO: a ping of one link or peer, and its answer. */

/** Body of a ECHO: byte offsets from the kind byte. Integers are big-endian. */
export const ECHO = { REPLY: 1, ID: 2, SEQUENCE: 4, SENT_AT: 8, BYTES: 12 } as const;
