/**
 * Uplinks: of a group of servers one carries our frames; the others are kept ready with sessions and links up.
 *
 * Each server hears in every heartbeat whether it is a standby: then it floods nothing to us and learns nothing from us.
 * When another one takes over, it hears so first; the one before it is told once the new one has answered, so that at
 * every moment at least one of them serves us. Until then we take floods from the one before, and afterwards from the
 * new one: never twice.
 */
import type { UplinkRole } from '../../api/uplinks.js';
import {
  AT_REST,
  type UplinkGroupSettings,
  type UplinkRow,
  type UplinkSettings,
} from '../../contract/uplinks.js';
import { STANDBY } from '../../wire/heartbeat.js';
import { type Selection, STANDING } from '../choice/selection.js';
import { UPLINK_STANDING, UplinkGroup, type UplinkMember } from '../choice/uplink-group.js';
import type { BeatSender, LinkBase } from '../ports.js';

/** So long the new server may take to answer before the one before it is told anyhow. */
const PATIENCE_US = 1_000_000;
const NO_PEER = -1;
const U32 = 2 ** 32;

/** A move under way: the server before has not been told yet. */
interface Handover {
  from: number;
  to: number;
  at: number;
}

export class Uplinks {
  private readonly groups = new Map<string, UplinkGroup>();
  private readonly groupOf = new Map<number, UplinkGroup>();
  private readonly handovers = new Map<UplinkGroup, Handover>();
  /** By peer: the sender's clock in the heartbeat that last told of its being a client at rest. */
  private readonly saidAt = new Map<number, number>();

  constructor(
    private readonly base: LinkBase,
    private readonly selection: Selection,
    private readonly beats: BeatSender,
  ) {}

  // --- configuration --------------------------------------------------------------------------------

  /** How groups decide; a group that is not named does not preempt. */
  setGroups(settings: readonly UplinkGroupSettings[]): void {
    for (const group of this.groups.values()) group.preemptUs = null;
    for (const { name, preemptUs } of settings) this.groupNamed(name).preemptUs = preemptUs;
    this.forgetEmpty();
  }

  /** A peer is an uplink, or none (null). */
  configure(peer: number, settings: UplinkSettings | null, now: number): void {
    const before = this.groupOf.get(peer);
    const known = before?.member(peer);
    if (before !== undefined && settings?.group !== before.name) this.leave(peer, now);
    if (settings === null) return;
    if (known !== undefined && before?.name === settings.group) known.priority = settings.priority;
    else this.join(peer, settings, now);
    this.settle(this.groupNamed(settings.group), now);
  }

  private join(peer: number, { group: name, priority }: UplinkSettings, now: number): void {
    const group = this.groupNamed(name);
    const standing = this.standingOf(peer);
    group.members.push({ peer, priority, standing, since: now });
    this.groupOf.set(peer, group);
    this.rest(peer, true, now);
  }

  private leave(peer: number, now: number): void {
    const group = this.forget(peer);
    this.rest(peer, false, now);
    if (group !== undefined) this.settle(group, now);
  }

  /** A peer has gone; its row will be another's. */
  peerRemoved(peer: number): void {
    this.forget(peer);
    this.saidAt.delete(peer);
  }

  private forget(peer: number): UplinkGroup | undefined {
    const group = this.groupOf.get(peer);
    if (group === undefined) return undefined;
    this.groupOf.delete(peer);
    group.members.splice(
      group.members.findIndex((one) => one.peer === peer),
      1,
    );
    if (group.active?.peer === peer) group.active = null;
    const handover = this.handovers.get(group);
    if (handover?.from === peer || handover?.to === peer) this.handovers.delete(group);
    return group;
  }

  private groupNamed(name: string): UplinkGroup {
    const found = this.groups.get(name) ?? new UplinkGroup(name);
    this.groups.set(name, found);
    return found;
  }

  private forgetEmpty(): void {
    for (const [name, group] of this.groups) {
      if (group.members.length === 0 && group.preemptUs === null) this.groups.delete(name);
    }
  }

  // --- our uplinks ----------------------------------------------------------------------------------

  changed(peer: number, now: number): void {
    const group = this.groupOf.get(peer);
    const member = group?.member(peer);
    if (group === undefined || member === undefined) return;
    const standing = this.standingOf(peer);
    // Links that still wait for a silent peer say nothing of it; only a heartbeat does.
    const isSilent = member.standing === UPLINK_STANDING.SILENT && standing !== UPLINK_STANDING.UNREACHABLE;
    if (!isSilent) group.stands(member, standing, now);
    this.settle(group, now);
  }

  /** The servers that carry, and could be left for others. */
  get actives(): readonly number[] {
    const actives: number[] = [];
    for (const { active, members } of this.groups.values())
      if (active !== null && members.length > 1) actives.push(active.peer);
    return actives;
  }

  silent(peer: number, now: number): void {
    const group = this.groupOf.get(peer);
    const member = group?.member(peer);
    if (group === undefined || member === undefined) return;
    group.stands(member, UPLINK_STANDING.SILENT, now);
    this.settle(group, now);
  }

  /** Time has passed: a better peer may take over, and a server before may be told without an answer of the new one. */
  sweep(now: number): void {
    for (const [group, { at }] of this.handovers) if (now - at >= PATIENCE_US) this.finish(group, now);
    for (const group of this.groups.values()) this.settle(group, now);
  }

  private standingOf(peer: number): number {
    const { peers } = this.base.tables;
    const link = peers.activeLink[peer];
    if (peers.session[peer] < 0 || link < 0) return UPLINK_STANDING.UNREACHABLE;
    const drains = this.selection.standingOf(link) === STANDING.DRAINED;
    return drains ? UPLINK_STANDING.DRAINING : UPLINK_STANDING.READY;
  }

  private settle(group: UplinkGroup, now: number): void {
    const before = group.active?.peer ?? NO_PEER;
    if (!group.decide(now) || group.active === null) return;
    const { peer } = group.active;
    const { stations, emit } = this.base.ports;
    this.finish(group, now);
    if (before >= 0) {
      this.setRests(before, AT_REST.UPLINK, true);
      stations.forget(before);
    }
    this.setRests(peer, AT_REST.UPLINK | AT_REST.TOLD, false);
    this.beatAll(peer, now);
    stations.announce(peer);
    stations.reached(peer, now);
    emit({ kind: 'uplink', group: group.name, peer, before, cause: group.cause, atUs: now });
    if (before < 0) return;
    this.setRests(peer, AT_REST.UNCONFIRMED, true);
    this.handovers.set(group, { from: before, to: peer, at: now });
    if (this.standingOf(before) === UPLINK_STANDING.UNREACHABLE) this.finish(group, now);
  }

  /** The server before hears that it is a standby now. */
  private finish(group: UplinkGroup, now: number): void {
    const handover = this.handovers.get(group);
    this.handovers.delete(group);
    if (handover === undefined) return;
    this.setRests(handover.to, AT_REST.UNCONFIRMED, false);
    if (group.active?.peer !== handover.from) this.rest(handover.from, true, now);
  }

  private rest(peer: number, isAtRest: boolean, now: number): void {
    this.setRests(peer, AT_REST.UPLINK | AT_REST.TOLD, isAtRest);
    this.beatAll(peer, now);
  }

  private beatAll(peer: number, now: number): void {
    const { peers, links } = this.base.tables;
    for (let link = peers.nextLink(peer); link >= 0; link = peers.nextLink(peer, link)) {
      if (links.hasPath(link)) this.beats.beat(link, now);
    }
  }

  private setRests(peer: number, bits: number, isAtRest: boolean): void {
    const { rests } = this.base.tables.peers;
    rests[peer] = isAtRest ? rests[peer] | bits : rests[peer] & ~bits;
  }

  // --- heartbeats -----------------------------------------------------------------------------------

  /**
   * A heartbeat of a peer came. `flags`: what it says; `sentAt`: its sender's clock, low 32 bits; `echoedAt`: when the
   * heartbeat of ours was sent that it answers, or 0.
   */
  heard(peer: number, flags: number, sentAt: number, echoedAt: number, now: number): void {
    const group = this.groupOf.get(peer);
    const member = group?.member(peer);
    if (group !== undefined && member?.standing === UPLINK_STANDING.SILENT) {
      group.stands(member, this.standingOf(peer), now);
      this.settle(group, now);
    }
    const handover = group === undefined ? undefined : this.handovers.get(group);
    if (group !== undefined && handover?.to === peer && echoedAt >= handover.at) this.finish(group, now);
    const says = (flags & STANDBY) !== 0;
    const { rests } = this.base.tables.peers;
    const knew = (rests[peer] & AT_REST.DOWNLINK) !== 0;
    // Heartbeats by several links overtake each other: the latest by its sender's clock counts.
    const last = this.saidAt.get(peer);
    if (last !== undefined && (sentAt - last + U32) % U32 >= U32 / 2) return;
    if (says || knew) this.saidAt.set(peer, sentAt);
    if (says === knew) return;
    this.setRests(peer, AT_REST.DOWNLINK, says);
    if (says) this.base.ports.stations.forget(peer);
    else this.base.ports.stations.reached(peer, now);
  }

  /** A peer has another session: perhaps it was started again, and its clock with it. */
  sessionChanged(peer: number): void {
    this.saidAt.delete(peer);
  }

  // --- questions ------------------------------------------------------------------------------------

  status(now: number): UplinkRow[] {
    return [...this.groups.values()]
      .filter(({ members }) => members.length > 0)
      .map((group) => ({
        group: group.name,
        active: group.active?.peer ?? NO_PEER,
        cause: group.cause,
        ageUs: now - group.since,
        moves: group.moves,
        preemptUs: group.preemptUs,
        members: group.members.map((member) => ({
          peer: member.peer,
          priority: member.priority,
          role: roleOf(group, member),
        })),
      }));
  }
}

function roleOf(group: UplinkGroup, member: UplinkMember): UplinkRole {
  if (member.standing === UPLINK_STANDING.UNREACHABLE) return 'unreachable';
  if (member.standing === UPLINK_STANDING.SILENT) return 'silent';
  if (member === group.active) return 'active';
  return member.standing === UPLINK_STANDING.DRAINING ? 'draining' : 'standby';
}
