/** The ECHO: a ping of one link or peer, and its answer. */

/** Body of a ECHO: byte offsets from the kind byte. Integers are big-endian. */
export const ECHO = { REPLY: 1, ID: 2, SEQUENCE: 4, SENT_AT: 8, BYTES: 12 } as const;

/** What a reply tells in its padding, where that has room; who does not know of it leaves zeros. */
export const ECHO_REPLY = {
  /** 4 or 6, the port and the address from which the request came; family 0: not known. */
  SEEN_FAMILY: 12,
  SEEN_PORT: 14,
  SEEN_ADDRESS: 16,
  /** Version of who replies: three numbers of 16 bits. */
  VERSION: 32,
  BYTES: 38,
} as const;
