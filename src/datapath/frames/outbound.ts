/**
 * The way of a frame out, in order of processing:
 *
 *   handleFrames   a batch from the TAP, each with its virtio header
 *   forward        source learned, destination looked up: one peer, or all of them (flooding)
 *   toPeer         by form: super-frame → SEGMENTs, small → BUNDLE, larger than the path → PIECEs
 *   (seal.ts)      sealed under the peer's session
 *   (dispatch.ts)  sent by the link that its policy picks
 *
 * Frames for one peer leave in the order they came.
 */

import { DROP } from '../../contract/drops.js';
import { READ, VNET_HEADER } from '../../contract/ops.js';
import { INTERFACE, PEER, PEER_WIDTH, type SharedStats } from '../../contract/stats.js';
import type { Adaptive } from '../../link/lane/adaptive.js';
import { type Arena, PREFIX_BYTES } from '../../state/arena.js';
import type { LinkTable } from '../../state/links.js';
import { NO_LINK, type PeerTable, POLICY } from '../../state/peers.js';
import { Plaintext, SealedRun } from '../../state/run.js';
import { NO_SESSION } from '../../state/sessions.js';
import {
  destinationHigh,
  destinationLow,
  isGroup,
  isReserved,
  isRunt,
  sourceHigh,
  sourceLow,
  vlanId,
} from '../../switch/frame.js';
import { HeaderInfo, PROTOCOL_TCP, parseHeaders } from '../../switch/headers.js';
import { LOCAL_PORT, type MacTable, MISS } from '../../switch/mac-table.js';
import { KIND, LANE_STREAM, OUTER, SEALED_OVERHEAD } from '../../wire/header.js';
import { SEGMENT } from '../../wire/segment.js';
import { completeChecksum } from '../offload/checksum.js';
import { clampMss } from '../offload/mss.js';
import { segmentCount, segmentHeader, TCP_CHECKSUM, UDP_CHECKSUM } from '../offload/superframe.js';
import {
  GSO,
  VIRTIO_FLAG,
  virtioCsumOffset,
  virtioCsumStart,
  virtioFlags,
  virtioGsoSize,
  virtioGsoType,
} from '../offload/virtio.js';
import { Dispatch } from '../send/dispatch.js';
import type { Sealer } from '../send/seal.js';
import type { Transmitter } from '../send/transmit.js';
import { appendFrame, bundledLength } from './bundle.js';
import { isSentTwice } from './duplicate.js';
import { MAX_PIECES, PIECE_HEADER, writePieceHeader } from './pieces.js';

const TCP_HEADER = 20;
/** A TCP segment without options and its Ethernet and IP headers; SYNs are longer, never shorter. */
const SHORTEST_TCP_FRAME = 54;
const LONGEST_SYN = 200;

export class Outbound {
  mssClamp = true;
  /** Facts of the frame in hand, from its virtio header. */
  private flags = 0;
  private gsoType = 0;
  private gsoSize = 0;
  private csumStart = 0;
  private csumOffset = 0;
  /** Whether the frame in hand goes to the peer in hand twice. */
  private twice = false;
  /** Whether it goes by the striped lane. */
  private lane = false;
  private readonly headers = new HeaderInfo();
  private prefixRow = 0;
  private now = 0;
  private readonly dispatch: Dispatch;
  private readonly plaintext = new Plaintext();
  private readonly run = new SealedRun();

  /** The bundle being filled: its peer, link, session, where its plaintext starts and ends. */
  private bundlePeer = -1;
  private bundleLink = NO_LINK;
  private bundleSlot = NO_SESSION;
  private bundleLane = false;
  private bundleTwice = false;
  private bundleStart = 0;
  private bundleEnd = 0;
  private bundleLimit = 0;

  constructor(
    private readonly arena: Arena,
    private readonly peers: PeerTable,
    links: LinkTable,
    private readonly macs: MacTable,
    private readonly sealer: Sealer,
    private readonly transmit: Transmitter,
    private readonly adaptive: Adaptive,
    private readonly stats: SharedStats,
  ) {
    this.dispatch = new Dispatch(peers, links, transmit, adaptive);
  }

  /** Takes `count` frames read from the TAP (`READ` rows) and sends them. */
  handleFrames(rows: Int32Array, count: number, now: number): void {
    this.now = now;
    let bytes = 0;
    for (let row = 0; row < count; row++) {
      const offset = rows[row * READ.WORDS + READ.OFFSET];
      const length = rows[row * READ.WORDS + READ.LENGTH];
      bytes += length - VNET_HEADER;
      this.forward(offset, length - VNET_HEADER);
    }
    this.closeBundle();
    this.transmit.flush();
    this.stats.interface[INTERFACE.tapRxFrames] += count;
    this.stats.interface[INTERFACE.tapRxBytes] += bytes;
  }

  private forward(vnet: number, length: number): void {
    const bytes = this.arena.bytes;
    const frame = vnet + VNET_HEADER;
    if (isRunt(length)) return this.drop(DROP['tap-runt']);
    const high = destinationHigh(bytes, frame);
    const low = destinationLow(bytes, frame);
    if (isReserved(high, low)) return this.drop(DROP['reserved-group']);
    const vlan = vlanId(bytes, frame, length);
    this.macs.learn(vlan, sourceHigh(bytes, frame), sourceLow(bytes, frame), LOCAL_PORT, this.now);
    const port = isGroup(high) ? MISS : this.macs.lookup(vlan, high, low, this.now);
    this.readFacts(vnet);
    if (port >= 0) this.toPeer(port, frame, length);
    else if (port === MISS) this.flood(frame, length);
    else this.drop(DROP['own-station']);
  }

  private readFacts(vnet: number): void {
    const bytes = this.arena.bytes;
    this.flags = virtioFlags(bytes, vnet) & VIRTIO_FLAG.NEEDS_CSUM;
    this.gsoType = virtioGsoType(bytes, vnet);
    this.gsoSize = virtioGsoSize(bytes, vnet);
    this.csumStart = virtioCsumStart(bytes, vnet);
    this.csumOffset = virtioCsumOffset(bytes, vnet);
  }

  /** To every peer once; split horizon needs no more, since frames from peers never come this way. */
  private flood(frame: number, length: number): void {
    const rows = this.peers.rows;
    let reached = 0;
    for (let index = 0; index < rows.length; index++) {
      const peer = rows[index];
      if (this.peers.session[peer] < 0 || this.peers.lastLink[peer] < 0) continue;
      this.toPeer(peer, frame, length);
      reached++;
    }
    if (reached === 0) this.drop(DROP['no-peer']);
    else this.stats.interface[INTERFACE.floodedFrames]++;
  }

  private toPeer(peer: number, frame: number, length: number): void {
    const slot = this.peers.session[peer];
    if (slot < 0) return this.drop(DROP['no-session']);
    this.twice =
      this.peers.duplicates[peer] !== 0 && isSentTwice(this.peers, peer, this.arena.bytes, frame, length);
    const link = this.route(peer, frame, length);
    if (link < 0) return this.drop(DROP['no-usable-link']);
    this.stats.peers[peer * PEER_WIDTH + PEER.txFrames]++;
    this.stats.peers[peer * PEER_WIDTH + PEER.txBytes] += length;
    if (this.twice) this.stats.interface[INTERFACE.duplicatedFrames]++;
    if (this.gsoType !== GSO.NONE) return this.superFrame(peer, link, slot, frame, length);
    if (this.mssClamp) this.clamp(peer, frame, length);
    this.plainFrame(peer, link, slot, frame, length);
  }

  /** Link for a frame, and whether it goes by the lane. A bundle being filled keeps its link, unless flows choose theirs. */
  private route(peer: number, frame: number, length: number): number {
    this.lane = false;
    if (this.peers.policy[peer] === POLICY.adaptive && this.peers.usable[peer] !== 0) {
      const link = this.adaptive.route(peer, this.arena.bytes, frame, length, this.now);
      this.lane = this.adaptive.inLane && !this.twice;
      return link;
    }
    return this.bundlePeer === peer ? this.bundleLink : this.dispatch.linkFor(peer);
  }

  /** Segments of the connection that a SYN opens shall fit one datagram of every usable link. */
  private clamp(peer: number, frame: number, length: number): void {
    if (length < SHORTEST_TCP_FRAME || length > LONGEST_SYN) return;
    const headers = this.headers;
    if (!parseHeaders(this.arena.bytes, frame, length, headers) || headers.protocol !== PROTOCOL_TCP) return;
    const room = this.peers.smallestPlain[peer] - SEGMENT.BYTES - headers.l4 - TCP_HEADER;
    if (clampMss(this.arena.bytes, frame, headers, room, this.flags !== 0)) {
      this.stats.interface[INTERFACE.mssClamped]++;
    }
  }

  // --- super-frames ---------------------------------------------------------------------------------

  private superFrame(peer: number, link: number, slot: number, frame: number, length: number): void {
    const bytes = this.arena.bytes;
    const headers = this.headers;
    if (!parseHeaders(bytes, frame, length, headers)) return this.drop(DROP['tap-malformed']);
    const room = this.peers.smallestPlain[peer] - SEGMENT.BYTES - headers.headerLength;
    if (room < 1) return this.drop(DROP['tx-too-big']);
    const isTcp = headers.protocol === PROTOCOL_TCP;
    const payload = length - headers.headerLength;
    let size = this.gsoSize;
    if (size === 0 || payload <= 0) return this.drop(DROP['tap-malformed']);
    if (size > room) {
      // TCP may be cut anywhere; the borders of UDP datagrams mean something.
      if (!isTcp) return this.splitSuperFrame(peer, link, slot, frame, length, size);
      size = room;
    }
    this.closeBundle();
    const count = segmentCount(payload, size);
    const superId = this.peers.superId[peer];
    this.peers.superId[peer] = superId + 1;
    const prefix = this.prefix();
    const view = this.arena.view;
    bytes[prefix + SEGMENT.KIND] = KIND.SEGMENT;
    bytes[prefix + SEGMENT.GSO_TYPE] = this.gsoType;
    view.setUint16(prefix + SEGMENT.SUPER_ID, superId);
    view.setUint16(prefix + SEGMENT.INDEX, 0);
    view.setUint16(prefix + SEGMENT.COUNT, count);
    view.setUint16(prefix + SEGMENT.GSO_SIZE, size);
    bytes[prefix + SEGMENT.HEADER_LENGTH] = headers.headerLength;
    this.plaintext
      .set(prefix, SEGMENT.BYTES, SEGMENT.INDEX, frame + headers.headerLength, payload, size)
      .setHead(frame, headers.headerLength);
    this.sealAndSend(link, slot);
  }

  /** A super-frame whose segments are larger than the path: each becomes a frame of its own and goes in pieces. */
  private splitSuperFrame(
    peer: number,
    link: number,
    slot: number,
    frame: number,
    length: number,
    size: number,
  ): void {
    const bytes = this.arena.bytes;
    const headerLength = this.headers.headerLength;
    const payload = length - headerLength;
    const count = segmentCount(payload, size);
    const original = bytes.slice(frame, frame + headerLength);
    const { flags, gsoType, csumStart, csumOffset } = this;
    this.flags = VIRTIO_FLAG.NEEDS_CSUM;
    this.gsoType = GSO.NONE;
    this.csumStart = this.headers.l4;
    this.csumOffset = this.headers.protocol === PROTOCOL_TCP ? TCP_CHECKSUM : UDP_CHECKSUM;
    this.closeBundle();
    for (let index = 0; index < count; index++) {
      const at = frame + index * size;
      const part = Math.min(size, payload - index * size);
      // The headers of a segment are written over the payload in front of it, which the next peer needs again.
      const overwritten = bytes.slice(at, at + headerLength);
      bytes.set(original, at);
      segmentHeader(bytes, at, this.headers, index, size, part, index === count - 1);
      this.pieces(peer, link, slot, at, headerLength + part);
      this.transmit.flush();
      bytes.set(overwritten, at);
    }
    this.flags = flags;
    this.gsoType = gsoType;
    this.csumStart = csumStart;
    this.csumOffset = csumOffset;
  }

  // --- single frames --------------------------------------------------------------------------------

  private plainFrame(peer: number, link: number, slot: number, frame: number, length: number): void {
    if (this.flags !== 0 && this.csumStart > 255) {
      completeChecksum(this.arena.bytes, frame, length, this.csumStart, this.csumOffset);
      this.flags = 0;
    }
    const need = bundledLength(length);
    if (!this.continuesBundle(peer, link) || this.bundleEnd + need > this.bundleLimit) {
      this.closeBundle();
      const room = this.peers.smallestPlain[peer];
      if (1 + need > room) return this.pieces(peer, link, slot, frame, length);
      this.openBundle(peer, link, slot, room);
    } else {
      this.stats.interface[INTERFACE.bundledFrames]++;
    }
    this.bundleEnd = appendFrame(
      this.arena.bytes,
      this.bundleEnd,
      frame,
      length,
      this.flags,
      this.csumStart,
      this.csumOffset,
    );
  }

  private continuesBundle(peer: number, link: number): boolean {
    return (
      this.bundlePeer === peer &&
      this.bundleLink === link &&
      this.bundleLane === this.lane &&
      this.bundleTwice === this.twice
    );
  }

  private openBundle(peer: number, link: number, slot: number, room: number): void {
    const out = this.transmit.reserve(room + SEALED_OVERHEAD, peer);
    this.bundlePeer = peer;
    this.bundleLink = link;
    this.bundleSlot = slot;
    this.bundleLane = this.lane;
    this.bundleTwice = this.twice;
    this.bundleStart = out + OUTER.BYTES;
    this.bundleLimit = this.bundleStart + room;
    this.arena.bytes[this.bundleStart] = KIND.BUNDLE;
    this.bundleEnd = this.bundleStart + 1;
  }

  private closeBundle(): void {
    if (this.bundlePeer < 0) return;
    this.bundlePeer = -1;
    const length = this.bundleEnd - this.bundleStart;
    this.plaintext.setInPlace(this.bundleStart, length);
    const stream = this.streamFor(this.bundleLink, this.bundleLane, this.bundleTwice);
    if (this.sealer.sealInPlace(this.bundleSlot, stream, this.plaintext, this.run)) {
      this.dispatch.send(this.bundleLink, this.bundleTwice, this.run, this.now);
    }
  }

  private pieces(peer: number, link: number, slot: number, frame: number, length: number): void {
    const room = this.peers.smallestPlain[peer] - PIECE_HEADER;
    const count = room < 1 ? MAX_PIECES + 1 : Math.ceil(length / room);
    if (count > MAX_PIECES) return this.drop(DROP['tx-too-big']);
    const size = Math.ceil(length / count);
    const frameId = this.peers.frameId[peer];
    this.peers.frameId[peer] = frameId + 1;
    this.stats.interface[INTERFACE.piecesSent] += count;
    for (let index = 0; index < count; index++) {
      const prefix = this.prefix();
      this.arena.bytes[prefix] = KIND.PIECE;
      writePieceHeader(
        this.arena.bytes,
        prefix,
        this.flags,
        frameId,
        index,
        count,
        length,
        this.csumStart,
        this.csumOffset,
      );
      const part = Math.min(size, length - index * size);
      this.plaintext.set(prefix, PIECE_HEADER, -1, frame + index * size, part, part);
      this.sealAndSend(link, slot);
    }
  }

  /** Stream of what is sealed now: but for the lane, how many links carry it may have changed since the link was chosen. */
  private streamFor(link: number, lane: boolean, twice: boolean): number {
    return lane ? LANE_STREAM : this.dispatch.streamFor(link, twice);
  }

  private sealAndSend(link: number, slot: number): void {
    const stream = this.streamFor(link, this.lane, this.twice);
    if (this.sealer.seal(slot, stream, this.plaintext, this.run)) {
      this.dispatch.send(link, this.twice, this.run, this.now);
    }
  }

  /** Room for a prefix; rows come round long after the batch that used them was sealed. */
  private prefix(): number {
    this.prefixRow = (this.prefixRow + 1) % this.arena.outboundPrefixRows;
    return this.arena.prefixBase + this.prefixRow * PREFIX_BYTES;
  }

  private drop(reason: number): void {
    this.stats.drops[reason]++;
  }
}
