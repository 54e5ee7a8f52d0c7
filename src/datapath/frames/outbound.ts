/**
 * The way of a frame out, in order of processing:
 *
 *   handleFrames   a batch from the TAP, each with its virtio header; frames of peers for other peers join in at toPeer
 *   (bridge.ts)    source learned, destination looked up: one peer, or all of them (flooding)
 *   toPeer         link chosen (dispatch.ts); by form: super-frame → SEGMENTs or larger than the path → PIECEs (cutter.ts),
 *                  small → BUNDLE (bundler.ts)
 *   (seal.ts)      sealed under the peer's session
 *   (dispatch.ts)  sent by the link that its policy picks
 *
 * Frames for one peer leave in the order they came.
 */

import { DROP } from '../../contract/drops.js';
import { INTERFACE, PEER, PEER_WIDTH, type SharedStats } from '../../contract/stats.js';
import { IS_AT_REST } from '../../contract/uplinks.js';
import type { Adaptive } from '../../link/lane/adaptive.js';
import type { LinkLife } from '../../link/life/life.js';
import { READ, VNET_HEADER } from '../../native/ops.js';
import type { Arena } from '../../state/arena.js';
import type { Drops } from '../../state/drops.js';
import { AT, type Observer } from '../../state/observer.js';
import type { PeerTable } from '../../state/peers.js';
import type { Tables } from '../../state/tables.js';
import type { Bridge } from '../../switch/bridge.js';
import { destinationHigh, destinationLow, Frame, isReserved, vlanId } from '../../switch/frame.js';
import { HeaderInfo, PROTOCOL_TCP, parseHeaders, TCP_HEADER } from '../../switch/headers.js';
import type { LoopProbe } from '../../switch/loop-probe.js';
import { LOCAL_PORT } from '../../switch/mac-table.js';
import type { PortSet } from '../../switch/multicast/port-set.js';
import type { Ports } from '../../switch/ports.js';
import { dropReason, FLOOD, SELECTED } from '../../switch/verdicts.js';
import type { Vlans } from '../../switch/vlans.js';
import { SEGMENT } from '../../wire/segment.js';
import { completeChecksum } from '../offload/checksum.js';
import { clampMss } from '../offload/mss.js';
import { GSO, readVirtio } from '../offload/virtio.js';
import { Dispatch } from '../send/dispatch.js';
import { Route } from '../send/route.js';
import type { Transmitter } from '../send/transmit.js';
import { Bundler } from './bundler.js';
import { Cutter } from './cutter.js';
import { isSentTwice } from './duplicate.js';
import { Recursion } from './recursion.js';
import type { Shares } from './shares.js';

/** A TCP segment without options and its Ethernet and IP headers; SYNs are longer, never shorter. */
const SHORTEST_TCP_FRAME = 54;
const LONGEST_SYN = 200;
/** Checksums that start further into a frame do not fit the header of a bundle or piece. */
const LARGEST_CSUM_START = 255;
const NO_PEER = -1;

/** What the way out is made of. */
interface OutboundParts {
  readonly arena: Arena;
  readonly tables: Tables;
  readonly bridge: Bridge;
  readonly ports: Ports;
  readonly vlans: Vlans;
  /** The ports that the switch has selected for a frame. */
  readonly selected: PortSet;
  readonly probe: LoopProbe;
  readonly transmit: Transmitter;
  readonly adaptive: Adaptive;
  readonly shares: Shares;
  readonly life: LinkLife;
  readonly stats: SharedStats;
  readonly drops: Drops;
  readonly observer: Observer;
}

export class Outbound {
  mssClamp = true;
  private readonly bytes: Uint8Array;
  private readonly peers: PeerTable;
  private readonly bridge: Bridge;
  private readonly ports: Ports;
  private readonly vlans: Vlans;
  private readonly selected: PortSet;
  private readonly probe: LoopProbe;
  private readonly transmit: Transmitter;
  private readonly shares: Shares;
  private readonly stats: SharedStats;
  private readonly drops: Drops;
  private readonly observer: Observer;
  private readonly dispatch: Dispatch;
  private readonly bundler: Bundler;
  private readonly cutter: Cutter;
  private readonly recursion: Recursion;
  private readonly life: LinkLife;
  /** Link whose own datagrams came out of the TAP in this batch; -1: none. */
  private cameBack = -1;
  /** A copy of the frame in hand has yet to be sealed. */
  private liesOpen = false;
  /** The frame in hand, and its way to the peer in hand. */
  private readonly frame = new Frame();
  private readonly route = new Route();
  private readonly headers = new HeaderInfo();

  constructor(parts: OutboundParts) {
    const { arena, tables, transmit, stats, drops, observer } = parts;
    const { peers } = tables;
    this.bytes = arena.bytes;
    this.peers = peers;
    this.bridge = parts.bridge;
    this.ports = parts.ports;
    this.vlans = parts.vlans;
    this.selected = parts.selected;
    this.probe = parts.probe;
    this.transmit = transmit;
    this.shares = parts.shares;
    this.stats = stats;
    this.drops = drops;
    this.observer = observer;
    this.life = parts.life;
    this.recursion = new Recursion(arena.bytes, tables);
    this.dispatch = new Dispatch(arena.bytes, tables, transmit, parts.adaptive);
    this.bundler = new Bundler(arena, peers, this.dispatch, transmit, stats);
    this.cutter = new Cutter({
      arena,
      peers,
      sessions: tables.sessions,
      bundler: this.bundler,
      dispatch: this.dispatch,
      transmit,
      stats,
      drops,
      observer,
    });
  }

  /** Takes `count` frames read from the TAP (`READ` rows) and sends them. */
  handleFrames(rows: Int32Array, count: number, now: number): void {
    const { frame } = this;
    this.route.now = now;
    let bytes = 0;
    for (let row = 0; row < count; row++) {
      const vnet = rows[row * READ.WORDS + READ.OFFSET];
      const length = rows[row * READ.WORDS + READ.LENGTH] - VNET_HEADER;
      bytes += length;
      readVirtio(this.bytes, vnet, frame);
      this.forward(frame.place(vnet + VNET_HEADER, length), now);
    }
    this.finish();
    if (this.cameBack >= 0) this.leaveRecursion(now);
    this.stats.interface[INTERFACE.tapRxFrames] += count;
    this.stats.interface[INTERFACE.tapRxBytes] += bytes;
  }

  /** The link waits before its next datagram follows the last one. */
  private leaveRecursion(now: number): void {
    this.life.cameBack(this.cameBack, now);
    this.cameBack = -1;
    this.transmit.flush();
  }

  private forward(frame: Frame, now: number): void {
    if ((this.observer.points & AT.TAP_IN) !== 0) this.observer.tapIn(frame);
    const own = this.recursion.linkOf(frame);
    if (own >= 0) {
      this.cameBack = own;
      return this.drops.frameOut(DROP['recursive-route'], frame);
    }
    const verdict = this.bridge.decide(LOCAL_PORT, frame, now);
    if ((this.observer.points & AT.SWITCH) !== 0) this.observer.decided(LOCAL_PORT, frame, verdict);
    if (verdict >= 0) this.toPeer(verdict, frame);
    else if (verdict === SELECTED) this.toSelected(frame);
    else if (verdict !== FLOOD) this.drops.frameOut(dropReason(verdict), frame);
    else if (this.flood(LOCAL_PORT, frame) === 0) this.drops.frameOut(DROP['no-peer'], frame);
    else this.stats.interface[INTERFACE.floodedFrames]++;
  }

  /** Sends a frame of one peer to another, or one of our own making; it leaves with `finish` at the latest. */
  sendOn(peer: number, frame: Frame, now: number): void {
    this.route.now = now;
    this.toPeer(peer, frame);
  }

  /** The same by every usable link: one that is lost or late by some of them does not matter. */
  sendByAllLinks(peer: number, frame: Frame, now: number): void {
    this.route.everywhere = true;
    this.sendOn(peer, frame, now);
    this.route.everywhere = false;
  }

  /** The same to all peers that a frame of `from` may pass to. Returns how many there were. */
  floodFrom(from: number, frame: Frame, now: number): number {
    this.route.now = now;
    return this.flood(from, frame);
  }

  /** The same to the peers that the switch has selected. Returns how many could be reached. */
  sendSelected(frame: Frame, now: number): number {
    this.route.now = now;
    return this.toSelected(frame);
  }

  /** Sends what is queued, the bundle being filled included. */
  finish(): void {
    this.bundler.close();
    this.transmit.flush();
  }

  private toSelected(frame: Frame): number {
    const { directs } = this.ports;
    const server = directs.isOn ? this.servedBy() : NO_PEER;
    const vlan = this.heldVlan(frame);
    let reached = 0;
    // A direct peer gets it by the server, like all others that the server has.
    let isServed = server < 0 || this.selected.has(server);
    for (let index = 0; index < this.selected.size; index++) {
      const chosen = this.selected.at(index);
      const goesByServer = server >= 0 && directs.isDirect(chosen);
      if (goesByServer && isServed) continue;
      isServed ||= goesByServer;
      const port = goesByServer ? server : chosen;
      if (port === LOCAL_PORT || !this.isReached(port) || this.ports.isHeld(port, vlan)) continue;
      if (!this.mayCarry(port, frame)) continue;
      this.copyTo(port, frame);
      reached++;
    }
    this.sealWhole();
    this.stats.interface[INTERFACE.multicastFrames]++;
    return reached;
  }

  /** Whether what goes to several peers goes to this one too. */
  private isReached(peer: number): boolean {
    const { session, lastLink, rests } = this.peers;
    return session[peer] >= 0 && lastLink[peer] >= 0 && (rests[peer] & IS_AT_REST) === 0;
  }

  /** A server that hands on what is flooded, so that direct peers do not get it from us as well; `NO_PEER`: none can. */
  private servedBy(): number {
    const { serverRows } = this.ports.directs;
    for (let index = 0; index < serverRows.length; index++) {
      const server = serverRows[index];
      if (this.isReached(server) && this.peers.activeLink[server] >= 0) return server;
    }
    return NO_PEER;
  }

  private mayCarry(peer: number, frame: Frame): boolean {
    return !this.vlans.isOn || this.vlans.carries(peer, frame);
  }

  /** To every peer that can be reached and that a frame of `from` may pass to, once. Returns how many there were. */
  private flood(from: number, frame: Frame): number {
    const { rows, count } = this.peers;
    const { directs } = this.ports;
    const isServed = directs.isOn && this.servedBy() >= 0;
    const vlan = this.heldVlan(frame);
    let reached = 0;
    for (let index = 0; index < count; index++) {
      const peer = rows[index];
      if (isServed && directs.isDirect(peer)) continue;
      if (!this.isReached(peer) || !this.ports.mayPass(from, peer)) continue;
      if (!this.mayCarry(peer, frame)) continue;
      if (this.ports.isHeld(peer, vlan)) this.sendToHeld(peer, frame);
      else this.copyTo(peer, frame);
      reached++;
    }
    this.sealWhole();
    return reached;
  }

  /** Nothing goes to a peer that is held but what bridges say to each other, and probes of other gateways, which say so. */
  private sendToHeld(peer: number, frame: Frame): void {
    const { bytes, probe } = this;
    const { offset } = frame;
    const high = destinationHigh(bytes, offset);
    const low = destinationLow(bytes, offset);
    if (isReserved(high, low)) return this.copyTo(peer, frame);
    if (!probe.isProbe(high, low) || probe.bodyOf(frame) < 0) return;
    // The mark is of this copy alone: others are sealed from where the frame lies.
    this.sealWhole();
    const isFirst = probe.holder(probe.bodyOf(frame)) === 0;
    if (isFirst) probe.mark(frame);
    this.copyTo(peer, frame);
    this.sealWhole();
    if (isFirst) probe.unmark(frame);
  }

  /** VLAN of a frame, where that matters because something is held. */
  private heldVlan({ offset, length }: Frame): number {
    return this.ports.holdsAny ? vlanId(this.bytes, offset, length) : 0;
  }

  /** To one of several: the frame is as before afterwards. */
  private copyTo(peer: number, frame: Frame): void {
    const { vlans } = this;
    const isUntagged = vlans.isOn && vlans.untags(peer, frame);
    if (isUntagged) {
      this.sealWhole();
      vlans.leave(peer, frame);
    }
    this.send(peer, frame);
    this.liesOpen ||= (vlans.isOn || this.ports.holdsAny) && this.bundler.linkFor(peer) < 0;
    if (!isUntagged) return;
    this.sealWhole();
    vlans.putBack(frame);
  }

  /** Before the frame in hand changes: copies of it that are in no bundle are sealed from where it lies. */
  private sealWhole(): void {
    if (this.liesOpen) this.finish();
    this.liesOpen = false;
  }

  private toPeer(peer: number, frame: Frame): void {
    if (this.vlans.isOn) this.vlans.leave(peer, frame);
    this.send(peer, frame);
  }

  private send(peer: number, frame: Frame): void {
    const { route, peers } = this;
    route.peer = peer;
    route.slot = peers.session[peer];
    if (route.slot < 0) return this.drops.frameOut(DROP['no-session'], frame, peer);
    if ((peers.rests[peer] & IS_AT_REST) !== 0) {
      return this.drops.frameOut(DROP['standby-uplink'], frame, peer);
    }
    this.shares.wants(peer);
    route.twice = peers.duplicates[peer] !== 0 && isSentTwice(peers, peer, this.bytes, frame);
    this.dispatch.choose(route, frame, this.bundler.linkFor(peer));
    if (route.link < 0) return this.drops.frameOut(DROP['no-usable-link'], frame, peer);
    this.stats.peers[peer * PEER_WIDTH + PEER.txFrames]++;
    this.stats.peers[peer * PEER_WIDTH + PEER.txBytes] += frame.length;
    if (route.twice) this.stats.interface[INTERFACE.duplicatedFrames]++;
    if (frame.gsoType === GSO.NONE) this.plainFrame(route, frame);
    else this.cutter.superFrame(route, frame);
  }

  private plainFrame(route: Route, frame: Frame): void {
    if (this.mssClamp) this.clamp(route, frame);
    if (frame.flags !== 0 && frame.csumStart > LARGEST_CSUM_START) {
      completeChecksum(this.bytes, frame.offset, frame.length, frame.csumStart, frame.csumOffset);
      frame.flags = 0;
    }
    if ((this.observer.points & AT.PEER_OUT) !== 0) this.observer.toPeer(route.peer, route.link, frame, 0);
    if (!this.bundler.add(route, frame)) this.cutter.pieces(route, frame);
  }

  /** Segments of the connection that a SYN opens shall fit one datagram of every usable link. */
  private clamp(route: Route, frame: Frame): void {
    const { headers } = this;
    const { offset, length } = frame;
    if (length < SHORTEST_TCP_FRAME || length > LONGEST_SYN) return;
    if (!parseHeaders(this.bytes, offset, length, headers) || headers.protocol !== PROTOCOL_TCP) return;
    const room = this.peers.smallestPlain[route.peer] - SEGMENT.BYTES - headers.l4 - TCP_HEADER;
    if (clampMss(this.bytes, offset, headers, room, frame.flags !== 0)) {
      this.stats.interface[INTERFACE.mssClamped]++;
    }
  }
}
