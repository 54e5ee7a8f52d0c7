/**
 * Forward error correction, the receiver's half. Of a link by which parity datagrams come, the latest sealed datagrams
 * are kept. When a parity datagram covers exactly one that is not there, it is made from the others, and taken like one
 * that came by that link: whether it was made rightly, its tag tells.
 */

import { DROP } from '../../contract/drops.js';
import { PATH, RECV } from '../../contract/ops.js';
import { INTERFACE, type SharedStats } from '../../contract/stats.js';
import { type Arena, CELL_BYTES, REPAIRED_ROWS } from '../../state/arena.js';
import type { SessionTable } from '../../state/sessions.js';
import { OUTER, STREAMS, TAG_BYTES, TYPE } from '../../wire/header.js';
import { PARITY } from '../../wire/parity.js';
import { COVERED_BYTES } from '../send/parity.js';

/** Datagrams kept of a link: two groups of the longest span. */
const KEPT = 128;
/** Datagrams set aside between their arrival and their opening. */
const STAGED = 512;
/** Ticket of a datagram that was not set aside. */
export const NOT_STAGED = -1;

class Memory {
  readonly bytes = new Uint8Array(KEPT * COVERED_BYTES);
  readonly length = new Int32Array(KEPT);
  readonly slot = new Int32Array(KEPT).fill(-1);
  readonly stream = new Uint8Array(KEPT);
  readonly counter = new Float64Array(KEPT);

  forgetSession(slot: number): void {
    for (let place = 0; place < KEPT; place++) if (this.slot[place] === slot) this.slot[place] = -1;
  }

  /** Place of a datagram, or -1. */
  find(slot: number, stream: number, counter: number): number {
    const place = counter % KEPT;
    const isIt =
      this.slot[place] === slot && this.stream[place] === stream && this.counter[place] === counter;
    return isIt ? place : -1;
  }
}

export class Repair {
  /** Datagrams made, as rows of `RECV` with the path of their link, and its socket. */
  readonly rows = new Int32Array(REPAIRED_ROWS * RECV.WORDS);
  readonly sockets = new Int32Array(REPAIRED_ROWS);
  count = 0;
  /** Memory of each link row by which parity has come. */
  private readonly memories = new Map<number, Memory>();
  private readonly staged = new Uint8Array(STAGED * COVERED_BYTES);
  private readonly stagedLength = new Int32Array(STAGED);
  private stagedCount = 0;

  constructor(
    private readonly arena: Arena,
    private readonly sessions: SessionTable,
    private readonly stats: SharedStats,
  ) {}

  /** Whether anything has to be kept at all. */
  get isUsed(): boolean {
    return this.memories.size > 0;
  }

  /** Whether datagrams of a link have to be kept. */
  keeps(link: number): boolean {
    return this.memories.has(link);
  }

  /** The link is gone. */
  forget(link: number): void {
    this.memories.delete(link);
  }

  /** Another session takes a slot: what came under the one before is none of its groups. */
  forgetSession(slot: number): void {
    for (const memory of this.memories.values()) memory.forgetSession(slot);
  }

  /** Sets a datagram aside before it is opened in place; returns a ticket for `keep`. */
  stage(offset: number, length: number): number {
    if (this.stagedCount === STAGED || length > COVERED_BYTES) return NOT_STAGED;
    const ticket = this.stagedCount++;
    this.staged.set(this.arena.bytes.subarray(offset + OUTER.BYTES, offset + length), ticket * COVERED_BYTES);
    this.stagedLength[ticket] = length - OUTER.BYTES;
    return ticket;
  }

  /** The datagram of a ticket has proved authentic. */
  keep(ticket: number, link: number, slot: number, stream: number, counter: number): void {
    const memory = this.memories.get(link);
    if (ticket === NOT_STAGED || memory === undefined) return;
    const place = counter % KEPT;
    const length = this.stagedLength[ticket];
    const from = ticket * COVERED_BYTES;
    memory.bytes.set(this.staged.subarray(from, from + length), place * COVERED_BYTES);
    memory.length[place] = length;
    memory.slot[place] = slot;
    memory.stream[place] = stream;
    memory.counter[place] = counter;
  }

  /** All that were set aside have been opened. */
  clearStage(): void {
    this.stagedCount = 0;
  }

  /** A parity datagram came by `link`: its plaintext from `body` to `end`; `words` at `at` is its path. */
  parity(
    link: number,
    slot: number,
    body: number,
    end: number,
    socket: number,
    words: Int32Array,
    at: number,
  ): void {
    const { bytes, view } = this.arena;
    const longest = end - body - PARITY.BYTES;
    const stream = bytes[body + PARITY.STREAM];
    const mask = view.getUint32(body + PARITY.MASK);
    const first =
      view.getUint32(body + PARITY.FIRST) * 0x1_0000_0000 + view.getUint32(body + PARITY.FIRST + 4);
    if (longest <= TAG_BYTES || longest > COVERED_BYTES - OUTER.BYTES || stream >= STREAMS || mask === 0) {
      this.stats.drops[DROP.malformed]++;
      return;
    }
    const memory = this.memories.get(link);
    if (memory === undefined) {
      this.memories.set(link, new Memory());
      return;
    }
    const missing = this.onlyMissing(memory, slot, stream, first, mask);
    if (missing < 0 || this.count === REPAIRED_ROWS) return;
    const length = this.make(memory, slot, stream, first, mask, body, longest);
    if (length <= TAG_BYTES || length > longest) return;
    this.queue(slot, stream, missing, length, socket, words, at);
  }

  /** The one counter of a group that has not arrived; -1 when none or several have not. */
  private onlyMissing(memory: Memory, slot: number, stream: number, first: number, mask: number): number {
    let missing = -1;
    for (let bit = 0; bit < 32; bit++) {
      const counter = first + bit;
      if ((mask & (1 << bit)) === 0 || memory.find(slot, stream, counter) >= 0) continue;
      if (missing >= 0) {
        this.stats.interface[INTERFACE.parityInVain]++;
        return -1;
      }
      missing = counter;
    }
    return missing >= 0 && this.sessions.isFresh(slot, stream, missing) ? missing : -1;
  }

  /** Writes the exclusive or of the parity and all members that are there; returns the missing one's length. */
  private make(
    memory: Memory,
    slot: number,
    stream: number,
    first: number,
    mask: number,
    body: number,
    longest: number,
  ): number {
    const { bytes, view } = this.arena;
    const out = this.place() + OUTER.BYTES;
    bytes.copyWithin(out, body + PARITY.BYTES, body + PARITY.BYTES + longest);
    let length = view.getUint16(body + PARITY.LENGTHS);
    for (let bit = 0; bit < 32; bit++) {
      const found = (mask & (1 << bit)) === 0 ? -1 : memory.find(slot, stream, first + bit);
      if (found < 0) continue;
      const from = found * COVERED_BYTES;
      for (let at = 0; at < memory.length[found]; at++) bytes[out + at] ^= memory.bytes[from + at];
      length ^= memory.length[found];
    }
    return length;
  }

  private place(): number {
    return this.arena.repairedBase + this.count * CELL_BYTES;
  }

  private queue(
    slot: number,
    stream: number,
    counter: number,
    length: number,
    socket: number,
    words: Int32Array,
    at: number,
  ): void {
    const { bytes, view } = this.arena;
    const out = this.place();
    const row = this.count * RECV.WORDS;
    bytes.fill(0, out, out + OUTER.BYTES);
    bytes[out + OUTER.TYPE] = TYPE.TRANSPORT;
    bytes[out + OUTER.STREAM] = stream;
    view.setUint32(out + OUTER.RECEIVER, this.sessions.localIndex[slot]);
    view.setUint32(out + OUTER.COUNTER, Math.floor(counter / 0x1_0000_0000));
    view.setUint32(out + OUTER.COUNTER + 4, counter % 0x1_0000_0000);
    this.rows[row + RECV.OFFSET] = out;
    this.rows[row + RECV.LENGTH] = length + OUTER.BYTES;
    this.rows[row + RECV.SEGMENT] = length + OUTER.BYTES;
    for (let word = 0; word < PATH.WORDS; word++) this.rows[row + RECV.PATH + word] = words[at + word];
    this.sockets[this.count++] = socket;
  }
}
