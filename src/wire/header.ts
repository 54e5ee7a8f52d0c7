/** The wire of transport datagrams, version 1. `docs/protocol.md` has the byte tables. */

/** First byte of every datagram: version in the high nibble, type in the low one. */
export const VERSION = 1;
export const TYPE = {
  INITIATION: 0x11,
  RESPONSE: 0x12,
  COOKIE: 0x13,
  TRANSPORT: 0x14,
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
} as const;

/** Body of a SEGMENT: one slice of a super-frame with the super-frame's own headers. */
export const SEGMENT = {
  KIND: 0,
  /** Virtio GSO type. */
  GSO_TYPE: 1,
  /** Equal for all segments of one super-frame. */
  SUPER_ID: 2,
  INDEX: 4,
  COUNT: 6,
  /** Payload bytes of every segment but the last. */
  GSO_SIZE: 8,
  HEADER_LENGTH: 10,
  BYTES: 11,
} as const;

/**
 * Body of RELAY and RELAYED: the name of the peer that the datagram behind it is for, or comes from: the first six
 * bytes of its public key.
 */
export const RELAY = { KIND: 0, NAME: 2, BYTES: 8 } as const;

/**
 * Counter spaces of a session: one for each sending link (0–7), one for the striped lane, which goes by any link, and
 * one for what is sent as copies by several or waited for any link.
 */
export const LANE_STREAM = 8;
export const COPIES_STREAM = 9;
export const STREAMS = 10;

/**
 * Body of a PARITY: which datagrams of a stream it covers, the exclusive or of their lengths and of their bytes, both
 * without the outer header.
 */
export const PARITY = { KIND: 0, STREAM: 1, LENGTHS: 2, MASK: 4, FIRST: 8, BYTES: 16 } as const;

/** What a covered datagram must be smaller by for its parity to fit the path: header of the one, tag of the other. */
export const PARITY_ROOM = PARITY.BYTES + TAG_BYTES;

/** Links per peer. */
export const MAX_LINKS = 8;

/** Largest Ethernet frame carried, without the virtio header. */
export const MAX_FRAME = 65_535;

/** Sealing stops here, far below 2^53, where a double still counts exactly. */
export const COUNTER_LIMIT = 2 ** 48;

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
