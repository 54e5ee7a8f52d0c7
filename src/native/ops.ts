/**
 * Layouts of the integer records that cross the border to the native addon.
 *
 * Every record is a row of an `Int32Array`; offsets are in 32-bit words. "Offset" fields that say *bytes*
 * point into the arena, the one buffer that both sides share. `native/ops.h` holds the same numbers;
 * `test/native/ops.test.ts` compares the two.
 */

/** A UDP path: where a datagram goes to or came from, and the local address it used. Words of a row. */
export const PATH = {
  /** 4 or 6; 0 means an empty row. */
  FAMILY: 0,
  /** Remote port, host byte order. */
  PORT: 1,
  /** Remote address, four words of raw network-order bytes; IPv4 uses the first only. */
  ADDR: 2,
  /** Local address, same form; all zero lets the kernel choose. */
  LOCAL: 6,
  /** Interface index the datagram arrived by or must leave by; 0 lets the kernel choose. */
  IFINDEX: 10,
  /** IPv6 scope id of the remote address. */
  SCOPE: 11,
  /** Marks of what is sent: differentiated services code point, and the mark for the host's own rules; 0 for none. */
  DSCP: 12,
  MARK: 13,
  /** Hop limit (TTL) of what is sent; 0: that of the system. */
  HOPS: 14,
  WORDS: 15,
} as const;

/** The words of `PATH` that tell where it leads; those after them only mark what goes there. */
export const PATH_PLACE_WORDS = PATH.DSCP;

/** One received message: several datagrams of one path and of equal size (the last may be shorter). */
export const RECV = {
  /** Byte offset of the first datagram. */
  OFFSET: 0,
  /** Bytes received in all. */
  LENGTH: 1,
  /** Size of each datagram in bytes when the kernel joined several (UDP GRO), else equal to LENGTH. */
  SEGMENT: 2,
  /** The path it came by: `PATH` words. LOCAL and IFINDEX are filled from IP_PKTINFO. */
  PATH: 4,
  WORDS: 19,
} as const;

/**
 * Seals a run: `n = ceil(PAYLOAD_LENGTH / SEGMENT)` datagrams (one if PAYLOAD_LENGTH is 0), written back to
 * back at OUT. Datagram i is: outer header (16 bytes, counter + i) | ciphertext of (prefix | head | slice i
 * of the payload) | tag (16 bytes).
 */
export const SEAL = {
  KEY: 0,
  /** Outer header: type byte. */
  TYPE: 1,
  /** Outer header: stream byte; also the top 32 bits of the nonce. */
  STREAM: 2,
  /** Outer header: receiver index, u32. */
  RECEIVER: 3,
  /** Counter of the first datagram, low and high 32 bits. */
  COUNTER_LOW: 4,
  COUNTER_HIGH: 5,
  /** Byte offset where the sealed datagrams are written. */
  OUT: 6,
  PREFIX_OFFSET: 7,
  PREFIX_LENGTH: 8,
  /** Byte position inside the prefix of a big-endian u16 that grows by one a datagram; -1 for none. */
  PREFIX_INDEX: 9,
  HEAD_OFFSET: 10,
  HEAD_LENGTH: 11,
  /**
   * When the payload already stands in place (OUT + 16 + prefix + head) the first slice is not copied, and
   * the others move back to their places. Otherwise payload and output must not overlap; prefix and head
   * never do.
   */
  PAYLOAD_OFFSET: 12,
  PAYLOAD_LENGTH: 13,
  SEGMENT: 14,
  /** Written by the addon: total bytes written at OUT, or -1: empty key slot, counter would wrap, or outside the arena. */
  RESULT: 15,
  WORDS: 16,
} as const;

/** Opens one datagram in place: the plaintext stands at OFFSET + 16, LENGTH - 32 bytes. */
export const OPEN = {
  KEY: 0,
  OFFSET: 1,
  LENGTH: 2,
  /** Written by the addon: 0 authentic, -1 forged, too short or outside the arena (decrypted bytes are wiped), -2 empty key slot. */
  RESULT: 3,
  WORDS: 4,
} as const;

/** Sends one run of equal-sized datagrams by one socket to one path. */
export const SEND = {
  FD: 0,
  OFFSET: 1,
  LENGTH: 2,
  /** Size of each datagram; equal to or above LENGTH for a single one. */
  SEGMENT: 3,
  /** Row of the path table (`PATH.WORDS` words a row). */
  PATH: 4,
  /** Written by the addon: 0 sent whole, else the negative errno of the first datagram not sent. */
  RESULT: 5,
  /** Written by the addon: bytes sent before the error (a whole number of datagrams). */
  SENT: 6,
  /** 1: several datagrams may leave by one UDP GSO message; 0: each is a message. */
  GSO: 7,
  /** 1: the IP layer may cut what is larger than the device takes, which is refused otherwise. */
  FRAGMENTS: 8,
  WORDS: 9,
} as const;

/** What somebody on the way answered to a datagram of a socket, by ICMP. */
export const SOCKET_ERROR = {
  /** `SO_EE_ORIGIN_…`: 2 ICMP, 3 ICMPv6, others of this host. */
  ORIGIN: 0,
  TYPE: 1,
  CODE: 2,
  /** MTU of the next hop in bytes, where the answer says that the datagram was too large. */
  INFO: 3,
  /** Who answered: the words of `PATH` up to the remote address. */
  FROM: 4,
  /** Where the datagram was sent to: `PATH` words. */
  TO: 10,
  WORDS: 25,
} as const;

/** One frame written to the TAP: COUNT pairs (byte offset, length) follow the fixed words. */
export const WRITE = {
  COUNT: 0,
  /** Written by the addon: 0 written, else negative errno. */
  RESULT: 1,
  PARTS: 2,
} as const;

/** One frame read from the TAP: virtio-net header and Ethernet frame. */
export const READ = { OFFSET: 0, LENGTH: 1, WORDS: 2 } as const;

/**
 * The queues of a multi-queue TAP, one record for all calls. The addon keeps in it which queue each flow is read from; the
 * caller marks the queues that can be read.
 */
export const QUEUES = {
  /** How many there are: 1 to 8. */
  COUNT: 0,
  /** A bit for each queue that may hold frames; the addon clears those of queues that it has read until they were empty. */
  READY: 1,
  /** Written by the addon: what it cost to read all but the busiest queue, the last time, in bytes that are copied. */
  SPARE: 2,
  /** Kept by the addon: counts large batches, and what reading takes alone and with helpers, in ns for 1 MiB; 0: not known. */
  TURN: 3,
  ALONE: 4,
  TOGETHER: 5,
  /** The descriptor of each queue. */
  FD: 6,
  /** Written by the addon: flows and their queues. */
  FLOW: 14,
  WORDS: 4110,
} as const;

/** One kernel event from rtnetlink. */
export const NETLINK = {
  /** One of `NETLINK_KIND`. */
  KIND: 0,
  IFINDEX: 1,
  /** Bit 0: administratively up; bit 1: carrier (operationally running); bit 2: a VRF; bit 3: an address that another host uses as well. */
  FLAGS: 2,
  MTU: 3,
  /** 4 or 6 for address events. */
  FAMILY: 4,
  ADDR: 5,
  /** Index of the bridge, bond or VRF that a link is a port of, and of the link that it stands on; 0 for none. */
  MASTER: 9,
  LOWER: 10,
  /** Names of a link, its alternative names last: four words of bytes each, NUL-padded; empty ones end the list. */
  NAMES: 11,
  NAME_WORDS: 4,
  WORDS: 31,
} as const;

/**
 * `ROUTE`: routes, rules or next hops have changed, one row a call. `DUMP_END`: a dump has told everything. `LINK_ANSWER`: a link
 * as it is, because somebody asked.
 */
export const NETLINK_KIND = {
  LINK: 1,
  LINK_GONE: 2,
  ADDRESS: 3,
  ADDRESS_GONE: 4,
  ROUTE: 5,
  DUMP_END: 6,
  LINK_ANSWER: 7,
} as const;

/** Numbers of the AEADs, as they stand in handshakes and key slots. */
export const AEAD = { AES_256_GCM: 1, CHACHA20_POLY1305: 2 } as const;

/** Length of the virtio-net header that the TAP is opened with (`struct virtio_net_hdr`, little-endian). */
export const VNET_HEADER = 24;

/** What is read at once from the TAP or a socket ends with the row that reaches this, so that nothing else waits long for its turn. */
export const BATCH = { BYTES: 512 << 10 } as const;
