/** What links are made of, and what they ask of the layers above, which implement it. */
import type { DatapathEvent } from '../contract/events.js';
import type { SharedStats } from '../contract/stats.js';
import type { Arena } from '../state/arena.js';
import type { Datagram } from '../state/datagram.js';
import type { Drops } from '../state/drops.js';
import type { SealedRun } from '../state/run.js';
import type { Tables } from '../state/tables.js';
import type { TimerWheel } from '../state/timer-wheel.js';
import type { Gaps } from '../wire/nack.js';

/**
 * Sends messages about links. A message is opened, written in place and sent, one at a time; `slot` is the row of the
 * session that seals it, in the stream of the link that it goes by. Nothing of it is kept for sending again.
 */
export interface Messages {
  /** Makes room for a message of `length` bytes; returns the place of its kind byte. All others are zero. */
  open(kind: number, length: number): number;
  send(slot: number, link: number, now: number): void;
  /** Sends an MTU probe by itself and at once. Returns 0, or the negative errno that it was refused with. */
  sendProbe(slot: number, link: number, now: number): number;
  /** Sends the answer to an MTU probe; like probes it is left out of the counts by which loss is measured. */
  sendProbeAnswer(slot: number, link: number, now: number): void;
  /** Sends at once by the scratch row of the path table, in the stream of `link`. */
  sendByPath(slot: number, link: number, fd: number): void;
  /** Sends everything that is queued. */
  flush(): void;
}

/** What was sent and may be lost. */
interface Resends {
  /** No link is left: what this one has not confirmed is kept until one is usable. */
  strand(link: number): void;
  /** Sends again by link `to` what `from` may have lost, as this host saw by itself. */
  resend(from: number, to: number, now: number): void;
  /** The same where the peer may have brought it about: after `free` times, no more than its budget allows. */
  resendWithin(from: number, to: number, free: number, now: number): void;
}

/** Gaps of a peer's lane, under its session `slot`, that are to be sent again; filled again for each NACK. */
export interface Missing {
  peer: number;
  slot: number;
  gaps: Gaps;
  /** Ids, as a bit set, of the links of which it is sent again what they carried. */
  by: number;
  /** By which link it is sent again. */
  to: number;
  now: number;
  /** Hears of datagrams that are sent again, and by which link they were sent before. */
  readonly found: (from: number, datagrams: number, bytes: number) => void;
}

/** Sends sealed runs of frames by a link. */
export interface Runs {
  send(link: number, run: SealedRun, now: number): void;
  /** Sends what is missing again, within the peer's budget. */
  sendMissing(missing: Missing): void;
}

/** Sends heartbeats. */
export interface BeatSender {
  /** Sends a heartbeat by a link now. */
  beat(link: number, now: number): void;
}

/** Tells the peer of links that are down. */
export interface DownSender {
  /** Tells the peer by its active link that another one is down here; without one, as soon as it has one. */
  linkDown(peer: number, link: number, now: number): void;
  /** A link of the peer works again, and none did: it is told of those that were lost meanwhile. */
  linksWereDown(peer: number, now: number): void;
}

/** The receiving end of the lane. */
export interface LaneOrder {
  /** One above the highest counter that a link (by id) has delivered of a session's lane. */
  highestBy(slot: number, linkId: number): number;
  /** Ids, as a bit set, of the links that have lately brought something of a session's lane. */
  broughtBy(slot: number, now: number): number;
  /**
   * A heartbeat says which links (a bit set of ids) carry the lane of its session, or will, and whether NACKs are answered.
   */
  announced(heartbeat: Datagram, links: number, isAnswering: boolean): void;
}

/** What the switch knows of stations at a peer, and peers of ours. */
interface Stations {
  /** Forgets what was learned at a peer. */
  forget(peer: number): void;
  /** A peer can be reached, perhaps again: what it wants may not be known. */
  reached(peer: number, now: number): void;
  /** A station that was learned at a peer is not there any more. */
  left(peer: number, vlan: number, high: number, low: number): void;
  /** What was learned at a direct peer is reached by a server from now on. */
  fallBack(peer: number, server: number): void;
  /** Tells the network behind a peer that the stations here are reached through us, by that peer. */
  announce(peer: number): void;
  /** The same of one station. */
  announceOne(peer: number, vlan: number, high: number, low: number): void;
}

/** Hears how peers can be reached. */
export interface PeerWatch {
  /** A peer can be reached, or no longer, or drains. */
  changed(peer: number, now: number): void;
  /** All links of a peer have been silent for their hold times: it is late, or gone. */
  silent(peer: number, now: number): void;
}

export interface LinkPorts {
  readonly messages: Messages;
  readonly resends: Resends;
  readonly runs: Runs;
  readonly laneOrder: LaneOrder;
  readonly stations: Stations;
  /** Tells the control thread; rare, so a plain object. */
  emit(event: DatapathEvent): void;
  /** Fills with random bytes. */
  random(into: Uint8Array): void;
}

/** What every part of the links stands on. */
export interface LinkBase {
  readonly tables: Tables;
  readonly stats: SharedStats;
  readonly drops: Drops;
  readonly arena: Arena;
  readonly wheel: TimerWheel;
  readonly ports: LinkPorts;
}
