/** The header of every datagram, version 1, and what it counts in. `docs/protocol.md` has the byte tables. */

/** First byte of every datagram: version in the high nibble, type in the low one. */
export const VERSION = 1;
export const TYPE = {
  INITIATION: 0x11,
  RESPONSE: 0x12,
  COOKIE: 0x13,
  TRANSPORT: 0x14,
  JOIN_REQUEST: 0x15,
  JOIN_REPLY: 0x16,
} as const;

/** Outer header of a transport datagram, byte offsets. */
export const OUTER = { TYPE: 0, STREAM: 1, FLAGS: 2, RECEIVER: 4, COUNTER: 8, BYTES: 16 } as const;

export const TAG_BYTES = 16;

/** What a sealed datagram is longer than its plaintext. */
export const SEALED_OVERHEAD = OUTER.BYTES + TAG_BYTES;

/** First byte of a plaintext. */
export const KIND = {
  SEGMENT: 1,
  BUNDLE: 2,
  PIECE: 3,
  HEARTBEAT: 4,
  MTU_PROBE: 5,
  PATH_CHECK: 6,
  PATH_ANSWER: 7,
  NOTICE: 8,
  ECHO: 9,
  RELAY: 10,
  RELAYED: 11,
  REPORT: 12,
  PARITY: 13,
  MEMBER: 14,
  STATION_LEFT: 15,
  BANDWIDTH_TEST: 16,
  OWN_ADDRESS: 17,
  NACK: 18,
} as const;

/**
 * Counter spaces of a session: one for each sending link (0–7), one for the lane, which goes by any link, and
 * one for what is sent as copies by several or waited for any link.
 */
export const LANE_STREAM = 8;
export const COPIES_STREAM = 9;
export const STREAMS = 10;

/** Links per peer. */
export const MAX_LINKS = 8;

/** Largest Ethernet frame carried, without the virtio header. */
export const MAX_FRAME = 65_535;

/** Sealing stops here, far below 2^53, where a double still counts exactly. */
export const COUNTER_LIMIT = 2 ** 48;
