/**
 * IGMP and MLD snooping (RFC 4541): multicast goes to the ports that asked for it and to those with a router.
 *
 * It fails open. While no querier is known in a VLAN, or those asked have not had the time to answer, multicast is flooded;
 * a port that came later, or that wants more groups than it may, gets everything. Groups of one link (224.0.0.0/24,
 * ff02::/16), and what is no plain IP with at most one VLAN tag, are flooded always.
 *
 * Between peers the rule of RFC 4541 that reports go to routers only does not do: in a full mesh each sender must know for
 * itself who wants what. So reports go to all peers, and to the TAP only with a router behind it, lest hosts there hear
 * them and hold back their own (IGMPv2, MLDv1).
 */

import { readU16 } from '../../base/bytes.js';
import { Columns, float64, uint8 } from '../../base/columns.js';
import { DROP } from '../../contract/drops.js';
import type { MulticastSettings } from '../../contract/multicast-settings.js';
import {
  ETHERTYPE_IPV4,
  ETHERTYPE_IPV6,
  ethernetHeaderLength,
  type Frame,
  sourceHigh,
  sourceLow,
} from '../frame.js';
import { KeyedHash } from '../keyed-hash.js';
import { LOCAL_PORT } from '../mac-table.js';
import { dropFor, FLOOD, SELECTED } from '../verdicts.js';
import { FAMILIES, FAMILY, IpAddress } from './address.js';
import { GroupTable } from './group-table.js';
import { LAST_MEMBER_TIME_US, LastMember } from './last-member.js';
import { GroupMessage, MESSAGE } from './message.js';
import { isSwitchQuerier, type OwnFrames, OwnQuerier } from './own-querier.js';
import { PortSet } from './port-set.js';
import { type Asker, Queriers, querierRow } from './queriers.js';
import { Solicitation } from './solicitation.js';

const ONE_TAG = 18;
const IPV4_HEADER = 20;
const IPV6_HEADER = 40;
const SWEEP_ROWS = 256;
const SWEEP_PORTS = 8;
/** A query for a group that leaves less time than this, RFC 3376's default, gives hosts this much. */
const LEAST_RESPONSE_US = 1e6;

/** Where frames may pass by split horizon. */
interface Passage {
  readonly forwards: boolean;
  mayPass(from: number, to: number): boolean;
  reachesAll(port: number): boolean;
}

/** What is known of each port, whose row is the port + 1. */
class PortStates {
  /** Since when it is there. */
  opened = float64();
  /** Until when it wants more than could be noted. */
  overflowUntil = float64();
  /** Until when a router is behind it, by family. */
  routerUntil = float64(0, FAMILIES);
  /** 1: the operator says that a router is. */
  isRouter = uint8();
  readonly columns = new Columns(this, 'peers');
}

export class Snooping {
  isOn = false;
  /** After the verdict `SELECTED`: the ports that the frame goes to. */
  readonly selected = new PortSet();
  readonly groups: GroupTable;
  readonly queriers = new Queriers();
  readonly own: OwnQuerier;
  readonly solicitation: Solicitation;
  /** Ports that may have a router; whether one has, `isRouterPort` tells. */
  readonly routers = new PortSet();
  private floodsUnregistered = true;
  private fastLeave = false;
  /** Peers. */
  private readonly peers = new PortSet();
  /** Ports whose hosts may not all have been asked, or that want more than was noted. */
  readonly open = new PortSet();
  private readonly states = new PortStates();
  private readonly lastMember = new LastMember();
  private readonly message = new GroupMessage();
  private readonly target = new IpAddress();
  private readonly asker: Asker;
  private openNext = 0;

  /** `seed`: two random 32-bit words, for the hash of the table and the addresses of the querier. */
  constructor(
    private readonly bytes: Uint8Array,
    private readonly ports: Passage,
    out: OwnFrames,
    seed: readonly [number, number],
  ) {
    this.groups = new GroupTable(seed);
    const hash = new KeyedHash(seed[0], seed[1]);
    const { queriers, lastMember, message } = this;
    this.own = new OwnQuerier(queriers, lastMember, message, out, [hash.hash(0, 0), hash.hash(0, 1)]);
    this.solicitation = new Solicitation(queriers, this.own);
    this.asker = { port: LOCAL_PORT, address: message.source, macHigh: 0, macLow: 0 };
    this.states.columns.ensure(LOCAL_PORT + 2);
    this.open.add(LOCAL_PORT);
  }

  // --- what the operator wants, and ports that come and go ------------------------------------------

  configure(settings: MulticastSettings, now: number): void {
    if (settings.snooping && !this.isOn) this.restart(now);
    this.isOn = settings.snooping;
    this.floodsUnregistered = settings.floodsUnregistered;
    this.fastLeave = settings.fastLeave;
    this.states.isRouter[LOCAL_PORT + 1] = Number(settings.localRouter);
    if (settings.localRouter) this.routers.add(LOCAL_PORT);
    this.own.configure(this.isOn ? settings.querier : null);
  }

  /** A peer is there, or its settings have changed. */
  setPeer(peer: number, isRouter: boolean, now: number): void {
    this.states.columns.ensure(peer + 2);
    this.states.isRouter[peer + 1] = Number(isRouter);
    if (isRouter) this.routers.add(peer);
    if (this.peers.has(peer)) return;
    this.peers.add(peer);
    this.portOpened(peer, now);
  }

  /** A port can be reached, perhaps again: its hosts may want what is not known of. */
  portOpened(port: number, now: number): void {
    this.states.columns.ensure(port + 2);
    this.states.opened[port + 1] = now;
    this.open.add(port);
    this.own.portOpened(now);
  }

  /** Forgets what was heard of multicast routers and queriers behind a port that may have none. */
  disbelieve(port: number): void {
    this.queriers.forgetPort(port);
    this.states.routerUntil.fill(0, FAMILIES * (port + 1), FAMILIES * (port + 2));
  }

  peerRemoved(peer: number): void {
    this.peers.remove(peer);
    this.open.remove(peer);
    this.routers.remove(peer);
    this.groups.flushPort(peer);
    this.queriers.forgetPort(peer);
    if (peer + 1 < this.states.columns.capacity) this.states.columns.reset(peer + 1);
  }

  /** Sends queries that are due and removes what has expired, a part at a time. */
  sweep(now: number): void {
    if (!this.isOn) return;
    this.own.tick(now);
    this.solicitation.tick(now);
    this.groups.sweep(now, SWEEP_ROWS);
    for (let looked = Math.min(SWEEP_PORTS, this.open.size); looked > 0; looked--) this.sweepOpen(now);
    for (let index = this.routers.size - 1; index >= 0; index--) {
      const port = this.routers.at(index);
      if (!this.isRouterPort(port, FAMILY.IPV4, now) && !this.isRouterPort(port, FAMILY.IPV6, now))
        this.routers.remove(port);
    }
  }

  isRouterPort(port: number, family: number, now: number): boolean {
    const { isRouter, routerUntil } = this.states;
    return isRouter[port + 1] === 1 || now < routerUntil[FAMILIES * (port + 1) + family];
  }

  /** Whether the operator says that a router is behind a port. */
  isStaticRouter(port: number): boolean {
    return this.states.isRouter[port + 1] === 1;
  }

  // --- frames ---------------------------------------------------------------------------------------

  /**
   * Decides where a frame with a group address goes. Returns `FLOOD`, `SELECTED` (to the ports `selected`), the only port that
   * it goes to, or a verdict to drop.
   */
  decide(port: number, frame: Frame, vlan: number, now: number): number {
    const { bytes, target } = this;
    const header = ethernetHeaderLength(bytes, frame.offset, frame.length);
    if (header === 0 || header > ONE_TAG) return FLOOD;
    const l3 = frame.offset + header;
    const room = frame.length - header;
    const type = readU16(bytes, l3 - 2);
    if (type === ETHERTYPE_IPV4 && room >= IPV4_HEADER) target.readIpv4(bytes, l3 + 16);
    else if (type === ETHERTYPE_IPV6 && room >= IPV6_HEADER) target.readIpv6(bytes, l3 + 24);
    else return FLOOD;
    const family = type === ETHERTYPE_IPV4 ? FAMILY.IPV4 : FAMILY.IPV6;
    const row = querierRow(vlan, family);
    switch (this.message.read(bytes, frame, header)) {
      case MESSAGE.NONE:
        return this.data(port, vlan, row, now);
      case MESSAGE.MALFORMED:
        return dropFor(DROP['multicast-malformed']);
      case MESSAGE.QUERY:
        this.query(port, frame, vlan, row, now);
        return FLOOD;
      case MESSAGE.ROUTER:
        this.routerHeard(port, row, now);
        return FLOOD;
      default:
        this.report(port, vlan, row, now);
        return this.pathOfReport(port, row, now);
    }
  }

  private data(from: number, vlan: number, row: number, now: number): number {
    const { target, groups } = this;
    if (!target.isMulticast || target.isLinkScope || !this.queriers.isSettled(row, now)) return FLOOD;
    const group = groups.find(vlan, target);
    this.selected.clear();
    let isRegistered = false;
    for (let row = group < 0 ? -1 : groups.first(group); row >= 0; row = groups.next(row)) {
      if (!groups.isAlive(row, now)) continue;
      isRegistered = true;
      this.select(from, groups.portOf(row));
    }
    if (!isRegistered && this.floodsUnregistered) return FLOOD;
    this.selectRouters(from, row % FAMILIES, now);
    for (let index = 0; index < this.open.size; index++) {
      const port = this.open.at(index);
      if (this.isOpen(port, row, now)) this.select(from, port);
    }
    return this.selection();
  }

  private pathOfReport(from: number, row: number, now: number): number {
    if (from === LOCAL_PORT || !this.queriers.isSettled(row, now)) return FLOOD;
    this.selected.clear();
    if (this.ports.forwards) {
      for (let index = 0; index < this.peers.size; index++) this.select(from, this.peers.at(index));
    }
    this.selectRouters(from, row % FAMILIES, now);
    return this.selection();
  }

  private selectRouters(from: number, family: number, now: number): void {
    for (let index = 0; index < this.routers.size; index++) {
      const port = this.routers.at(index);
      if (this.isRouterPort(port, family, now)) this.select(from, port);
    }
  }

  private select(from: number, port: number): void {
    if (port === from) return;
    if (port === LOCAL_PORT || this.ports.mayPass(from, port)) this.selected.add(port);
  }

  private selection(): number {
    const { selected } = this;
    if (selected.size === 0) return dropFor(DROP['no-listener']);
    return selected.size === 1 ? selected.at(0) : SELECTED;
  }

  // --- what is heard --------------------------------------------------------------------------------

  private query(port: number, frame: Frame, vlan: number, row: number, now: number): void {
    const { message, asker, queriers, groups } = this;
    asker.port = port;
    asker.macHigh = sourceHigh(this.bytes, frame.offset);
    asker.macLow = sourceLow(this.bytes, frame.offset);
    this.own.spokenIn(vlan);
    if (!isSwitchQuerier(message.source)) this.routerHeard(port, row, now);
    // Clients that are kept from each other do not hear each other's questions.
    if (!this.ports.reachesAll(port)) return;
    const isQuerier = queriers.heard(row, asker, message, now);
    // A stranger's word ends no membership: only the querier is sure to be heard by all members.
    if (!isQuerier || message.group.isUnspecified || !message.isLast) return;
    const group = groups.find(vlan, message.group);
    if (group < 0) return;
    const end = now + 2 * Math.max(message.responseUs, LEAST_RESPONSE_US);
    for (let member = groups.first(group); member >= 0; member = groups.next(member))
      groups.endBy(member, end);
  }

  /** A multicast router is behind a port; `row` of `Queriers`. */
  routerHeard(port: number, row: number, now: number): void {
    this.states.columns.ensure(port + 2);
    this.states.routerUntil[FAMILIES * (port + 1) + (row % FAMILIES)] = now + this.queriers.hold(row);
    this.routers.add(port);
  }

  private report(port: number, vlan: number, row: number, now: number): void {
    const { message } = this;
    this.own.spokenIn(vlan);
    if (message.kind !== MESSAGE.RECORDS) return this.record(message.kind, port, vlan, row, now);
    for (let kind = message.nextRecord(); kind >= 0; kind = message.nextRecord())
      this.record(kind, port, vlan, row, now);
  }

  /** `message.group` is wanted behind a port, or no longer. */
  private record(kind: number, port: number, vlan: number, row: number, now: number): void {
    const { groups, message } = this;
    if (kind === MESSAGE.NONE || message.group.isLinkScope) return;
    if (kind === MESSAGE.JOIN) {
      const expires = now + this.queriers.hold(row);
      if (!groups.join(vlan, message.group, port, expires)) this.overflow(port, expires);
      return;
    }
    const group = groups.find(vlan, message.group);
    const membership = group < 0 ? -1 : groups.membershipOf(group, port);
    if (membership < 0) return;
    if (this.fastLeave && kind === MESSAGE.LEAVE) groups.remove(membership);
    else if (this.own.asks(row, now) && this.lastMember.add(vlan, message.group, port, now))
      groups.endBy(membership, now + LAST_MEMBER_TIME_US);
  }

  private overflow(port: number, until: number): void {
    this.states.columns.ensure(port + 2);
    this.states.overflowUntil[port + 1] = until;
    this.open.add(port);
  }

  // --- ports that get everything --------------------------------------------------------------------

  private isOpen(port: number, row: number, now: number): boolean {
    const { opened, overflowUntil } = this.states;
    return now < overflowUntil[port + 1] || !this.queriers.hasAsked(row, opened[port + 1], now);
  }

  /** Closes the next open port, if all behind it were asked in every VLAN that has a querier. */
  private sweepOpen(now: number): void {
    this.openNext = this.openNext + 1 < this.open.size ? this.openNext + 1 : 0;
    const port = this.open.at(this.openNext);
    for (let row = 0; row < this.queriers.rows; row++) {
      if (this.queriers.isPresent(row, now) && this.isOpen(port, row, now)) return;
    }
    if (now >= this.states.overflowUntil[port + 1] && this.isAnyPresent(now)) this.open.remove(port);
  }

  private isAnyPresent(now: number): boolean {
    for (let row = 0; row < this.queriers.rows; row++) if (this.queriers.isPresent(row, now)) return true;
    return false;
  }

  /** What was known may be out of date. */
  private restart(now: number): void {
    this.groups.clear();
    for (let row = 0; row < this.queriers.rows; row++) this.queriers.forget(row);
    this.portOpened(LOCAL_PORT, now);
    for (let index = 0; index < this.peers.size; index++) this.portOpened(this.peers.at(index), now);
  }
}
