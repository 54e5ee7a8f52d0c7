/**
 * Frames that are longer than a datagram: super-frames are cut at their segment size into SEGMENTs, or smaller if the path
 * asks and it is TCP; frames larger than the path go in PIECEs.
 */

import { DROP } from '../../contract/drops.js';
import { INTERFACE, type SharedStats } from '../../contract/stats.js';
import { type Arena, PREFIX_BYTES } from '../../state/arena.js';
import type { Drops } from '../../state/drops.js';
import { AT, type Observer } from '../../state/observer.js';
import type { PeerTable } from '../../state/peers.js';
import { Plaintext } from '../../state/run.js';
import type { SessionTable } from '../../state/sessions.js';
import { Frame } from '../../switch/frame.js';
import { HeaderInfo, PROTOCOL_TCP, parseHeaders, parseTunnel } from '../../switch/headers.js';
import { CAPABILITY } from '../../wire/capabilities.js';
import { KIND } from '../../wire/header.js';
import { isTunnel, SEGMENT, segmentBytes, TUNNEL_SEGMENT } from '../../wire/segment.js';
import {
  checksumOffset,
  completeTunnelChecksum,
  SegmentRun,
  segmentCount,
  segmentHeader,
} from '../offload/superframe.js';
import { VIRTIO_FLAG } from '../offload/virtio.js';
import type { Dispatch } from '../send/dispatch.js';
import type { Route } from '../send/route.js';
import type { Transmitter } from '../send/transmit.js';
import type { Bundler } from './bundler.js';
import { MAX_PIECES, PIECE_HEADER, Piece, writePieceHeader } from './pieces.js';

/**
 * Longest headers that `parseTunnel` accepts in practice: two tags, and twice IPv6 with four extension headers of 2 KiB and
 * the longest header after that, Geneve's options between them.
 */
const LONGEST_HEADERS = 22 + 2 * (40 + 4 * 2048 + 60) + 512;
/** The header of a SEGMENT gives their length one byte. */
const LONGEST_IN_SEGMENT = 255;

/** What frames are cut with, and where the parts go. */
interface CutterParts {
  readonly arena: Arena;
  readonly peers: PeerTable;
  readonly sessions: SessionTable;
  readonly bundler: Bundler;
  readonly dispatch: Dispatch;
  readonly transmit: Transmitter;
  readonly stats: SharedStats;
  readonly drops: Drops;
  readonly observer: Observer;
}

export class Cutter {
  private readonly headers = new HeaderInfo();
  private readonly plaintext = new Plaintext();
  private readonly piece = new Piece();
  /** A segment that becomes a frame of its own; the headers of the super-frame; what they are written over. */
  private readonly segment = new Frame();
  private readonly run = new SegmentRun();
  private readonly original = new Uint8Array(LONGEST_HEADERS);
  private readonly overwritten = new Uint8Array(LONGEST_HEADERS);
  private prefixRow = 0;

  private readonly arena: Arena;
  private readonly peers: PeerTable;
  private readonly sessions: SessionTable;
  private readonly bundler: Bundler;
  private readonly dispatch: Dispatch;
  private readonly transmit: Transmitter;
  private readonly stats: SharedStats;
  private readonly drops: Drops;
  private readonly observer: Observer;

  constructor(parts: CutterParts) {
    this.arena = parts.arena;
    this.peers = parts.peers;
    this.sessions = parts.sessions;
    this.bundler = parts.bundler;
    this.dispatch = parts.dispatch;
    this.transmit = parts.transmit;
    this.stats = parts.stats;
    this.drops = parts.drops;
    this.observer = parts.observer;
  }

  /** Sends a super-frame. */
  superFrame(route: Route, frame: Frame): void {
    const { headers } = this;
    if (!this.parse(frame)) return this.drops.frameOut(DROP['tap-malformed'], frame, route.peer);
    const head = segmentBytes(frame.gsoType) + headers.headerLength;
    const room = this.peers.smallestPlain[route.peer] - head;
    if (room < 1) return this.drops.frameOut(DROP['tx-too-big'], frame, route.peer);
    const payload = frame.length - headers.headerLength;
    const size = frame.gsoSize;
    if (size === 0 || payload <= 0) return this.drops.frameOut(DROP['tap-malformed'], frame, route.peer);
    this.bundler.close();
    // TCP may be cut anywhere; the borders of UDP datagrams mean something.
    const isSplit = (size > room && headers.protocol !== PROTOCOL_TCP) || !this.isKnown(route);
    const cutSize = isSplit ? size : Math.min(size, room);
    if ((this.observer.points & AT.PEER_OUT) !== 0) {
      this.observer.toPeer(route.peer, route.link, frame, cutSize);
    }
    if (isSplit) this.split(route, frame);
    else this.segments(route, frame, cutSize);
  }

  private parse(frame: Frame): boolean {
    const { bytes } = this.arena;
    const { offset, length, tunnelL4, innerL3 } = frame;
    if (!isTunnel(frame.gsoType)) return parseHeaders(bytes, offset, length, this.headers);
    return parseTunnel(bytes, offset, length, tunnelL4, innerL3, this.headers);
  }

  /** Whether the peer can take the headers in hand in a SEGMENT. */
  private isKnown(route: Route): boolean {
    const { headerLength, tunnelL4 } = this.headers;
    if (headerLength > LONGEST_IN_SEGMENT) return false;
    return tunnelL4 === 0 || (this.sessions.capabilities[route.slot] & CAPABILITY.TUNNEL_SEGMENTS) !== 0;
  }

  /** Sends a super-frame, whose headers are in hand, as segments of `size` bytes of payload. */
  private segments(route: Route, frame: Frame, size: number): void {
    const { bytes, view } = this.arena;
    const { headerLength } = this.headers;
    const payload = frame.length - headerLength;
    const superId = this.peers.superId[route.peer];
    this.peers.superId[route.peer] = superId + 1;
    const prefix = this.prefix();
    bytes[prefix + SEGMENT.KIND] = KIND.SEGMENT;
    bytes[prefix + SEGMENT.GSO_TYPE] = frame.gsoType;
    view.setUint16(prefix + SEGMENT.SUPER_ID, superId);
    view.setUint16(prefix + SEGMENT.INDEX, 0);
    view.setUint16(prefix + SEGMENT.COUNT, segmentCount(payload, size));
    view.setUint16(prefix + SEGMENT.GSO_SIZE, size);
    bytes[prefix + SEGMENT.HEADER_LENGTH] = headerLength;
    bytes[prefix + TUNNEL_SEGMENT.TUNNEL_L4] = frame.tunnelL4;
    bytes[prefix + TUNNEL_SEGMENT.INNER_L3] = frame.innerL3;
    this.plaintext
      .set(prefix, segmentBytes(frame.gsoType), SEGMENT.INDEX, frame.offset + headerLength, payload, size)
      .setHead(frame.offset, headerLength);
    this.dispatch.seal(route, this.plaintext);
  }

  /** A super-frame whose segments the path or the peer cannot take as such: each becomes a frame of its own. */
  private split(route: Route, frame: Frame): void {
    const { bytes } = this.arena;
    const { headers, segment, run, original, overwritten } = this;
    const { headerLength } = headers;
    const size = frame.gsoSize;
    const payload = frame.length - headerLength;
    const count = segmentCount(payload, size);
    segment.describe(VIRTIO_FLAG.NEEDS_CSUM, headers.l4, checksumOffset(headers));
    run.gsoSize = size;
    copy(bytes, frame.offset, original, 0, headerLength);
    for (let index = 0; index < count; index++) {
      const at = frame.offset + index * size;
      run.index = index;
      run.payload = Math.min(size, payload - index * size);
      run.isLast = index === count - 1;
      // The headers of a segment are written over the payload in front of it, which the next peer needs again.
      copy(bytes, at, overwritten, 0, headerLength);
      copy(original, 0, bytes, at, headerLength);
      segmentHeader(bytes, at, headers, run);
      completeTunnelChecksum(bytes, at, headers);
      segment.place(at, headerLength + run.payload);
      if (!this.bundler.add(route, segment)) this.pieces(route, segment);
      this.bundler.close();
      this.transmit.flush();
      copy(overwritten, 0, bytes, at, headerLength);
    }
  }

  /** Sends a frame in pieces of equal size. */
  pieces(route: Route, frame: Frame): void {
    const { offset, length } = frame;
    const { piece } = this;
    const room = this.peers.smallestPlain[route.peer] - PIECE_HEADER;
    const count = room < 1 ? MAX_PIECES + 1 : Math.ceil(length / room);
    if (count > MAX_PIECES) return this.drops.frameOut(DROP['tx-too-big'], frame, route.peer);
    const size = Math.ceil(length / count);
    piece.frameId = this.peers.frameId[route.peer];
    piece.count = count;
    this.peers.frameId[route.peer] = piece.frameId + 1;
    this.stats.interface[INTERFACE.piecesSent] += count;
    for (piece.index = 0; piece.index < count; piece.index++) {
      const prefix = this.prefix();
      const before = piece.index * size;
      const part = Math.min(size, length - before);
      this.arena.bytes[prefix] = KIND.PIECE;
      writePieceHeader(this.arena.bytes, prefix, piece, frame);
      this.plaintext.set(prefix, PIECE_HEADER, -1, offset + before, part, part);
      this.dispatch.seal(route, this.plaintext);
    }
  }

  /** Room for a prefix; rows come round long after the batch that used them was sealed. */
  private prefix(): number {
    this.prefixRow = (this.prefixRow + 1) % this.arena.outboundPrefixRows;
    return this.arena.prefixBase + this.prefixRow * PREFIX_BYTES;
  }
}

/** For the few bytes of headers: a view of each would cost an allocation. */
function copy(from: Uint8Array, fromAt: number, to: Uint8Array, toAt: number, length: number): void {
  for (let at = 0; at < length; at++) to[toAt + at] = from[fromAt + at];
}
