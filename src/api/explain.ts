/** What `explain peer` says. */
import type { Policy } from './config.js';
import type { LinkState } from './link-states.js';

/** How gladly a link is taken, least first. */
export const STANDING_NAMES = ['unusable', 'drained', 'damped', 'grey', 'clean'] as const;
/** What decided. */
export const RULE_NAMES = ['none', 'only', 'standing', 'priority', 'measured', 'stays'] as const;

/** One link in `explain peer`: whether it carries frames, and why. */
export interface LinkExplained {
  description: string | null;
  link: number;
  state: LinkState;
  /** How gladly it is taken: clean before grey before damped before drained; unusable never. */
  standing: (typeof STANDING_NAMES)[number];
  /** Carries frames now. */
  carries: boolean;
  /**
   * Of a hundred frames, how many it carries: under `active` each of several links carries all. Under `adaptive` as
   * measured over the last ten seconds, by bytes; null while there was no traffic.
   */
  sharePercent: number | null;
  priority: number;
  rttUs: number | null;
  jitterUs: number | null;
  lossOutPermille: number | null;
  /** Round-trip time, jitter and loss as one number, by which links of one priority are compared. */
  costUs: number | null;
  /** Why it is used or not, and what would change that. */
  because: string;
}

/** The decision that is in force for a peer's frames. */
export interface PeerExplained {
  peer: string;
  interface: string;
  policy: Policy;
  /** The link that frames take, or that leads where several carry them; null for none. */
  link: number | null;
  rule: (typeof RULE_NAMES)[number];
  /** The decision in a sentence. */
  because: string;
  /** Why the peer is down, or what is amiss although it is up, and what to do about it; null while nothing is. */
  advice: string | null;
  /** For how long the link has been taken. */
  sinceSeconds: number | null;
  links: LinkExplained[];
}

/** A flow to a peer, seen in the last minute, and the way it takes. */
export interface FlowExplained {
  /** IP or MAC addresses. */
  source: string;
  destination: string;
  /** `tcp`, `udp`, `icmp`, `ip 47`, `ethertype 0x0806`. */
  protocol: string;
  sourcePort: number | null;
  destinationPort: number | null;
  /** Link that it is pinned to; null while it is spread over the links of the lane. */
  link: number | null;
  bytesPerSecond: number;
  secondsAgo: number;
}

export interface FlowsExplained {
  peer: string;
  interface: string;
  policy: Policy;
  /** Links over which bulk flows are spread now; empty while none flows. */
  laneLinks: number[];
  /** The busiest first; none under another policy than `adaptive`, where all flows take one way. */
  flows: FlowExplained[];
}
