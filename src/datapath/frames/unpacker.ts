/** Frames out of datagrams: segments, bundles and pieces, each past the switch and on to the TAP. */

import { DROP } from '../../contract/drops.js';
import { PEER, PEER_WIDTH, type SharedStats } from '../../contract/stats.js';
import type { Arena } from '../../state/arena.js';
import type { Datagram } from '../../state/datagram.js';
import type { Drops } from '../../state/drops.js';
import { type Bridge, dropReason, isDrop } from '../../switch/bridge.js';
import { Frame } from '../../switch/frame.js';
import { KIND } from '../../wire/header.js';
import { nextFrame } from './bundle.js';
import type { Delivery } from './delivery.js';
import { PIECE, type Reassembly } from './pieces.js';
import { Segment } from './segment.js';
import { type Shares, WORK } from './shares.js';

/** What frames are taken out with, and where they go. */
interface UnpackerParts {
  readonly arena: Arena;
  readonly bridge: Bridge;
  readonly reassembly: Reassembly;
  readonly delivery: Delivery;
  readonly shares: Shares;
  readonly stats: SharedStats;
  readonly drops: Drops;
}

export class Unpacker {
  /** The frame in hand, and the segment. */
  private readonly frame = new Frame();
  private readonly segment = new Segment();

  private readonly arena: Arena;
  private readonly bridge: Bridge;
  private readonly reassembly: Reassembly;
  private readonly delivery: Delivery;
  private readonly shares: Shares;
  private readonly stats: SharedStats;
  private readonly drops: Drops;

  constructor(parts: UnpackerParts) {
    this.arena = parts.arena;
    this.bridge = parts.bridge;
    this.reassembly = parts.reassembly;
    this.delivery = parts.delivery;
    this.shares = parts.shares;
    this.stats = parts.stats;
    this.drops = parts.drops;
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
    const { segment, delivery } = this;
    if (!segment.readPlace(this.arena, datagram)) return this.drops.message(DROP.malformed, datagram);
    this.count(datagram.peer, segment.headerLength + segment.payload);
    if (delivery.continues(segment)) return delivery.extend(segment);
    segment.readFacts(this.arena, datagram);
    this.frame.place(segment.offset, segment.headerLength);
    if (this.passes(datagram) && !delivery.start(segment))
      this.drops.frameIn(DROP['bad-offload'], this.frame, datagram);
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
    // Written before the slot is free for the next frame.
    this.delivery.flush();
    reassembly.release(slot);
  }

  /** Takes the frame in hand, which came whole. */
  private takeFrame(datagram: Datagram): void {
    this.count(datagram.peer, this.frame.length);
    this.shares.charge(datagram.peer, WORK.FRAME);
    if (this.passes(datagram)) this.delivery.frame(this.frame);
  }

  /** Whether the switch lets the frame in hand through to the TAP. */
  private passes(datagram: Datagram): boolean {
    const verdict = this.bridge.decide(datagram.peer, this.frame, datagram.now);
    if (!isDrop(verdict)) return true;
    this.drops.frameIn(dropReason(verdict), this.frame, datagram);
    return false;
  }

  private count(peer: number, length: number): void {
    this.stats.peers[peer * PEER_WIDTH + PEER.rxFrames]++;
    this.stats.peers[peer * PEER_WIDTH + PEER.rxBytes] += length;
  }
}
