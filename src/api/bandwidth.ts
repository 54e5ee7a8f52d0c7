/** Bandwidth tests: test data by a link, in one direction or both. */

export interface BandwidthParams {
  peer: string;
  /** Needed only where two interfaces have a peer of this name. */
  interface?: string;
  /** Absent: the one that messages to the peer take. */
  link?: number;
  /** 1–60. */
  seconds: number;
  /** Of each direction, in kbit/s. */
  rateKbps: number;
  direction: 'forward' | 'reverse' | 'both';
}

export interface BandwidthStarted {
  /** For `bandwidth.read`. */
  id: number;
  interface: string;
  /** What the peer sends at most, in kbit/s; null: it sends nothing. */
  peerRateKbps: number | null;
}

/** One direction: of a second, or of the whole test. */
export interface BandwidthFigures {
  /** What arrived; bytes inside of the datagrams, without headers. */
  bitsPerSecond: number;
  bytes: number;
  /** Datagrams; null where the end that sends has not said it yet. */
  sent: number | null;
  received: number;
  lost: number;
  /** Came after one that was sent later. */
  reordered: number;
  /** As in RFC 3550. */
  jitterUs: number;
}

export interface BandwidthReport {
  /** Since the test began. */
  elapsedMs: number;
  /** False: of the last second. True: the last report, of the whole test. */
  isLast: boolean;
  /** Why it ended early; null: it did not. */
  cause: string | null;
  toPeer: BandwidthFigures | null;
  fromPeer: BandwidthFigures | null;
  /** Frames of users had the link meanwhile, and we sent less than was asked for so that they keep it. */
  hasYielded: boolean;
  /** Of one processor, by this daemon as a whole since the test began. */
  cpuPercent: number;
}
