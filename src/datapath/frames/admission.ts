/**
 * Which datagrams are worth opening: outer header, session and replay window. Nothing here is authenticated, so nothing is
 * answered and nothing changes that frames meet; counters move, copies on a link among them.
 */

import { readU64 } from '../../base/bytes.js';
import { DROP } from '../../contract/drops.js';
import { INTERFACE, type SharedStats } from '../../contract/stats.js';
import {
  COOKIE_REPLY_BYTES,
  INITIATION_BYTES,
  JOIN_BYTES,
  RESPONSE_BYTES,
} from '../../crypto/handshake-messages.js';
import { OPEN } from '../../native/ops.js';
import type { Arena } from '../../state/arena.js';
import type { Datagram, MessageBatch } from '../../state/datagram.js';
import type { Drops } from '../../state/drops.js';
import { type DatapathIo, HANDSHAKE_TAKEN } from '../../state/io.js';
import { AT, type Observer } from '../../state/observer.js';
import { NO_LINK } from '../../state/peers.js';
import type { SessionTable } from '../../state/sessions.js';
import { OUTER, SEALED_OVERHEAD, STREAMS, TYPE, VERSION } from '../../wire/header.js';
import type { Arrivals } from './arrivals.js';
import type { Rebuilder } from './rebuild.js';
import type { Shares } from './shares.js';

/** Datagrams opened by one native call. */
const OPEN_ROWS = 4096;
/** The one length of each type of handshake message. */
const HANDSHAKE_BYTES: Readonly<Record<number, number | undefined>> = {
  [TYPE.INITIATION]: INITIATION_BYTES,
  [TYPE.RESPONSE]: RESPONSE_BYTES,
  [TYPE.COOKIE]: COOKIE_REPLY_BYTES,
  [TYPE.JOIN_REQUEST]: JOIN_BYTES,
};
const NOBODY = -1;
/** Counters above this would not be exact as a double. */
const COUNTER_BOUND = 2 ** 52;

interface AdmissionParts {
  readonly arena: Arena;
  readonly io: DatapathIo;
  readonly sessions: SessionTable;
  readonly arrivals: Arrivals;
  readonly rebuilder: Rebuilder;
  readonly shares: Shares;
  readonly stats: SharedStats;
  readonly drops: Drops;
  readonly observer: Observer;
}

export class Admission {
  /** Datagrams admitted and not opened yet. */
  count = 0;
  private readonly opens = new Int32Array(OPEN_ROWS * OPEN.WORDS);
  private readonly slot = new Int32Array(OPEN_ROWS);
  private readonly counter = new Float64Array(OPEN_ROWS);
  /** Row of the message that each came in. */
  private readonly message = new Int32Array(OPEN_ROWS);
  /** Where each is kept as it came; see `Rebuilder.stage`. */
  private readonly ticket = new Int32Array(OPEN_ROWS);

  private readonly arena: Arena;
  private readonly io: DatapathIo;
  private readonly sessions: SessionTable;
  private readonly arrivals: Arrivals;
  private readonly rebuilder: Rebuilder;
  private readonly shares: Shares;
  private readonly stats: SharedStats;
  private readonly drops: Drops;
  private readonly observer: Observer;

  constructor(parts: AdmissionParts) {
    this.arena = parts.arena;
    this.io = parts.io;
    this.sessions = parts.sessions;
    this.arrivals = parts.arrivals;
    this.rebuilder = parts.rebuilder;
    this.shares = parts.shares;
    this.stats = parts.stats;
    this.drops = parts.drops;
    this.observer = parts.observer;
  }

  get isFull(): boolean {
    return this.count === OPEN_ROWS;
  }

  /** Queues a datagram for opening if it may be one of a session, and not one that came before. */
  admit(datagram: Datagram): void {
    const { bytes, view } = this.arena;
    const { offset, length } = datagram;
    this.stats.interface[INTERFACE.rxDatagrams]++;
    if (bytes[offset] !== TYPE.TRANSPORT) return this.admitOther(datagram);
    if (length <= SEALED_OVERHEAD) return this.drops.sealed(DROP['bad-length'], datagram);
    const stream = bytes[offset + OUTER.STREAM];
    const counter = readU64(view, offset + OUTER.COUNTER);
    if (stream >= STREAMS || view.getUint16(offset + OUTER.FLAGS) !== 0 || counter >= COUNTER_BOUND) {
      return this.drops.sealed(DROP['bad-header'], datagram);
    }
    const slot = this.sessions.find(view.getUint32(offset + OUTER.RECEIVER));
    if (slot < 0) return this.drops.sealed(DROP['unknown-index'], datagram);
    datagram.slot = slot;
    const peer = this.sessions.peer[slot];
    datagram.peer = peer;
    if (this.shares.isOver(peer)) return this.drops.sealed(DROP['over-share'], datagram, peer);
    if (!this.sessions.isFresh(slot, stream, counter)) {
      this.arrivals.creditCopy(datagram);
      return this.drops.sealed(DROP['replayed-early'], datagram, peer);
    }
    if ((this.observer.points & AT.LINK_IN) !== 0) {
      this.observer.sealedIn(datagram, peer, this.arrivals.find(datagram));
    }
    const row = this.count++;
    const at = row * OPEN.WORDS;
    this.opens[at + OPEN.KEY] = this.sessions.openKey[slot];
    this.opens[at + OPEN.OFFSET] = offset;
    this.opens[at + OPEN.LENGTH] = length;
    this.slot[row] = slot;
    this.counter[row] = counter;
    this.message[row] = datagram.message;
    this.ticket[row] = this.rebuilder.stage(datagram, this.arrivals);
  }

  /** Handshake messages of the right form are handed on; everything else is not ours. */
  private admitOther(datagram: Datagram): void {
    const { offset, length, socket, paths, path } = datagram;
    const { bytes } = this.arena;
    const type = bytes[offset];
    if (type >> 4 !== VERSION) return this.drops.sealed(DROP['unknown-version'], datagram);
    const expected = HANDSHAKE_BYTES[type];
    if (expected === undefined) return this.drops.sealed(DROP['unknown-type'], datagram);
    if (length !== expected) return this.drops.sealed(DROP['bad-length'], datagram);
    if (bytes[offset + 1] !== 0 || bytes[offset + 2] !== 0 || bytes[offset + 3] !== 0) {
      return this.drops.sealed(DROP['bad-header'], datagram);
    }
    if ((this.observer.points & AT.LINK_IN) !== 0) this.observer.sealedIn(datagram, NOBODY, NO_LINK);
    const reason = this.io.handshake(offset, length, socket, paths, path);
    if (reason === HANDSHAKE_TAKEN) this.stats.interface[INTERFACE.handshakesGiven]++;
    else this.drops.sealed(reason, datagram);
  }

  /** Opens everything admitted, in place; returns how many there were. `read` has each of them then. */
  open(): number {
    const { count } = this;
    this.count = 0;
    if (count > 0) this.io.open(this.opens, count);
    return count;
  }

  /** Fills `datagram` with the one of a row; false when it was forged. */
  read(row: number, batch: MessageBatch, datagram: Datagram): boolean {
    const at = row * OPEN.WORDS;
    datagram.cameIn(batch, this.message[row]);
    datagram.slot = this.slot[row];
    datagram.offset = this.opens[at + OPEN.OFFSET];
    datagram.length = this.opens[at + OPEN.LENGTH];
    if (this.opens[at + OPEN.RESULT] !== 0) {
      this.drops.forged(DROP.forged, datagram, this.sessions.peer[datagram.slot]);
      return false;
    }
    datagram.link = NO_LINK;
    datagram.linkId = NO_LINK;
    datagram.counter = this.counter[row];
    datagram.ticket = this.ticket[row];
    datagram.stream = this.arena.bytes[datagram.offset + OUTER.STREAM];
    datagram.body = datagram.offset + OUTER.BYTES;
    datagram.end = datagram.offset + datagram.length - (SEALED_OVERHEAD - OUTER.BYTES);
    return true;
  }
}
