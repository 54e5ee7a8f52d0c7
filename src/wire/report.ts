/** The REPORT: what arrives by a link, sent under traffic. */

/** Body of a REPORT: byte offsets from the kind byte. Integers are big-endian. */
export const REPORT = {
  LINK: 1,
  /** Datagrams, low 32 bits. */
  DATAGRAMS: 4,
  /** When the last frame came, by the reporter's clock in µs, low 32 bits. */
  RECEIVED_AT: 8,
  /** Bytes of datagrams, IP and UDP headers not counted; u64. */
  RECEIVED: 12,
  /** Highest counter of the link's stream plus one, and of the lane by this link plus one; u64. */
  ACKNOWLEDGED: 20,
  LANE: 28,
  BYTES: 36,
} as const;
