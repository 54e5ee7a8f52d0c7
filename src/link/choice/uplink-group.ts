/**
 * Which peer of an uplink group carries: the best standing; then the one that carries already; then priority.
 *
 * Like a first-hop redundancy group (RFC 9568), but chosen by the client, which alone knows what it can reach.
 */
import type { UplinkCause } from '../../api/uplinks.js';

/**
 * How well a peer could carry. One that is silent may be gone: its links wait longer before they judge, but a move costs
 * nothing. A draining one carries as long as no other can.
 */
export const UPLINK_STANDING = { UNREACHABLE: 0, SILENT: 1, DRAINING: 2, READY: 3 } as const;

/** Why a peer is left, by its standing. */
const CAUSES: Readonly<Record<number, UplinkCause>> = {
  [UPLINK_STANDING.UNREACHABLE]: 'active-lost',
  [UPLINK_STANDING.SILENT]: 'active-silent',
  [UPLINK_STANDING.DRAINING]: 'active-drains',
};

/** So long after the first peer was found, a better one takes over without being asked to preempt. */
const SETTLING_US = 3_000_000;

export interface UplinkMember {
  peer: number;
  priority: number;
  standing: number;
  /** Since when it has its standing, in µs. */
  since: number;
}

export class UplinkGroup {
  /** In the order of their configuration. */
  readonly members: UplinkMember[] = [];
  /** The member that carries, or the last that did while none can; null before the first. */
  active: UplinkMember | null = null;
  /** Since when, in µs. */
  since = 0;
  cause: UplinkCause = 'first-reachable';
  moves = 0;
  /** For how long a peer of higher priority must have been ready before it takes over, in µs; null: it never does. */
  preemptUs: number | null = null;
  private settledAt = 0;

  constructor(readonly name: string) {}

  member(peer: number): UplinkMember | undefined {
    for (const member of this.members) if (member.peer === peer) return member;
    return undefined;
  }

  /** A member stands otherwise than before. */
  stands(member: UplinkMember, standing: number, now: number): void {
    if (member.standing === standing) return;
    member.standing = standing;
    member.since = now;
  }

  /** Decides again. Returns whether another peer carries from now on. */
  decide(now: number): boolean {
    const { active } = this;
    const best = this.best(now);
    if (best === null || best === active) return false;
    this.cause = this.causeOf(active, best);
    if (active === null) this.settledAt = now + SETTLING_US;
    this.active = best;
    this.since = now;
    this.moves++;
    return true;
  }

  private best(now: number): UplinkMember | null {
    let best: UplinkMember | null = null;
    for (const member of this.members) {
      if (member.standing === UPLINK_STANDING.UNREACHABLE) continue;
      if (best === null || this.goesBefore(member, best, now)) best = member;
    }
    return best;
  }

  private goesBefore(member: UplinkMember, other: UplinkMember, now: number): boolean {
    if (member.standing !== other.standing) return member.standing > other.standing;
    if (member === this.active) return !this.mayPreempt(other, member, now);
    if (other === this.active) return this.mayPreempt(member, other, now);
    return member.priority > other.priority;
  }

  /** Whether a peer takes over from one that works as well. */
  private mayPreempt(member: UplinkMember, active: UplinkMember, now: number): boolean {
    if (member.standing !== UPLINK_STANDING.READY || member.priority <= active.priority) return false;
    if (now < this.settledAt) return true;
    return this.preemptUs !== null && now - member.since >= this.preemptUs;
  }

  private causeOf(before: UplinkMember | null, next: UplinkMember): UplinkCause {
    if (before === null) return 'first-reachable';
    if (!this.members.includes(before)) return 'reconfigured';
    if (before.standing >= next.standing) return 'preempted';
    return CAUSES[before.standing] ?? 'reconfigured';
  }
}
