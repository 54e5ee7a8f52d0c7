/** Frames out of datagrams: segments, bundles and pieces, each past the switch and on to the TAP and other peers. */

import { DROP } from '../../contract/drops.js';
import { PEER, PEER_WIDTH, type SharedStats } from '../../contract/stats.js';
import type { Arena } from '../../state/arena.js';
import type { Datagram } from '../../state/datagram.js';
import type { Drops } from '../../state/drops.js';
import { AT, type Observer } from '../../state/observer.js';
import type { Bridge } from '../../switch/bridge.js';
import { Frame } from '../../switch/frame.js';
import { LOCAL_PORT } from '../../switch/mac-table.js';
import type { PortSet } from '../../switch/multicast/port-set.js';
import type { StormControl } from '../../switch/storm.js';
import { dropReason, FLOOD, isDrop } from '../../switch/verdicts.js';
import type { Vlans } from '../../switch/vlans.js';
import { KIND } from '../../wire/header.js';
import { nextFrame } from './bundle.js';
import type { Delivery } from './delivery.js';
import type { Forwarder } from './forwarder.js';
import { PIECE, type Reassembly } from './pieces.js';
import { Segment } from './segment.js';
import { type Shares, WORK } from './shares.js';

/** Frames that came in pieces and are written and sent together. */
export const MOST_HELD = 64;

/** What frames are taken out with, and where they go. */
interface UnpackerParts {
  readonly arena: Arena;
  readonly bridge: Bridge;
  readonly storm: StormControl;
  readonly vlans: Vlans;
  /** The ports that the switch has selected for a frame. */
  readonly selected: PortSet;
  readonly reassembly: Reassembly;
  readonly delivery: Delivery;
  readonly forwarder: Forwarder;
  readonly shares: Shares;
  readonly stats: SharedStats;
  readonly drops: Drops;
  readonly observer: Observer;
}

export class Unpacker {
  /** The frame in hand, and the segment. */
  private readonly frame = new Frame();
  private readonly segment = new Segment();
  /** Slots of complete frames that have been handed on. */
  private readonly held = new Int32Array(MOST_HELD);
  private heldCount = 0;

  private readonly arena: Arena;
  private readonly bridge: Bridge;
  private readonly storm: StormControl;
  private readonly vlans: Vlans;
  private readonly selected: PortSet;
  private readonly reassembly: Reassembly;
  private readonly delivery: Delivery;
  private readonly forwarder: Forwarder;
  private readonly shares: Shares;
  private readonly stats: SharedStats;
  private readonly drops: Drops;
  private readonly observer: Observer;

  constructor(parts: UnpackerParts) {
    this.arena = parts.arena;
    this.bridge = parts.bridge;
    this.storm = parts.storm;
    this.vlans = parts.vlans;
    this.selected = parts.selected;
    this.reassembly = parts.reassembly;
    this.delivery = parts.delivery;
    this.forwarder = parts.forwarder;
    this.shares = parts.shares;
    this.stats = parts.stats;
    this.drops = parts.drops;
    this.observer = parts.observer;
  }

  /** Takes a datagram with frames by its kind. */
  unpack(datagram: Datagram): void {
    switch (this.arena.bytes[datagram.body]) {
      case KIND.SEGMENT:
        return this.takeSegment(datagram);
      case KIND.BUNDLE:
        return this.takeBundle(datagram);
      case KIND.PIECE:
        return this.takePiece(datagram);
      default:
        return this.drops.message(DROP['unknown-kind'], datagram);
    }
  }

  private takeSegment(datagram: Datagram): void {
    const { segment, frame, delivery, forwarder } = this;
    if (!segment.readPlace(this.arena, datagram)) return this.drops.message(DROP.malformed, datagram);
    this.count(datagram.peer, segment.headerLength + segment.payload);
    if ((this.observer.points & AT.PEER_IN) !== 0) this.showSegment(datagram);
    const isDelivered = delivery.continues(segment);
    if (isDelivered || forwarder.continues(segment)) {
      if (this.storm.isOn && this.isBeyond(datagram)) return;
      return isDelivered ? delivery.extend(segment) : forwarder.extend(segment);
    }
    segment.readFacts(this.arena, datagram);
    frame.place(segment.offset, segment.headerLength).describe(0, 0, 0);
    const verdict = this.decide(datagram);
    segment.moveTo(frame);
    if (isDrop(verdict)) return this.drops.frameIn(dropReason(verdict), frame, datagram);
    if (this.storm.isOn) this.storm.extend(datagram.peer, segment.payload);
    if (!this.takeFirst(verdict, datagram)) this.drops.frameIn(DROP['bad-offload'], frame, datagram);
  }

  /** Drops the segment in hand, which continues a run, if it is more than storm control allows. */
  private isBeyond(datagram: Datagram): boolean {
    const { segment, frame } = this;
    frame.place(segment.offset, segment.headerLength + segment.payload).describe(0, 0, 0);
    // Only the first segment of a run passes the switch.
    if (this.vlans.isOn) this.vlans.admit(datagram.peer, frame);
    const reason = this.storm.check(datagram.peer, frame, datagram.now);
    if (reason >= 0) this.drops.frameIn(reason, frame, datagram);
    return reason >= 0;
  }

  /** Starts a run with the segment in hand. Returns false when headers and facts do not belong together. */
  private takeFirst(verdict: number, datagram: Datagram): boolean {
    const { segment, forwarder } = this;
    if (verdict === LOCAL_PORT) return this.delivery.start(segment);
    if (verdict >= 0) return forwarder.begin(segment, verdict, datagram.now);
    const isSound = forwarder.single(segment, this.frame);
    if (isSound) this.flood(verdict, datagram);
    return isSound;
  }

  private takeBundle(datagram: Datagram): void {
    const { frame } = this;
    let at = datagram.body + 1;
    while (at < datagram.end) {
      at = nextFrame(this.arena.bytes, at, datagram.end, frame);
      if (at < 0) return this.drops.message(DROP.malformed, datagram);
      this.takeFrame(datagram);
    }
  }

  private takePiece(datagram: Datagram): void {
    const { reassembly } = this;
    const slot = reassembly.add(datagram);
    if (slot === PIECE.INCOMPLETE) return;
    if (slot < 0) {
      const reason = slot === PIECE.DUPLICATE ? DROP['piece-duplicate'] : DROP['piece-malformed'];
      return this.drops.message(reason, datagram);
    }
    reassembly.read(slot, this.frame);
    this.takeFrame(datagram);
    this.held[this.heldCount++] = slot;
    if (this.heldCount === this.held.length) this.finish();
  }

  /** Sends and writes all that was taken out; only then are the slots of frames that came in pieces free for the next ones. */
  finish(): void {
    this.forwarder.finish();
    this.delivery.flush();
    while (this.heldCount > 0) this.reassembly.release(this.held[--this.heldCount]);
  }

  private showSegment(datagram: Datagram): void {
    this.segment.readFacts(this.arena, datagram);
    this.observer.segmentFromPeer(datagram, this.segment);
  }

  /** Takes the frame in hand, which came whole. */
  private takeFrame(datagram: Datagram): void {
    this.count(datagram.peer, this.frame.length);
    this.shares.charge(datagram.peer, WORK.FRAME);
    if ((this.observer.points & AT.PEER_IN) !== 0) this.observer.fromPeer(datagram, this.frame);
    const { frame } = this;
    const verdict = this.decide(datagram);
    if (verdict === LOCAL_PORT) this.delivery.frame(frame);
    else if (isDrop(verdict)) this.drops.frameIn(dropReason(verdict), frame, datagram);
    else if (verdict >= 0) this.forwarder.toPeer(datagram.peer, verdict, frame, datagram.now);
    else this.flood(verdict, datagram);
  }

  /** Where the frame in hand goes. */
  private decide({ peer, now }: Datagram): number {
    const verdict = this.bridge.decide(peer, this.frame, now);
    if ((this.observer.points & AT.SWITCH) !== 0) this.observer.decided(peer, this.frame, verdict);
    return verdict;
  }

  /** To several ports. Peers first: the TAP's turn may rewrite headers. */
  private flood(verdict: number, datagram: Datagram): void {
    this.forwarder.flood(datagram.peer, verdict, this.frame, datagram.now);
    if (verdict !== FLOOD && !this.selected.has(LOCAL_PORT)) return;
    if (!this.vlans.isOn || this.vlans.carries(LOCAL_PORT, this.frame)) this.delivery.frame(this.frame);
  }

  private count(peer: number, length: number): void {
    this.stats.peers[peer * PEER_WIDTH + PEER.rxFrames]++;
    this.stats.peers[peer * PEER_WIDTH + PEER.rxBytes] += length;
  }
}
