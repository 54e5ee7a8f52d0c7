/** What `show interfaces`, `show mac-table`, `show counters` and `show drops` say. */
import type { AeadChoice, OffloadName, Policy } from './config.js';

export interface InterfaceStatus {
  name: string;
  description: string | null;
  /** `no shutdown` was said. */
  enabled: boolean;
  state: 'up' | 'down';
  /** Why it is down; null when up. */
  cause: string | null;
  ifindex: number | null;
  mtu: number;
  mac: string | null;
  addresses: string[];
  bridge: string | null;
  /** What keeps it from being as configured although it runs, one sentence each. */
  missing: string[];
  /** Base64. */
  publicKey: string | null;
  listenPort: number;
  aead: AeadChoice;
  policy: Policy;
  /** Peers that close a loop, and in which VLAN; 0: untagged. */
  loops: { peer: string; vlan: number; state: LoopState }[];
  /** Peers whose TAP has another MTU, in bytes; all of a LAN must have one. At most ten. */
  otherMtus: { peer: string; mtu: number }[];
  /** Frames to reserved groups that were not forwarded. */
  reservedDropped: number;
  workerAlive: boolean;
  /** Threads that share the large batches of the datapath; 0 when it does not run. */
  workers: number;
  /** Queues of the TAP; 0 when it does not run. */
  tapQueues: number;
  offloads: { granted: OffloadName[]; forcedOff: OffloadName[] };
  /** Frames and bytes as the TAP counts them: rx came from the network, tx went into it. */
  rxFrames: number;
  rxBytes: number;
  txFrames: number;
  txBytes: number;
  /** Over five seconds and over five minutes; none in the first second. */
  rates: InterfaceRate[];
  /** Without those that are normal. */
  drops: number;
  /** What is sent again when a link goes down: memory for a peer that sends much, and the age limit. */
  resendBufferBytes: number;
  resendAgeMs: number;
  peers: number;
  peersUp: number;
  links: number;
  linksUp: number;
  /** Clients that the file of authorized keys admits, and those that have rows, connected or just gone; null: no file. */
  clientsKnown: number | null;
  clientsPresent: number | null;
}

/** Means over the last `seconds`, or over as much of them as it has run; rx and tx as in the status. */
export interface InterfaceRate {
  seconds: 5 | 300;
  rxFramesPerSecond: number;
  rxBytesPerSecond: number;
  txFramesPerSecond: number;
  txBytesPerSecond: number;
}

/**
 * The LAN reaches a peer by another way as well. `noticed`: nothing is done about it yet; `held`: nothing passes to and from
 * the peer here in that VLAN; `held-elsewhere`: another gateway on the loop has cut it.
 */
export type LoopState = 'noticed' | 'held' | 'held-elsewhere';

export interface MacEntry {
  mac: string;
  /** 0: untagged. */
  vlan: number;
  interface: string;
  /** Name of the peer behind which the address lives; null: behind the TAP. */
  peer: string | null;
  ageSeconds: number | null;
  static: boolean;
}

/** Which entries of MAC tables are wanted; absent fields: all. */
export interface MacFilter {
  interface?: string;
  /** 0: untagged. */
  vlan?: number;
  /** Behind this peer, or behind the TAP. Not both. */
  peer?: string;
  local?: boolean;
  /** In lower-case colon form, with `*` for any characters. */
  address?: string;
  state?: 'static' | 'dynamic';
}

/** Which learned entries of MAC tables are to go; absent fields: all. Static entries stay. */
export interface MacClearFilter extends Omit<MacFilter, 'address' | 'state'> {
  address?: string;
}

/** How many entries were removed from a MAC table. */
export interface MacsCleared {
  interface: string;
  removed: number;
}

/** How many entries of a MAC table are wanted, and how many there may be in all. */
export interface MacCount {
  interface: string;
  count: number;
  limit: number;
}

/** One named counter of an interface, of one of its peers (`peer` set), or of one link (`link` set too). */
export interface Counter {
  interface: string;
  peer: string | null;
  link: number | null;
  /** Name of the field; older than `counter`, and kept. */
  name: string;
  /** Its name as `show counters` and the metrics have it: `tap_receive_frames`, with the unit at the end. */
  counter: string;
  value: number;
}

/** The last of what was dropped for a reason, as far as it was kept: no more than ten of each reason a second are. */
export interface DropExample {
  secondsAgo: number;
  /** Whose it was, or whom it was for, and the link; null where that is not known. */
  peer: string | null;
  link: number | null;
  direction: 'in' | 'out';
  /** Address and port that a datagram came from; null for other things. */
  from: string | null;
  length: number;
  /** Its headers in words; null for who may not see frames. */
  text: string | null;
}

export interface DropCounter {
  interface: string;
  /** Stable, machine-friendly name such as `replayed`. */
  reason: string;
  count: number;
  /** An ordinary network does this, and nothing is lost by it. */
  normal: boolean;
  /** Who caused the last one, where that is known: the peer, and `address:port`. */
  peer: string | null;
  from: string | null;
  /** Since the last one; null before the first, or where it was not watched. */
  lastSecondsAgo: number | null;
  /** Over the last ten seconds; null where that is not known yet. */
  perSecond: number | null;
  /** What it means and what to do, one line. */
  help: string;
  /** null where none was kept. */
  example: DropExample | null;
}
