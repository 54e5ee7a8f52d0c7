/** Answers of the datapath to questions of the control thread, which puts names to their rows. */

import type { LinkExplained, PeerExplained } from '../api/explain.js';
import type { GuardSettings } from './guard-settings.js';

/** What a burst of a bandwidth test came to; bytes are those inside of datagrams. */
export interface DataSent {
  datagrams: number;
  bytes: number;
}

/** What the datapath holds for peers, in bytes: the rows of its tables and statistics, and objects beside them. */
export interface RowsHeld {
  peer: number;
  link: number;
  session: number;
  /** A counter stream that something came on; and what it takes more from its 256th counter on. */
  stream: number;
  ring: number;
  /** Round-trip times of a link that measures often. */
  histogram: number;
  /** Peers whose sessions have a ring. */
  busyPeers: number;
}

/** One entry of the MAC table. */
export interface MacRow {
  vlan: number;
  high: number;
  low: number;
  /** Row of the peer, or -1 for the TAP. */
  port: number;
  ageUs: number;
  isStatic: boolean;
}

/** Where stations are; null: anywhere. */
export interface MacPlace {
  vlan: number | null;
  /** Row of the peer, or -1 for the TAP. */
  port: number | null;
}

/** Which entries of the MAC table are wanted; null: any. */
export interface MacWanted extends MacPlace {
  isStatic: boolean | null;
}

/**
 * The answer of `mac-table`: the entries wanted of some rows and how many they are, and the row to go on at; -1 at the end.
 */
export interface MacStretch {
  /** Empty where they were only to be counted. */
  rows: MacRow[];
  count: number;
  next: number;
}

/** Which learned entries of the MAC table are to go; null: any. */
export interface MacUnwanted extends MacPlace {
  /** The first 16 and the last 32 bits of an address. */
  address: { high: number; low: number } | null;
}

/** Where a walk of the MAC table's slots is: it goes from the last slot before `start` down to the first after it. */
export interface MacWalk {
  start: number;
  /** Slots that it has not looked at. */
  left: number;
  /** The table's, in which the slots have these numbers. */
  layout: number;
}

/** What `mac-clear` asks for; `walk`: where to go on, null: a walk begins. */
export interface MacClearing {
  walk: MacWalk | null;
  /** Slots to look at. */
  slots: number;
  wanted: MacUnwanted;
}

/** The answer of `mac-clear`: how many entries went, and where to go on; null at the end. */
export interface MacCleared {
  removed: number;
  next: MacWalk | null;
}

/** Whose counters are set to zero: a peer's, or those of an interface, so many rows of peers and links at a time. */
export type CounterClearing = { peer: number } | { peer: null; from: number; rows: number };

/** How many MAC addresses are known in a VLAN (0: untagged). */
export interface VlanRow {
  vlan: number;
  macs: number;
}

/** What the switch knows of one IP address. */
export interface NeighbourRow {
  vlan: number;
  /** Four words; IPv4 after ::ffff:0:0/96. */
  words: number[];
  /** The first 16 and the last 32 bits of its MAC address. */
  high: number;
  low: number;
  /** Row of the peer, or -1 for the TAP. */
  port: number;
  /** Two stations claim it. */
  isDuplicate: boolean;
  isRouter: boolean;
  leftUs: number;
}

/** The answer of `neighbours`: those of some rows, the row to go on at (-1 at the end), and what came of all questions. */
export interface NeighbourStretch {
  rows: NeighbourRow[];
  next: number;
  answered: number;
  duplicates: number;
}

/** A port that wants a multicast group. */
export interface MembershipRow {
  vlan: number;
  /** The group, as four words; IPv4 after ::ffff:0:0/96. */
  group: number[];
  /** Row of the peer, or -1 for the TAP. */
  port: number;
  leftUs: number;
}

/** The multicast querier of a VLAN and family. */
export interface QuerierRow {
  vlan: number;
  isIpv6: boolean;
  /** Row of the peer, -1 for the TAP, -2 for this switch itself. */
  port: number;
  address: number[];
  /** The first 16 and the last 32 bits of its MAC address. */
  high: number;
  low: number;
  /** How long a membership lasts from a report on. */
  holdUs: number;
  /** Whether enough was asked for multicast to be pruned. */
  isSettled: boolean;
  leftUs: number;
}

/** A port with a multicast router. */
export interface RouterPortRow {
  port: number;
  isIpv4: boolean;
  isIpv6: boolean;
  isStatic: boolean;
}

/** What was known of multicast before a restart, in rows of now. */
export interface KnownMulticast {
  queriers: QuerierRow[];
  routers: RouterPortRow[];
}

/** The answer of `multicast`: the memberships of some rows, the row to go on at (-1 at the end), and with the first ones all else. */
export interface MulticastStretch {
  rows: MembershipRow[];
  next: number;
  isOn: boolean;
  queriers: QuerierRow[];
  routers: RouterPortRow[];
  /** Rows of peers, -1 for the TAP, that get all multicast: not all behind them were asked yet, or they want too much. */
  open: number[];
}

/** The guards of a port that has any, or that has used MAC addresses which are static elsewhere. */
export interface GuardRow {
  /** Row of the peer, or -1 for the TAP. */
  port: number;
  settings: GuardSettings | null;
  /** Frames dropped by the guards of sources, DHCP servers, router advertisements and multicast routers, and for being opaque. */
  drops: number[];
  /** Addresses bound to it, as in `GuardSettings`; `leftUs` is null for configured ones. */
  bindings: { words: number[]; leftUs: number | null }[];
  /** Frames from MAC addresses that are static elsewhere. */
  pinned: number;
  /** How many stations may be learned there, 0 for any number, and frames from those that were too many. */
  most: number;
  excess: number;
}

/** The answer of `guards`: those of some ports, and where to go on; -1 at the end. */
export interface GuardStretch {
  rows: GuardRow[];
  next: number;
}

/** One link in the decision that is in force for a peer. */
export type LinkExplanation = Omit<LinkExplained, 'description'>;

/** The decision that is in force for a peer's frames. */
export interface PeerExplanation extends Pick<PeerExplained, 'policy' | 'link' | 'rule' | 'because'> {
  /** Since when this link is taken, in µs. */
  sinceUs: number | null;
  links: LinkExplanation[];
}

export interface FlowExplanation {
  /** Four words each: an IPv4 address or a MAC address (its first 16 and last 32 bits) in the first ones, or an IPv6 address. */
  source: number[];
  destination: number[];
  etherType: number;
  /** Of IP; 0 for other frames. */
  protocol: number;
  /** 0 without ports. */
  sourcePort: number;
  destinationPort: number;
  /** Link id that it is pinned to; null while it goes by the lane. */
  link: number | null;
  bytesPerSecond: number;
  seenUsAgo: number;
}

export interface FlowsExplanation {
  /** Ids of the links that carry the lane, over which bulk flows are spread. */
  lane: number[];
  /** The busiest first. */
  flows: FlowExplanation[];
}
