/**
 * When links were last heard, and how long silence may last. Any authentic datagram counts as life.
 *
 * Two kinds of silence are excused: this thread was late itself (a late wake-up, a suspended machine), or the peer fell
 * silent on all its links at once, so that it seems to be late rather than one of them dead.
 */
import { isAlive } from '../../contract/link-states.js';
import { type LinkTable, NEVER } from '../../state/links.js';
import type { PeerTable } from '../../state/peers.js';
import type { Tables } from '../../state/tables.js';

/** Heartbeats of the peer that must be missed at least, when they come more slowly than our hold time expects. */
const DETECT_MULTIPLIER = 3;
/** A heartbeat is missed after so many of the peer's intervals without one: networks delay some. */
const MISSED_INTERVALS = 1.5;
/** Links of a peer that were heard last within this many of its intervals fell silent together. */
const STALL_INTERVALS = 1.25;
/** Such a silence may last this many hold times before it is believed. */
const STALL_HOLDS = 3;

export class Liveness {
  private readonly peers: PeerTable;
  private readonly links: LinkTable;
  /** This thread was late, and what came meanwhile has not all been taken in: nobody knows when it came. */
  isCatchingUp = false;
  /** How late this thread has been in all, in µs. */
  private lateness = 0;

  constructor(tables: Tables) {
    this.peers = tables.peers;
    this.links = tables.links;
  }

  /** This thread was late by `lateUs`: silence of that length is not the links' fault. */
  stalled(lateUs: number): void {
    this.lateness += lateUs;
    this.isCatchingUp = true;
  }

  /** All that had come while this thread was late has been taken in. */
  caughtUp(): void {
    this.isCatchingUp = false;
  }

  /** The peer was heard on this link. */
  heard(link: number, now: number): void {
    this.links.heard(link, now, this.lateness);
  }

  /** What was heard on this link counts no more. */
  forget(link: number): void {
    this.links.heard(link, NEVER, this.lateness);
  }

  /** How late this thread has been since the link was last heard, in µs. */
  ownStallUs(link: number): number {
    return this.lateness - this.links.latenessHeard[link];
  }

  /**
   * Hold time in force, in µs: ours, or three heartbeats of a peer whose heartbeats come more slowly than we expect.
   */
  holdOf(link: number): number {
    return Math.max(this.links.holdUs[link], this.links.peerIntervalUs[link] * DETECT_MULTIPLIER);
  }

  /** When the hold time of a link ends if nothing more is heard. */
  deadlineOf(link: number): number {
    return this.heardOrExcused(link) + this.holdOf(link);
  }

  /** Whether a heartbeat of the peer should have come by now. */
  isBeatMissed(link: number, now: number): boolean {
    return now > this.missedFrom(link);
  }

  /** Until when a heartbeat of the peer should have come. */
  missedFrom(link: number): number {
    return this.heardOrExcused(link) + MISSED_INTERVALS * this.peerInterval(link);
  }

  /** Time between two heartbeats of the peer, in µs; ours while its own is unknown. */
  peerInterval(link: number): number {
    return this.links.peerIntervalUs[link] || this.links.intervalUs[link];
  }

  /** Whether the peer has been heard on this link within its hold time. */
  isHeard(link: number, now: number): boolean {
    const { links } = this;
    // After a stall of this thread a link in use is believed in until it has had its time to be heard again.
    const heard = isAlive(links.state[link]) ? this.heardOrExcused(link) : links.lastHeard[link];
    return now - heard < this.holdOf(link) || this.isPeerStalled(link, now);
  }

  /**
   * Whether the peer itself seems to be late rather than this link dead: it fell silent on all its links at once. Then
   * no link is better than another, so none is left before the silence has lasted `STALL_HOLDS` hold times.
   */
  isPeerStalled(link: number, now: number): boolean {
    const { links, peers } = this;
    if (!isAlive(links.state[link])) return false;
    if (now - this.heardOrExcused(link) >= STALL_HOLDS * this.holdOf(link)) return false;
    const together = links.lastHeard[link] + STALL_INTERVALS * this.peerInterval(link);
    const peer = links.peer[link];
    let others = 0;
    for (let other = peers.nextLink(peer); other >= 0; other = peers.nextLink(peer, other)) {
      if (other === link || !isAlive(links.state[other])) continue;
      if (links.lastHeard[other] > together) return false;
      others++;
    }
    return others > 0;
  }

  private heardOrExcused(link: number): number {
    return this.links.lastHeard[link] + this.ownStallUs(link);
  }
}
