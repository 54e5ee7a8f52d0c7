/** Bodies of the messages about links: byte offsets from the kind byte. Integers are big-endian. */

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
  /** Of the receiver's datagrams, how many had come by this link when the beat came that is echoed; low 32 bits. */
  ARRIVED: 24,
  /** Highest counter received on this link's stream plus one, 0 for none; u64. */
  ACKNOWLEDGED: 28,
  /** `SENT` of the beat that is echoed. */
  ECHO_SENT: 36,
  /** How many of `SENT` may have gone by another link, too; low 32 bits. */
  COPIES: 40,
  /** Bytes of the datagrams that `ARRIVED` counts; u64. */
  DELIVERED: 44,
  /** Largest datagram received by this link since the sender's last beat on it, in bytes; 0 for none. */
  LARGEST: 52,
  BYTES: 54,
} as const;

/** Flag of a heartbeat: its sender hears the receiver on this link. */
export const HEARS_YOU = 1;
/** Flag of a heartbeat: its sender wants reports of what arrives by this link. */
export const WANTS_REPORTS = 2;

/** Flag of a heartbeat: its sender drains this link; the receiver shall send no frames by it. */
export const DRAINS = 4;
/** Flag of a heartbeat: its sender sends no frames by this link, and none is behind this beat. */
export const SENDS_NOTHING = 8;

export const NO_ECHO = 0xffff_ffff;

/** What arrived by a link so far, told under traffic. */
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

export const MTU_PROBE = { LINK: 1, REPLY: 2, ID: 4, SIZE: 6, BYTES: 8 } as const;

export const PATH_CHECK = { LINK: 1, TOKEN: 4, TOKEN_BYTES: 8, BYTES: 12 } as const;

export const NOTICE = { CODE: 1, LINK: 2, ACKNOWLEDGED: 4, LANE: 12, BYTES: 20 } as const;
export const NOTICE_CODE = { LINK_DOWN: 1, GOODBYE: 2 } as const;

export const ECHO = { REPLY: 1, ID: 2, SEQUENCE: 4, SENT_AT: 8, BYTES: 12 } as const;

export function writeU64(view: DataView, at: number, value: number): void {
  view.setUint32(at, Math.floor(value / 0x1_0000_0000));
  view.setUint32(at + 4, value % 0x1_0000_0000);
}

export function readU64(view: DataView, at: number): number {
  return view.getUint32(at) * 0x1_0000_0000 + view.getUint32(at + 4);
}
