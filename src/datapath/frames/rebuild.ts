/**
 * Forward error correction of a link, the receiver's half. Once parity has come by a link, its latest sealed datagrams are
 * kept. When just one datagram of a group is missing, it is rebuilt from the others and the parity, and taken like one that
 * came by that link; its tag shows whether it was rebuilt correctly.
 */

import { readU64, writeU64 } from '../../base/bytes.js';
import { DROP } from '../../contract/drops.js';
import { INTERFACE, type SharedStats } from '../../contract/stats.js';
import { PATH, RECV } from '../../native/ops.js';
import { type Arena, CELL_BYTES, REBUILT_ROWS } from '../../state/arena.js';
import { type Datagram, MessageBatch, ORIGIN } from '../../state/datagram.js';
import type { Drops } from '../../state/drops.js';
import type { SessionTable } from '../../state/sessions.js';
import { OUTER, STREAMS, TAG_BYTES, TYPE } from '../../wire/header.js';
import { PARITY } from '../../wire/parity.js';
import { LARGEST_MEMBER } from '../send/parity.js';
import type { Arrivals } from './arrivals.js';

/** Datagrams kept of a link: two groups of the longest span. */
const KEPT = 128;
/** Datagrams kept between their arrival and their opening. */
const STAGED = 512;
const NOT_STAGED = -1;
const MASK_BITS = 32;
const NONE = -1;
const SEVERAL = -2;
/** A datagram of the group is longer than the longest can be. */
const CONTRADICTION = -3;

/** The latest datagrams of a link. */
class Memory {
  readonly bytes = new Uint8Array(KEPT * LARGEST_MEMBER);
  readonly length = new Int32Array(KEPT);
  private readonly slot = new Int32Array(KEPT).fill(-1);
  private readonly stream = new Uint8Array(KEPT);
  private readonly counter = new Float64Array(KEPT);

  forgetSession(slot: number): void {
    for (let place = 0; place < KEPT; place++) if (this.slot[place] === slot) this.slot[place] = -1;
  }

  /** Takes over `length` bytes of `from` at `at` as a datagram. */
  keep(datagram: Datagram, from: Uint8Array, at: number, length: number): void {
    const place = datagram.counter % KEPT;
    const to = place * LARGEST_MEMBER;
    for (let byte = 0; byte < length; byte++) this.bytes[to + byte] = from[at + byte];
    this.length[place] = length;
    this.slot[place] = datagram.slot;
    this.stream[place] = datagram.stream;
    this.counter[place] = datagram.counter;
  }

  /** A datagram has been used up: each is of one group, so it helps to rebuild once. */
  forget(place: number): void {
    this.slot[place] = NONE;
  }

  /** Place of a datagram, or -1. */
  find(slot: number, stream: number, counter: number): number {
    const place = counter % KEPT;
    const isIt =
      this.slot[place] === slot && this.stream[place] === stream && this.counter[place] === counter;
    return isIt ? place : NONE;
  }
}

/** The parity datagram in hand. Made once and filled again for each. */
class ParityMessage {
  slot = -1;
  stream = 0;
  /** Counter of the group's first datagram, and a bit for each counter from it on. */
  first = 0;
  mask = 0;
  /** XOR of the lengths, and where in the arena the XOR of the bytes begins. */
  lengths = 0;
  sum = 0;
  /** Bytes of the longest datagram of the group, its outer header aside. */
  longest = 0;

  /** Reads the plaintext of a datagram; false when it makes no sense. */
  read(arena: Arena, datagram: Datagram): boolean {
    const { bytes, view } = arena;
    const { body } = datagram;
    this.slot = datagram.slot;
    this.stream = bytes[body + PARITY.STREAM];
    this.mask = view.getUint32(body + PARITY.MASK);
    this.first = readU64(view, body + PARITY.FIRST);
    this.lengths = view.getUint16(body + PARITY.LENGTHS);
    this.sum = body + PARITY.BYTES;
    this.longest = datagram.end - this.sum;
    if (this.longest <= TAG_BYTES || this.longest > LARGEST_MEMBER - OUTER.BYTES) return false;
    return this.stream < STREAMS && this.mask !== 0;
  }

  /** Whether the group has the datagram `index` counters after its first. */
  has(index: number): boolean {
    return (this.mask & (1 << index)) !== 0;
  }

  /** The one counter of the group that has not arrived; `NONE`, `SEVERAL`, or `CONTRADICTION`. */
  missingIn(memory: Memory): number {
    let missing = NONE;
    for (let index = 0; index < MASK_BITS; index++) {
      if (!this.has(index)) continue;
      const counter = this.first + index;
      const place = memory.find(this.slot, this.stream, counter);
      if (place >= 0) {
        if (memory.length[place] > this.longest) return CONTRADICTION;
        continue;
      }
      if (missing >= 0) return SEVERAL;
      missing = counter;
    }
    return missing;
  }
}

export class Rebuilder {
  /** Datagrams rebuilt, with the path of their link; taken up when the batch that the parity came in is done. */
  readonly rebuilt = new MessageBatch(
    ORIGIN.PARITY,
    new Int32Array(REBUILT_ROWS * RECV.WORDS),
    new Int32Array(REBUILT_ROWS),
  );
  /** Memory of each link row by which parity has come. */
  private readonly memories = new Map<number, Memory>();
  private readonly message = new ParityMessage();
  private readonly staged = new Uint8Array(STAGED * LARGEST_MEMBER);
  private readonly stagedLength = new Int32Array(STAGED);
  private stagedCount = 0;

  constructor(
    private readonly arena: Arena,
    private readonly sessions: SessionTable,
    private readonly stats: SharedStats,
    private readonly drops: Drops,
  ) {}

  /** The link is gone. */
  linkRemoved(link: number): void {
    this.memories.delete(link);
  }

  /** The session of a slot is gone: datagrams under it are in no group of the next one. */
  sessionRetired(slot: number): void {
    for (const memory of this.memories.values()) memory.forgetSession(slot);
  }

  /** Keeps a datagram as it came before it is opened in place, if its link has parity. Returns a ticket, or -1. */
  stage(datagram: Datagram, arrivals: Arrivals): number {
    if (this.memories.size === 0 || !this.memories.has(arrivals.find(datagram))) return NOT_STAGED;
    const { offset, length } = datagram;
    if (this.stagedCount === STAGED || length > LARGEST_MEMBER) return NOT_STAGED;
    const ticket = this.stagedCount++;
    const { bytes } = this.arena;
    const to = ticket * LARGEST_MEMBER - OUTER.BYTES;
    for (let at = OUTER.BYTES; at < length; at++) this.staged[to + at] = bytes[offset + at];
    this.stagedLength[ticket] = length - OUTER.BYTES;
    return ticket;
  }

  /** A datagram has proved authentic: what was staged of it is kept. */
  keep(datagram: Datagram): void {
    const { ticket } = datagram;
    if (ticket === NOT_STAGED) return;
    const memory = this.memories.get(datagram.link);
    memory?.keep(datagram, this.staged, ticket * LARGEST_MEMBER, this.stagedLength[ticket]);
  }

  /** All that were staged have been opened. */
  clearStage(): void {
    this.stagedCount = 0;
  }

  /** Takes a parity datagram, and rebuilds the one of its group that is missing. */
  take(datagram: Datagram): void {
    const { message } = this;
    if (!message.read(this.arena, datagram)) {
      this.drops.message(DROP.malformed, datagram);
      return;
    }
    const memory = this.memories.get(datagram.link);
    if (memory === undefined) return this.remember(datagram.link);
    const missing = message.missingIn(memory);
    if (missing === SEVERAL) this.stats.interface[INTERFACE.parityInVain]++;
    else if (missing === CONTRADICTION) this.drops.message(DROP.malformed, datagram);
    if (missing < 0 || !this.sessions.isFresh(message.slot, message.stream, missing)) return;
    if (this.rebuilt.count === REBUILT_ROWS) return;
    const place = this.arena.rebuiltBase + this.rebuilt.count * CELL_BYTES;
    const length = this.rebuild(memory, place + OUTER.BYTES);
    if (length <= TAG_BYTES || length > message.longest) return;
    this.writeHeader(place, missing);
    this.queue(datagram, place, length + OUTER.BYTES);
  }

  /** The first parity of a link has come: from now on its datagrams are kept. */
  private remember(link: number): void {
    this.memories.set(link, new Memory());
  }

  /**
   * Writes the XOR of the parity and all datagrams of its group that are there to `out`; returns the missing one's length.
   * None is longer than the parity, and none is used twice: a peer cannot make us XOR more than it has sent.
   */
  private rebuild(memory: Memory, out: number): number {
    const { message } = this;
    const { bytes } = this.arena;
    bytes.copyWithin(out, message.sum, message.sum + message.longest);
    let length = message.lengths;
    for (let index = 0; index < MASK_BITS; index++) {
      if (!message.has(index)) continue;
      const found = memory.find(message.slot, message.stream, message.first + index);
      if (found < 0) continue;
      const from = found * LARGEST_MEMBER;
      for (let at = 0; at < memory.length[found]; at++) bytes[out + at] ^= memory.bytes[from + at];
      length ^= memory.length[found];
      memory.forget(found);
    }
    return length;
  }

  private writeHeader(out: number, counter: number): void {
    const { bytes, view } = this.arena;
    const { slot, stream } = this.message;
    bytes.fill(0, out, out + OUTER.BYTES);
    bytes[out + OUTER.TYPE] = TYPE.TRANSPORT;
    bytes[out + OUTER.STREAM] = stream;
    view.setUint32(out + OUTER.RECEIVER, this.sessions.localIndex[slot]);
    writeU64(view, out + OUTER.COUNTER, counter);
  }

  /** Queues a rebuilt datagram as if it had come by the path of the parity. */
  private queue(datagram: Datagram, offset: number, length: number): void {
    const { rebuilt } = this;
    const path = rebuilt.add(offset, length, datagram.socket);
    for (let word = 0; word < PATH.WORDS; word++) {
      rebuilt.rows[path + word] = datagram.paths[datagram.path + word];
    }
  }
}
