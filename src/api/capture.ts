/** Captures: copies of frames and datagrams, taken at points of their path. */

/**
 * Where on its path something is copied. `tap-in`, `tap-out`: as it came from the TAP or is written to it. `switch`: where
 * the switch decides. `peer-in`, `peer-out`: a frame to or from a peer, in the clear. `link-in`, `link-out`: sealed
 * datagrams as they arrive and leave. `drops`: whatever is dropped.
 */
export const CAPTURE_POINTS = [
  'tap-in',
  'tap-out',
  'switch',
  'peer-in',
  'peer-out',
  'link-in',
  'link-out',
  'drops',
] as const;
export type CapturePoint = (typeof CAPTURE_POINTS)[number];

/** Points where no peer is known, where no link is, and where there are no frames to filter: limits by these are refused there. */
export const POINTS_WITHOUT_PEER: ReadonlySet<CapturePoint> = new Set<CapturePoint>(['tap-in', 'tap-out']);
/** See `POINTS_WITHOUT_PEER`. */
export const POINTS_WITHOUT_LINK: ReadonlySet<CapturePoint> = new Set<CapturePoint>([
  'tap-in',
  'tap-out',
  'switch',
]);
/** See `POINTS_WITHOUT_PEER`. */
export const SEALED_POINTS: ReadonlySet<CapturePoint> = new Set<CapturePoint>(['link-in', 'link-out']);

/** Most bytes of a packet that a capture keeps; Wireshark takes no more. */
export const MAX_SNAP_BYTES = 262_144;

export interface CaptureParams {
  /** Needed where several interfaces run and no peer says which. */
  interface?: string;
  /** At least one. */
  points: CapturePoint[];
  /** Only what is to or from this peer; not with `tap-in` and `tap-out`, which know of none. */
  peer?: string;
  /** Only what goes by this link of the peer: with `link-in`, `link-out` and `drops`. */
  link?: number;
  /** Only frames that match; sealed datagrams have nothing to match. */
  filter?: string;
  /** Bytes kept of each packet, from its first; 64–262144, all when absent. */
  snapBytes?: number;
  /** Super-frames stay whole; absent: they are cut into the frames that leave. */
  whole?: boolean;
}

export interface CaptureOpened {
  /** Names the capture in `capture.read` and `capture.close`, on this connection. */
  id: number;
  interface: string;
}

export interface CaptureReadParams {
  id: number;
  /** Most packets in the answer; 1–1000. */
  limit: number;
  /** How long to wait for the first packet, in milliseconds; 0–10000. */
  waitMs: number;
  /** `words`: without the bytes. */
  form: 'bytes' | 'words';
}

/**
 * What `bytes` begin with: an Ethernet header; an IP header, put in front of a sealed datagram from what is known of its
 * path; the kind byte of a message between peers.
 */
export type CaptureForm = 'ethernet' | 'ip' | 'message';

export interface CapturedPacket {
  /** Microseconds since the epoch. Packets that the datapath handles together have one time. */
  timeUs: number;
  point: CapturePoint;
  /** Toward this host or away from it. */
  direction: 'in' | 'out' | null;
  /** The peer that it came from or is for, and the link. */
  peer: string | null;
  link: number | null;
  form: CaptureForm;
  /** What became of it, where that is known at this point; `multicast`: it went to those who asked for its group. */
  verdict: 'forward' | 'flood' | 'multicast' | 'drop' | null;
  /** Where the switch sent it: a peer, or the TAP. */
  to: { peer: string } | 'tap' | null;
  /** Why it was dropped. */
  reason: string | null;
  /** Its bytes, of which the capture may hold fewer. */
  length: number;
  /** Base64; null in the form `words`. */
  bytes: string | null;
  /** Its headers in words. */
  text: string;
}

export interface CaptureRead {
  interface: string;
  packets: CapturedPacket[];
  /** Packets that were not copied since the last answer because the reader was too slow, by point. */
  missed: Partial<Record<CapturePoint, number>>;
  /** Nothing more will come: the interface has stopped, or the peer that was asked for is gone. */
  ended: boolean;
}
