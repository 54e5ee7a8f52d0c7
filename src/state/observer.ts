/**
 * Copies for captures: each stage that a frame passes shows it here. While no capture runs, a stage finds that `points` is
 * 0 and does nothing.
 */
import {
  CaptureRing,
  type CaptureSettings,
  PACKET,
  PacketFacts,
  PLACE_WORDS,
  POINT,
  VERDICT,
} from '../contract/capture.js';
import { DROPPED, type DropFacts, REMOTE_WORDS } from '../contract/drop-examples.js';
import { PATH, SEND, VNET_HEADER, WRITE } from '../native/ops.js';
import type { Frame } from '../switch/frame.js';
import { FrameFilter } from '../switch/frame-filter.js';
import { LOCAL_PORT } from '../switch/mac-table.js';
import { dropReason, isDrop, SELECTED } from '../switch/verdicts.js';
import { isTunnel } from '../wire/segment.js';
import { type Datagram, ORIGIN } from './datagram.js';
import type { Tables } from './tables.js';

const NONE = -1;
/** Sets of points, as `points` has them. */
export const AT = {
  TAP_IN: 1 << POINT['tap-in'],
  TAP_OUT: 1 << POINT['tap-out'],
  SWITCH: 1 << POINT.switch,
  PEER_IN: 1 << POINT['peer-in'],
  PEER_OUT: 1 << POINT['peer-out'],
  LINK_IN: 1 << POINT['link-in'],
  LINK_OUT: 1 << POINT['link-out'],
  DROPS: 1 << POINT.drops,
} as const;

/** A capture that runs. */
interface Capture extends Readonly<Omit<CaptureSettings, 'ring' | 'filter'>> {
  readonly id: number;
  readonly ring: CaptureRing;
  readonly filter: FrameFilter | null;
}

/** Where the time is. */
export interface EngineClock {
  /** µs. */
  readonly now: number;
}

/** A segment of a super-frame: its headers at `offset` are the super-frame's, and its slice of the payload follows. */
interface SegmentPlace {
  readonly offset: number;
  readonly headerLength: number;
  readonly payload: number;
  readonly index: number;
  readonly count: number;
  readonly gsoType: number;
  readonly gsoSize: number;
  readonly tunnelL4: number;
  readonly innerL3: number;
}

export class Observer {
  /** The points that any capture watches. */
  points = 0;
  private captures: readonly Capture[] = [];
  private readonly facts = new PacketFacts();

  constructor(
    private readonly bytes: Uint8Array,
    private readonly tables: Pick<Tables, 'links' | 'sockets'>,
    private readonly clock: EngineClock,
  ) {}

  /** Time of the batch in hand, in µs. */
  get now(): number {
    return this.clock.now;
  }

  start(id: number, settings: CaptureSettings): void {
    const filter = settings.filter === null ? null : new FrameFilter(settings.filter);
    const ring = new CaptureRing(settings.ring);
    this.captures = [...this.captures, { ...settings, id, ring, filter }];
    this.sum();
  }

  stop(id: number): void {
    this.captures = this.captures.filter((capture) => capture.id !== id);
    this.sum();
  }

  /** The row of a peer is free, and may become another's. */
  peerRemoved(peer: number): void {
    this.captures = this.captures.filter((capture) => capture.peer !== peer);
    this.sum();
  }

  private sum(): void {
    this.points = this.captures.reduce((points, capture) => points | capture.points, 0);
  }

  // --- the stages -----------------------------------------------------------------------------------

  /** A frame came from the TAP. */
  tapIn(frame: Frame): void {
    this.frameFacts(POINT['tap-in'], frame, frame.gsoSize).isOut = false;
    this.offer(frame.offset);
  }

  /** The switch has decided on a frame that came in by `port`. */
  decided(port: number, frame: Frame, verdict: number): void {
    const facts = this.frameFacts(POINT.switch, frame, frame.gsoSize);
    facts.isOut = port === LOCAL_PORT;
    facts.peer = port === LOCAL_PORT ? NONE : port;
    if (isDrop(verdict)) this.setVerdict(VERDICT.DROP, dropReason(verdict));
    else if (verdict === LOCAL_PORT) this.setVerdict(VERDICT.TAP, 0);
    else if (verdict >= 0) this.setVerdict(VERDICT.PEER, verdict);
    else this.setVerdict(verdict === SELECTED ? VERDICT.SELECTED : VERDICT.FLOOD, 0);
    this.offer(frame.offset);
  }

  /** A frame is to be sealed for a peer; a super-frame in segments of `size` bytes. */
  toPeer(peer: number, link: number, frame: Frame, size: number): void {
    const facts = this.frameFacts(POINT['peer-out'], frame, size);
    facts.peer = peer;
    facts.link = this.tables.links.id[link];
    facts.isOut = true;
    this.offer(frame.offset);
  }

  /** A whole frame came from a peer. */
  fromPeer(datagram: Datagram, frame: Frame): void {
    const facts = this.frameFacts(POINT['peer-in'], frame, 0);
    facts.peer = datagram.peer;
    facts.link = datagram.linkId;
    facts.isOut = false;
    this.offer(frame.offset);
  }

  /** A segment came from a peer. */
  segmentFromPeer(datagram: Datagram, segment: SegmentPlace): void {
    const facts = this.clear(POINT['peer-in'], segment.headerLength + segment.payload);
    facts.packet = PACKET.SEGMENT;
    facts.peer = datagram.peer;
    facts.link = datagram.linkId;
    facts.gsoSize = segment.gsoSize;
    if (isTunnel(segment.gsoType)) this.setTunnel(segment);
    facts.index = segment.index;
    facts.isLast = segment.index === segment.count - 1;
    facts.isOut = false;
    this.offer(segment.offset);
  }

  /** A frame is written to the TAP: the record of `WRITE` at `at`, whose virtio-net header `frame` was filled from. */
  tapOut(frame: Frame, ops: Int32Array, at: number): void {
    const parts = at + WRITE.PARTS;
    const end = parts + 2 * ops[at + WRITE.COUNT];
    let length = -VNET_HEADER;
    for (let part = parts; part < end; part += 2) length += ops[part + 1];
    frame.place(ops[parts] + VNET_HEADER, length);
    const inFirst = ops[parts + 1] - VNET_HEADER;
    // The virtio-net header of a single frame stands by itself.
    const isApart = inFirst === 0 && ops[at + WRITE.COUNT] > 1;
    const headers = isApart ? ops[parts + 2] : frame.offset;
    const visible = isApart ? ops[parts + 3] : inFirst;
    this.frameFacts(POINT['tap-out'], frame, frame.gsoSize).isOut = true;
    const error = ops[at + WRITE.RESULT];
    if (error !== 0) this.setVerdict(VERDICT.REFUSED, -error);
    for (let index = 0; index < this.captures.length; index++) {
      const capture = this.captures[index];
      if (!this.wants(capture, headers, visible)) continue;
      const kept = this.keptBy(capture);
      if (!capture.ring.start(this.facts, kept)) continue;
      capture.ring.append(this.bytes, frame.offset, inFirst);
      for (let part = parts + 2; part < end; part += 2)
        capture.ring.append(this.bytes, ops[part], ops[part + 1]);
      capture.ring.end();
    }
  }

  /** A datagram arrived, not opened yet; `peer` is the row that it claims to be of, and `link` that of its path, or -1. */
  sealedIn(datagram: Datagram, peer: number, link: number): void {
    if (datagram.origin !== ORIGIN.SOCKET) return;
    const facts = this.clear(POINT['link-in'], datagram.length);
    facts.packet = PACKET.SEALED;
    facts.peer = peer;
    facts.link = link < 0 ? NONE : this.tables.links.id[link];
    facts.isOut = false;
    this.placeOf(datagram);
    this.offer(datagram.offset);
  }

  /** A send has been tried: the record of `SEND` at `at`; `link` is the row of its link, or -1. */
  sealedOut(rows: Int32Array, at: number, link: number): void {
    const { links, sockets } = this.tables;
    const offset = rows[at + SEND.OFFSET];
    const length = rows[at + SEND.LENGTH];
    const segment = rows[at + SEND.SEGMENT];
    const path = rows[at + SEND.PATH] * PATH.WORDS;
    for (let start = 0; start < length; start += segment) {
      const facts = this.clear(POINT['link-out'], Math.min(segment, length - start));
      facts.packet = PACKET.SEALED;
      facts.peer = link < 0 ? NONE : links.peer[link];
      facts.link = link < 0 ? NONE : links.id[link];
      facts.localPort = link < 0 ? 0 : sockets.port(links.socket[link]);
      facts.isOut = true;
      for (let word = 0; word < PLACE_WORDS; word++) facts.place[word] = links.paths[path + word];
      const error = rows[at + SEND.RESULT];
      if (error !== 0 && start >= rows[at + SEND.SENT]) this.setVerdict(VERDICT.REFUSED, -error);
      this.offer(offset + start);
    }
  }

  /** Something was dropped. */
  dropped(reason: number, drop: DropFacts, offset: number): void {
    this.dropFacts(POINT.drops, reason, drop);
    this.offer(offset);
  }

  /** A datagram was dropped unopened. */
  refused(reason: number, drop: DropFacts, datagram: Datagram): void {
    if (datagram.origin !== ORIGIN.SOCKET) return;
    this.dropFacts(POINT['link-in'], reason, drop);
    this.placeOf(datagram);
    this.offer(datagram.offset);
  }

  // --- facts ----------------------------------------------------------------------------------------

  private clear(point: number, length: number): PacketFacts {
    const { facts } = this;
    facts.point = point;
    facts.packet = PACKET.FRAME;
    facts.peer = NONE;
    facts.link = NONE;
    facts.verdict = VERDICT.NONE;
    facts.value = 0;
    facts.length = length;
    facts.gsoSize = 0;
    facts.index = 0;
    facts.isLast = true;
    facts.csumStart = 0;
    facts.csumOffset = 0;
    facts.tunnelL4 = 0;
    facts.innerL3 = 0;
    facts.timeUs = this.clock.now;
    facts.localPort = 0;
    facts.place[PATH.FAMILY] = 0;
    return facts;
  }

  private setTunnel({ tunnelL4, innerL3 }: Pick<Frame, 'tunnelL4' | 'innerL3'>): void {
    this.facts.tunnelL4 = tunnelL4;
    this.facts.innerL3 = innerL3;
  }

  private frameFacts(point: number, frame: Frame, gsoSize: number): PacketFacts {
    const facts = this.clear(point, frame.length);
    facts.gsoSize = frame.gsoType === 0 ? 0 : gsoSize;
    if (isTunnel(frame.gsoType)) this.setTunnel(frame);
    if ((frame.flags & NEEDS_CSUM) !== 0) {
      facts.csumStart = frame.csumStart;
      facts.csumOffset = frame.csumOffset;
    }
    return facts;
  }

  private dropFacts(point: number, reason: number, drop: DropFacts): void {
    const facts = this.clear(point, drop.length);
    facts.packet = packetOf(drop.form);
    facts.peer = drop.peer;
    facts.link = drop.link;
    facts.isOut = drop.isOut;
    for (let word = 0; word < REMOTE_WORDS; word++) facts.place[word] = drop.remote[word];
    for (let word = REMOTE_WORDS; word < PLACE_WORDS; word++) facts.place[word] = 0;
    this.setVerdict(VERDICT.DROP, reason);
  }

  private setVerdict(verdict: number, value: number): void {
    this.facts.verdict = verdict;
    this.facts.value = value;
  }

  private placeOf({ paths, path, socket }: Datagram): void {
    for (let word = 0; word < PLACE_WORDS; word++) this.facts.place[word] = paths[path + word];
    this.facts.localPort = this.tables.sockets.port(socket);
  }

  // --- copying --------------------------------------------------------------------------------------

  /** Gives the packet that the facts are of, at `offset`, to the captures that want it. */
  private offer(offset: number): void {
    for (let index = 0; index < this.captures.length; index++) {
      const capture = this.captures[index];
      if (!this.wants(capture, offset, this.facts.length)) continue;
      const kept = this.keptBy(capture);
      if (!capture.ring.start(this.facts, kept)) continue;
      capture.ring.append(this.bytes, offset, kept);
      capture.ring.end();
    }
  }

  /** Whether a capture wants the packet of which `visible` bytes stand at `offset`. */
  private wants(capture: Capture, offset: number, visible: number): boolean {
    const { facts } = this;
    if ((capture.points & (1 << facts.point)) === 0) return false;
    if (capture.link >= 0 && facts.link !== capture.link) return false;
    if (capture.peer >= 0 && facts.peer !== capture.peer) {
      if (facts.verdict !== VERDICT.PEER || facts.value !== capture.peer) return false;
    }
    if (capture.filter === null) return true;
    return facts.packet <= PACKET.SEGMENT && capture.filter.matches(this.bytes, offset, visible);
  }

  private keptBy({ snap, whole }: Capture): number {
    const { length, gsoSize } = this.facts;
    return gsoSize > 0 && !whole ? length : Math.min(length, snap);
  }
}

/** The virtio-net flag of a frame whose checksum is partial. */
const NEEDS_CSUM = 1;

function packetOf(form: number): number {
  if (form === DROPPED.FRAME) return PACKET.FRAME;
  return form === DROPPED.SEALED ? PACKET.SEALED : PACKET.MESSAGE;
}
