/**
 * The way of a frame in, in order of processing:
 *
 *   handleMessages  a batch from the sockets; a message is one datagram or several joined by UDP GRO
 *   admit           outer header checked, session found, counter looked up in the replay window
 *   (native open)   everything admitted is opened in one call
 *   accept          counter committed, link marked as heard, message handed on by its kind
 *   frames          source learned at this peer, then to the TAP (delivery.ts)
 *
 * Nothing before `accept` answers anything or changes what frames meet: it is not authenticated. Counters do move, those
 * of copies on a link among them, which its measurement of loss takes into account.
 */

import { DROP } from '../../contract/drops.js';
import { OPEN, RECV } from '../../contract/ops.js';
import { INTERFACE, LINK, LINK_WIDTH, PEER, PEER_WIDTH, type SharedStats } from '../../contract/stats.js';
import { COOKIE_REPLY_BYTES, INITIATION_BYTES, RESPONSE_BYTES } from '../../crypto/handshake-messages.js';
import type { LinkControl } from '../../link/life/control.js';
import type { Arena } from '../../state/arena.js';
import type { LinkTable } from '../../state/links.js';
import { NO_LINK, type PeerTable } from '../../state/peers.js';
import type { SessionTable } from '../../state/sessions.js';
import {
  destinationHigh,
  destinationLow,
  isReserved,
  isRunt,
  sourceHigh,
  sourceLow,
  vlanId,
} from '../../switch/frame.js';
import type { MacTable } from '../../switch/mac-table.js';
import {
  KIND,
  LANE_STREAM,
  MAX_LINKS,
  OUTER,
  RELAY,
  SEALED_OVERHEAD,
  SEGMENT,
  STREAMS,
  TYPE,
  VERSION,
} from '../../wire/header.js';
import { type DatapathIo, HANDSHAKE_TAKEN } from '../io.js';
import type { Relay } from '../send/relay.js';
import { BundledFrame, nextFrame } from './bundle.js';
import type { Delivery } from './delivery.js';
import { PIECE, type Reassembly } from './pieces.js';
import type { Reorder } from './reorder.js';
import { NOT_STAGED, type Repair } from './repair.js';

/** Datagrams opened by one native call. */
const OPEN_ROWS = 4096;
/** The one length of each type of handshake message. */
const HANDSHAKE_BYTES: Readonly<Record<number, number | undefined>> = {
  [TYPE.INITIATION]: INITIATION_BYTES,
  [TYPE.RESPONSE]: RESPONSE_BYTES,
  [TYPE.COOKIE]: COOKIE_REPLY_BYTES,
};
/** Counters above this would not be exact as a double. */
const COUNTER_HIGH_LIMIT = 2 ** 20;

const TYPE_TRANSPORT = TYPE.TRANSPORT;

export class Inbound {
  /** Told once a session has carried its first authentic datagram. */
  onConfirmed: (slot: number, peer: number) => void = () => {};
  private readonly opens = new Int32Array(OPEN_ROWS * OPEN.WORDS);
  private readonly openSlot = new Int32Array(OPEN_ROWS);
  private readonly openCounter = new Float64Array(OPEN_ROWS);
  /** Row of the message that the datagram came in. */
  private readonly openMessage = new Int32Array(OPEN_ROWS);
  /** Where repair keeps the datagram as it came. */
  private readonly openTicket = new Int32Array(OPEN_ROWS);
  private openCount = 0;
  private messages: Int32Array = new Int32Array(0);
  private messageSockets: Int32Array = new Int32Array(0);
  private now = 0;
  /** The messages in hand came through a relay. */
  private relayed = false;
  /** The messages in hand never arrived: parity brought them back. */
  private repaired = false;
  private readonly bundled = new BundledFrame();

  /** The path last looked up, so that a message of many datagrams is looked up once. */
  private pathMessage = -1;
  private pathPeer = -1;
  private pathLink = NO_LINK;

  constructor(
    private readonly arena: Arena,
    private readonly io: DatapathIo,
    private readonly peers: PeerTable,
    private readonly links: LinkTable,
    private readonly sessions: SessionTable,
    private readonly macs: MacTable,
    private readonly reassembly: Reassembly,
    private readonly delivery: Delivery,
    private readonly control: LinkControl,
    private readonly relay: Relay,
    private readonly reorder: Reorder,
    private readonly repair: Repair,
    private stats: SharedStats,
  ) {
    reorder.release = (peer, body, end) => this.laneFrame(peer, body, end);
  }

  useStats(stats: SharedStats): void {
    this.stats = stats;
  }

  /**
   * Takes `count` messages (`RECV` rows) and the socket row that each came by. Frames are queued for the TAP;
   * the caller flushes the delivery before the receive slots are used again.
   */
  handleMessages(rows: Int32Array, sockets: Int32Array, count: number, now: number): void {
    this.now = now;
    this.messages = rows;
    this.messageSockets = sockets;
    this.openCount = 0;
    this.pathMessage = -1;
    let bytes = 0;
    for (let message = 0; message < count; message++) {
      const at = message * RECV.WORDS;
      const length = rows[at + RECV.LENGTH];
      const offset = rows[at + RECV.OFFSET];
      const segment = Math.max(1, rows[at + RECV.SEGMENT]);
      bytes += length;
      if (length === 0) this.drop(DROP['bad-length']);
      for (let start = 0; start < length; start += segment) {
        this.admit(message, offset + start, Math.min(segment, length - start));
      }
    }
    this.openAll();
    if (this.relayed || this.repaired) return;
    this.stats.interface[INTERFACE.rxMessages] += count;
    this.stats.interface[INTERFACE.rxBytes] += bytes;
    this.takeRepaired(now);
    this.takeRelayed(now);
  }

  /** Takes what parity brought back, as if it had come by its link. */
  private takeRepaired(now: number): void {
    const { repair } = this;
    if (repair.count === 0) return;
    const count = repair.count;
    repair.count = 0;
    this.repaired = true;
    this.handleMessages(repair.rows, repair.sockets, count, now);
    this.repaired = false;
  }

  /** Takes what came through relays, as if their path were a socket's. */
  private takeRelayed(now: number): void {
    const { relay } = this;
    if (relay.count === 0) return;
    const count = relay.count;
    relay.count = 0;
    this.relayed = true;
    this.handleMessages(relay.rows, relay.sockets, count, now);
    this.relayed = false;
  }

  private admit(message: number, offset: number, length: number): void {
    const bytes = this.arena.bytes;
    const view = this.arena.view;
    this.stats.interface[INTERFACE.rxDatagrams]++;
    const type = bytes[offset];
    if (type !== TYPE_TRANSPORT) return this.admitOther(message, type, offset, length);
    if (length <= SEALED_OVERHEAD) return this.drop(DROP['bad-length']);
    const stream = bytes[offset + OUTER.STREAM];
    const high = view.getUint32(offset + OUTER.COUNTER);
    if (stream >= STREAMS || view.getUint16(offset + OUTER.FLAGS) !== 0 || high >= COUNTER_HIGH_LIMIT) {
      return this.drop(DROP['bad-header']);
    }
    const slot = this.sessions.find(view.getUint32(offset + OUTER.RECEIVER));
    if (slot < 0) return this.drop(DROP['unknown-index']);
    const counter = high * 0x1_0000_0000 + view.getUint32(offset + OUTER.COUNTER + 4);
    if (!this.sessions.isFresh(slot, stream, counter)) {
      this.countCopy(message, slot, length);
      return this.drop(DROP['replayed-early']);
    }
    const row = this.openCount++;
    const at = row * OPEN.WORDS;
    this.opens[at + OPEN.KEY] = this.sessions.openKey[slot];
    this.opens[at + OPEN.OFFSET] = offset;
    this.opens[at + OPEN.LENGTH] = length;
    this.openSlot[row] = slot;
    this.openCounter[row] = counter;
    this.openMessage[row] = message;
    this.openTicket[row] = this.repair.isUsed ? this.stage(message, slot, offset, length) : NOT_STAGED;
    if (this.openCount === OPEN_ROWS) this.openAll();
  }

  /** Keeps a datagram as it came, if its link has parity. */
  private stage(message: number, slot: number, offset: number, length: number): number {
    const link = this.linkOf(message, this.sessions.peer[slot]);
    return this.repair.keeps(link) ? this.repair.stage(offset, length) : NOT_STAGED;
  }

  /** Handshake messages of the right form are handed on; everything else is not ours. */
  private admitOther(message: number, type: number, offset: number, length: number): void {
    if (type >> 4 !== VERSION) return this.drop(DROP['unknown-version']);
    const expected = HANDSHAKE_BYTES[type];
    if (expected === undefined) return this.drop(DROP['unknown-type']);
    if (length !== expected) return this.drop(DROP['bad-length']);
    const bytes = this.arena.bytes;
    if (bytes[offset + 1] !== 0 || bytes[offset + 2] !== 0 || bytes[offset + 3] !== 0) {
      return this.drop(DROP['bad-header']);
    }
    const path = message * RECV.WORDS + RECV.PATH;
    const reason = this.io.handshake(offset, length, this.messageSockets[message], this.messages, path);
    if (reason === HANDSHAKE_TAKEN) this.stats.interface[INTERFACE.handshakesGiven]++;
    else this.drop(reason);
  }

  private openAll(): void {
    const count = this.openCount;
    if (count === 0) return;
    this.openCount = 0;
    this.io.open(this.opens, count);
    for (let row = 0; row < count; row++) {
      const at = row * OPEN.WORDS;
      if (this.opens[at + OPEN.RESULT] !== 0) this.drop(DROP.forged);
      else this.accept(row, this.opens[at + OPEN.OFFSET], this.opens[at + OPEN.LENGTH]);
    }
    this.repair.clearStage();
  }

  private accept(row: number, offset: number, length: number): void {
    const bytes = this.arena.bytes;
    const slot = this.openSlot[row];
    if (!this.sessions.isLive(slot)) return this.drop(DROP['unknown-index']);
    const stream = bytes[offset + OUTER.STREAM];
    if (!this.sessions.commit(slot, stream, this.openCounter[row])) {
      this.countCopy(this.openMessage[row], slot, length);
      return this.drop(DROP.replayed);
    }
    const peer = this.sessions.peer[slot];
    if (this.sessions.confirmed[slot] === 0) {
      this.sessions.confirmed[slot] = 1;
      this.onConfirmed(slot, peer);
    }
    const message = this.openMessage[row];
    const link = this.linkOf(message, peer);
    if (this.repaired) this.stats.interface[INTERFACE.repairedDatagrams]++;
    else if (link >= 0) {
      this.repair.keep(this.openTicket[row], link, slot, stream, this.openCounter[row]);
      this.control.monitor.heard(link, this.now);
      // A probe that is lost is no loss of the link.
      if (bytes[offset + OUTER.BYTES] !== KIND.MTU_PROBE) {
        this.links.received[link]++;
        this.links.receivedBytes[link] += length;
      }
      if (length > this.links.largestReceived[link]) this.links.largestReceived[link] = length;
      this.stats.links[link * LINK_WIDTH + LINK.rxDatagrams]++;
      this.stats.links[link * LINK_WIDTH + LINK.rxBytes] += length;
    }
    const body = offset + OUTER.BYTES;
    const end = offset + length - (SEALED_OVERHEAD - OUTER.BYTES);
    if (stream === LANE_STREAM) return this.laneMessage(slot, link, this.openCounter[row], body, end);
    if (bytes[body] <= KIND.PIECE) this.countFrame(link);
    switch (bytes[body]) {
      case KIND.SEGMENT:
        return this.segment(peer, body, end);
      case KIND.BUNDLE:
        return this.bundle(peer, body + 1, end);
      case KIND.PIECE:
        return this.piece(peer, stream, body, end);
      case KIND.RELAY:
      case KIND.RELAYED:
        return this.relayMessage(peer, body, end);
      case KIND.PARITY:
        return this.parity(message, slot, link, body, end);
      default:
        this.delivery.closeRun();
        return this.control.handle(
          peer,
          slot,
          link,
          this.messageSockets[message],
          this.messages,
          message * RECV.WORDS + RECV.PATH,
          body,
          end,
          this.now,
        );
    }
  }

  /** A datagram of the lane waits for those before it. */
  private laneMessage(slot: number, link: number, counter: number, body: number, end: number): void {
    const peer = this.sessions.peer[slot];
    const id = link < 0 ? NO_LINK : this.links.id[link];
    const isNext = this.reorder.offer(slot, peer, id, counter, body, end, this.now);
    this.countFrame(link);
    if (!isNext) return;
    this.laneFrame(peer, body, end);
    this.reorder.advance(slot, counter, this.now);
  }

  /** A datagram with frames has been taken note of: reports of its link count it. */
  private countFrame(link: number): void {
    if (link >= 0 && this.links.wantsReports[link] === 1) this.control.frameCame(link, this.now);
  }

  /** The lane carries frames and nothing else. */
  private laneFrame(peer: number, body: number, end: number): void {
    switch (this.arena.bytes[body]) {
      case KIND.SEGMENT:
        return this.segment(peer, body, end);
      case KIND.BUNDLE:
        return this.bundle(peer, body + 1, end);
      case KIND.PIECE:
        return this.piece(peer, LANE_STREAM, body, end);
      default:
        return this.drop(DROP['unknown-kind']);
    }
  }

  private parity(message: number, slot: number, link: number, body: number, end: number): void {
    // What was brought back stays where it is until it is delivered; only what came by a socket may bring back more.
    if (link < 0 || this.relayed || this.repaired) return this.drop(DROP.malformed);
    const path = message * RECV.WORDS + RECV.PATH;
    this.repair.parity(link, slot, body, end, this.messageSockets[message], this.messages, path);
  }

  /** A datagram of which another copy was accepted tells of loss on its link, and of nothing else: it is not opened. */
  private countCopy(message: number, slot: number, length: number): void {
    const link = this.linkOf(message, this.sessions.peer[slot]);
    if (link < 0) return;
    this.links.copies[link]++;
    this.links.copyBytes[link] += length;
    this.stats.links[link * LINK_WIDTH + LINK.rxCopies]++;
    this.stats.links[link * LINK_WIDTH + LINK.rxCopyBytes] += length;
  }

  private relayMessage(peer: number, body: number, end: number): void {
    if (end - body <= RELAY.BYTES) return this.drop(DROP.malformed);
    if (this.relayed) return this.drop(DROP['relay-refused']);
    if (this.arena.bytes[body] === KIND.RELAY) this.relay.forward(peer, body, end, this.now);
    else this.relay.arrived(peer, body, end);
  }

  /** The peer's link whose path the socket says this message came by, or -1. */
  private linkOf(message: number, peer: number): number {
    if (this.pathMessage === message && this.pathPeer === peer) return this.pathLink;
    const socket = this.messageSockets[message];
    const at = message * RECV.WORDS + RECV.PATH;
    let found = NO_LINK;
    for (let id = 0; id < MAX_LINKS && found < 0; id++) {
      const row = this.peers.linkOf(peer, id);
      if (row >= 0 && this.links.matches(row, socket, this.messages, at)) found = row;
    }
    this.pathMessage = message;
    this.pathPeer = peer;
    this.pathLink = found;
    return found;
  }

  // --- frames ---------------------------------------------------------------------------------------

  private segment(peer: number, body: number, end: number): void {
    const bytes = this.arena.bytes;
    const view = this.arena.view;
    const frame = body + SEGMENT.BYTES;
    const headerLength = end > frame ? bytes[body + SEGMENT.HEADER_LENGTH] : 0;
    const payload = end - frame - headerLength;
    if (headerLength === 0 || payload <= 0) return this.drop(DROP.malformed);
    const superId = view.getUint16(body + SEGMENT.SUPER_ID);
    const index = view.getUint16(body + SEGMENT.INDEX);
    this.count(peer, headerLength + payload);
    if (this.delivery.continues(peer, superId, index, headerLength, payload)) {
      return this.delivery.extend(frame + headerLength, payload);
    }
    if (!this.admitFrame(peer, frame, headerLength)) return;
    const count = view.getUint16(body + SEGMENT.COUNT);
    const gsoType = bytes[body + SEGMENT.GSO_TYPE];
    const gsoSize = view.getUint16(body + SEGMENT.GSO_SIZE);
    const taken = this.delivery.start(
      peer,
      superId,
      index,
      count,
      gsoType,
      gsoSize,
      headerLength,
      frame,
      payload,
    );
    if (!taken) this.drop(DROP['bad-offload']);
  }

  private bundle(peer: number, body: number, end: number): void {
    const found = this.bundled;
    let at = body;
    while (at < end) {
      at = nextFrame(this.arena.bytes, at, end, found);
      if (at < 0) return this.drop(DROP.malformed);
      this.count(peer, found.length);
      this.wholeFrame(peer, found.offset, found.length, found.flags, found.csumStart, found.csumOffset);
    }
  }

  private piece(peer: number, stream: number, body: number, end: number): void {
    const reassembly = this.reassembly;
    const slot = reassembly.add(peer, stream, body, end - body, this.now);
    if (slot === PIECE.INCOMPLETE) return;
    if (slot < 0)
      return this.drop(slot === PIECE.DUPLICATE ? DROP['piece-duplicate'] : DROP['piece-malformed']);
    // Written before the slot is free for the next frame.
    this.count(peer, reassembly.total(slot));
    this.wholeFrame(
      peer,
      reassembly.offset(slot),
      reassembly.total(slot),
      reassembly.flags(slot),
      reassembly.csumStart(slot),
      reassembly.csumOffset(slot),
    );
    this.delivery.flush();
    reassembly.release(slot);
  }

  private wholeFrame(
    peer: number,
    frame: number,
    length: number,
    flags: number,
    csumStart: number,
    csumOffset: number,
  ): void {
    if (!this.admitFrame(peer, frame, length)) return;
    this.delivery.frame(frame, length, flags, csumStart, csumOffset);
  }

  /** What the switch asks of every frame from a peer: whole header, ordinary address; its source is learned. */
  private admitFrame(peer: number, frame: number, length: number): boolean {
    const bytes = this.arena.bytes;
    if (isRunt(length)) {
      this.drop(DROP['frame-runt']);
      return false;
    }
    if (isReserved(destinationHigh(bytes, frame), destinationLow(bytes, frame))) {
      this.drop(DROP['reserved-group']);
      return false;
    }
    const vlan = vlanId(bytes, frame, length);
    this.macs.learn(vlan, sourceHigh(bytes, frame), sourceLow(bytes, frame), peer, this.now);
    return true;
  }

  private count(peer: number, length: number): void {
    this.stats.peers[peer * PEER_WIDTH + PEER.rxFrames]++;
    this.stats.peers[peer * PEER_WIDTH + PEER.rxBytes] += length;
  }

  private drop(reason: number): void {
    this.stats.drops[reason]++;
  }
}
