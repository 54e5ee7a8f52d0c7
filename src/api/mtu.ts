/** What `show mtu` says. Sizes are bytes; an MTU counts the whole IP packet, a frame has no FCS. */
import type { LinkState } from './link-states.js';

/** States of the search for the MTU of a path (RFC 8899); `fixed`: set by the configuration. */
export const MTU_STATES = ['fixed', 'base', 'searching', 'complete', 'error'] as const;
export type MtuStateName = (typeof MTU_STATES)[number];

export interface LinkMtu {
  link: number;
  state: LinkState;
  /** `fixed` by the configuration; else where the search stands (RFC 8899). */
  search: MtuStateName;
  /** In use: has passed the path, or is what every path takes. */
  mtuBytes: number;
  /** Being probed at this moment; null for none. */
  probedBytes: number | null;
  /** What the kernel says of the route; null while it says nothing. */
  routeBytes: number | null;
  /** null: found out. */
  configuredBytes: number | null;
  /** Largest frame that goes in one datagram. */
  frameBytes: number;
  /** Of the links that are up it takes least, less than another one. */
  short: boolean;
}

export interface PeerMtu {
  interface: string;
  peer: string;
  /** Largest frame of the TAP. */
  tapFrameBytes: number;
  /** Whether the MSS of TCP connections is fitted to the path. */
  mssClamp: boolean;
  /** The following speak of links that are up; null while there is none. */
  /** Largest frame that goes in one datagram, by whichever link. */
  frameBytes: number | null;
  /** Payload of a TCP segment over IPv4 without options that does, and by the link that takes most. */
  segmentBytes: number | null;
  largestSegmentBytes: number | null;
  /** How many datagrams more bulk TCP needs because of the short links. */
  extraDatagramsPercent: number | null;
  /** Pieces of the largest frame of the TAP; 1: it goes whole. */
  pieces: number | null;
  links: LinkMtu[];
}
