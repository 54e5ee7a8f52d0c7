/** The HEARTBEAT: states of a link, echoes, and counts for loss and acknowledgement. */

/** Body of a HEARTBEAT: byte offsets from the kind byte. Integers are big-endian. */
export const HEARTBEAT = {
  LINK: 1,
  FLAGS: 2,
  /** Ids, as a bit set, of the links that carry the lane, or will from now on. */
  LANE_LINKS: 3,
  INTERVAL_MS: 4,
  HOLD_MS: 6,
  /** Sender's clock in µs, low 32 bits. */
  SENT_AT: 8,
  /** The receiver's last `SENT_AT`, and how many µs ago it came; `NO_ECHO` when none has. */
  ECHO: 12,
  ECHO_DELAY: 16,
  /** Datagrams sent by this link, low 32 bits. */
  SENT: 20,
  /**
   * Of the receiver's datagrams, how many had come by this link when the heartbeat came that is echoed; low 32 bits.
   */
  ARRIVED: 24,
  /** Highest counter received on this link's stream plus one, 0 for none; u64. */
  ACKNOWLEDGED: 28,
  /** `SENT` of the heartbeat that is echoed. */
  ECHO_SENT: 36,
  /** How many of `SENT` may have gone by another link, too; low 32 bits. */
  COPIES: 40,
  /** Bytes of the datagrams that `ARRIVED` counts; u64. */
  DELIVERED: 44,
  /** Largest datagram received by this link since the sender's last heartbeat on it, in bytes; 0 for none. */
  LARGEST: 52,
  /** MTU of the sender's TAP, in bytes. Heartbeats of older senders end before it. */
  TAP_MTU: 54,
  BYTES: 56,
} as const;

/** Bytes of the shortest that is taken: those of older senders. */
export const SHORTEST_HEARTBEAT = HEARTBEAT.TAP_MTU;

/** Flag of a heartbeat: its sender hears the receiver on this link. */
export const HEARS_YOU = 1;
/** Flag of a heartbeat: its sender wants reports of what arrives by this link. */
export const WANTS_REPORTS = 2;

/** Flag of a heartbeat: its sender drains this link; the receiver shall send no frames by it. */
export const DRAINS = 4;
/** Flag of a heartbeat: its sender sends no frames by this link, and none is behind this heartbeat. */
export const SENDS_NOTHING = 8;
/** Flag of a heartbeat: its sender keeps the receiver as a standby uplink; no frames shall be sent to it. */
export const STANDBY = 16;

/** Flag of a heartbeat: the receiver shall send no heartbeats more often than the sender's `INTERVAL_MS` says. */
export const ASKS_SLOWER = 32;
/** Flag of a heartbeat: its `INTERVAL_MS` is what the receiver asked for, not what the sender would choose. */
export const FOLLOWS = 64;

/** Flag of a heartbeat: its sender sends datagrams of the lane again that a NACK names. */
export const SENDS_AGAIN = 128;

export const NO_ECHO = 0xffff_ffff;
