/**
 * A ring of sealed bytes, and records of what was sent from it. What was sent stays until it is overwritten or too
 * old: when a link goes down, what its last acknowledgement does not cover is sent again from here, the same
 * bytes, and the receiver's replay window drops what had arrived.
 */
import type { Missing } from '../../link/ports.js';
import type { LinkTable } from '../../state/links.js';
import { GSO_BYTES, GSO_SEGMENTS, type SealedRun } from '../../state/run.js';
import { LANE_STREAM } from '../../wire/header.js';
import { MOST_RESENDS, type ResendBudget } from './resend-budget.js';

const RECORDS = 16384;
/** Number of resends of what was not sent yet. */
const UNSENT = -1;

/** Link of what is not sent again any more. */
const GIVEN_UP = -1;

/** A link lost: what it may have lost is link `to`'s from now on, unless it is older than `maxAge`; times in µs. */
export interface Loss {
  readonly from: number;
  readonly to: number;
  readonly now: number;
  readonly maxAge: number;
  /** So often a datagram is sent again before the peer's budget must pay for it. */
  readonly free: number;
}

/** Sends datagrams of the ring again that link `from` carried. */
export type SendMissing = (
  missing: Missing,
  from: number,
  offset: number,
  length: number,
  segment: number,
) => void;

/** Sends bytes of the ring again. */
export type SendAgain = (offset: number, length: number, segment: number) => void;

export class ResendRing {
  /** Bytes ever taken; the place in the ring is this modulo its size. */
  private head = 0;
  private readonly start = new Float64Array(RECORDS);
  private readonly bytes = new Int32Array(RECORDS);
  private readonly segment = new Int32Array(RECORDS);
  /** Link that it was sent by last. */
  private readonly link = new Int32Array(RECORDS);
  /** 1 when acknowledgements of its link do not tell whether it arrived: of another link's stream, or lost. */
  private readonly strayed = new Uint8Array(RECORDS);
  /** 1 when it is of the lane: what the link has confirmed of that counts. */
  private readonly inLane = new Uint8Array(RECORDS);
  /** Ids, as a bit set, of the links that carry copies of it and have not died since. */
  private readonly copies = new Uint8Array(RECORDS);
  /** How often it was sent again; `UNSENT` when it was not sent at all. */
  private readonly resends = new Int8Array(RECORDS);
  private readonly slot = new Int32Array(RECORDS);
  private readonly counter = new Float64Array(RECORDS);
  private readonly time = new Float64Array(RECORDS);
  /** Records ever made, and the number of the oldest whose bytes are not overwritten. */
  private made = 0;
  /** The record made last, if what it names was not sent yet; else -1. */
  private held = -1;
  private tail = 0;

  /** `base`: byte offset in the arena; `size` in bytes; `links` has what peers acknowledged. */
  constructor(
    private readonly base: number,
    private size: number,
    private readonly links: LinkTable,
    private readonly budget: ResendBudget,
  ) {}

  get bytesTaken(): number {
    return this.head;
  }

  /** Takes another size; everything is forgotten then. */
  resize(size: number): void {
    if (size === this.size) return;
    this.size = size;
    this.head = 0;
    this.made = 0;
    this.tail = 0;
    this.held = -1;
  }

  /** When the last run was remembered, in µs; -Infinity when none is left. */
  get usedAt(): number {
    return this.tail === this.made ? Number.NEGATIVE_INFINITY : this.time[(this.made - 1) % RECORDS];
  }

  /** How long ago the oldest run was sent that is still there, in µs; Infinity while nothing was overwritten. */
  reach(now: number): number {
    this.dropOverwritten();
    if (this.tail === this.made || (this.head <= this.size && this.made <= RECORDS)) {
      return Number.POSITIVE_INFINITY;
    }
    return now - this.time[this.tail % RECORDS];
  }

  /** Finds `bytes` contiguous bytes and returns their place in the arena; `take` then takes them. */
  offer(bytes: number): number {
    let place = this.head % this.size;
    if (place + bytes > this.size) {
      this.head += this.size - place;
      place = 0;
    }
    return this.base + place;
  }

  /** Takes the bytes that were offered. */
  take(bytes: number): void {
    this.head += bytes;
  }

  /** Remembers a run, the last that was taken, as sent by `link` at `now`. Returns its record. */
  remember(link: number, run: SealedRun, now: number): number {
    const index = this.made++ % RECORDS;
    this.held = -1;
    const lap = Math.floor((this.head - 1) / this.size) * this.size;
    this.start[index] = lap + run.offset - this.base;
    this.bytes[index] = run.length;
    this.segment[index] = run.segment;
    this.link[index] = link;
    this.inLane[index] = run.stream === LANE_STREAM ? 1 : 0;
    this.strayed[index] = this.inLane[index] === 1 || run.stream === this.links.id[link] ? 0 : 1;
    this.copies[index] = 0;
    this.resends[index] = 0;
    this.slot[index] = run.slot;
    this.counter[index] = run.counter;
    this.time[index] = now;
    return index;
  }

  /** More datagrams of the same kind went out with those of a record. */
  extend(record: number, bytes: number): void {
    this.bytes[record] += bytes;
  }

  /** The links `copies` (a bit set of ids) carry one each. */
  noteCopies(record: number, copies: number): void {
    this.copies[record] = copies;
  }

  /** Remembers a run, the last that was taken, as not sent yet; neighbours that one send can carry share a record. */
  hold(link: number, run: SealedRun, now: number): void {
    if (this.joinHeld(link, run)) return;
    this.held = this.remember(link, run, now);
    this.strayed[this.held] = 1;
    this.resends[this.held] = UNSENT;
  }

  private joinHeld(link: number, run: SealedRun): boolean {
    const index = this.held;
    if (index < 0 || this.link[index] !== link || this.slot[index] !== run.slot) return false;
    const segment = this.segment[index];
    const datagrams = this.bytes[index] / segment;
    const place = this.base + (this.start[index] % this.size) + this.bytes[index];
    if (run.offset !== place || run.segment !== segment || run.length !== segment) return false;
    if (run.counter !== this.counter[index] + datagrams) return false;
    if (datagrams >= GSO_SEGMENTS || this.bytes[index] + segment > GSO_BYTES) return false;
    this.bytes[index] += segment;
    return true;
  }

  /** From now on acknowledgements of this link's stream say nothing of what is unconfirmed. */
  distrust(link: number): void {
    this.dropOverwritten();
    for (let position = this.tail; position < this.made; position++) {
      const index = position % RECORDS;
      if (this.link[index] === link && this.confirmed(index, link) < this.datagramsOf(index)) {
        this.strayed[index] = 1;
        this.copies[index] = 0;
      }
    }
  }

  /** Forgets everything: some of the bytes are not what they should be. */
  forget(): void {
    this.tail = this.made;
    this.held = -1;
  }

  /**
   * Goes through what link `from` may have lost, oldest first, no older than `maxAge` (µs): each is from now on
   * link `to`'s and, unless `to` carries a copy already or the budget is used up, sent again. Returns how many datagrams
   * that were.
   */
  takeOver(loss: Loss, again: SendAgain): number {
    const { from } = loss;
    const peer = this.links.peer[from];
    const dead = 1 << this.links.id[from];
    let count = 0;
    this.dropOverwritten();
    // Sending by a relay seals once more: it may take room in this ring and make records of its own.
    const last = this.made;
    for (let position = this.tail; position < last; position++) {
      const index = position % RECORDS;
      if (!this.isOf(peer, index, loss)) continue;
      this.copies[index] &= ~dead;
      if (this.link[index] === from && this.isKept(index)) count += this.sendAgain(index, loss, again);
    }
    return count;
  }

  /** Goes through datagrams of a lane that are missing, latest first, none older than `maxAge` (µs). */
  findMissing(missing: Missing, maxAge: number, again: SendMissing): void {
    const { gaps, slot, by, now } = missing;
    let gap = gaps.count - 1;
    this.dropOverwritten();
    // Sending by a relay seals once more: it may take room in this ring and make records of its own.
    for (let position = this.made - 1; position >= this.tail && gap >= 0; position--) {
      const index = position % RECORDS;
      if (now - this.time[index] > maxAge) return;
      if (this.inLane[index] === 0 || this.slot[index] !== slot) continue;
      const first = this.counter[index];
      while (gap >= 0 && gaps.first[gap] >= first + this.datagramsOf(index)) gap--;
      const link = this.link[index];
      const isWanted = link >= 0 && (by & (1 << this.links.id[link])) !== 0;
      for (; gap >= 0 && gaps.endOf(gap) > first; gap--) {
        if (isWanted && this.isKept(index)) this.sendPart(index, missing, gap, again);
        // What is left of the gap is in earlier records.
        if (gaps.first[gap] < first) break;
      }
    }
  }

  private sendPart(index: number, missing: Missing, gap: number, again: SendMissing): void {
    const { gaps } = missing;
    const segment = this.segment[index];
    const first = this.counter[index];
    const from = Math.max(0, gaps.first[gap] - first) * segment;
    const to = Math.min(this.bytes[index], (gaps.endOf(gap) - first) * segment);
    if (!this.budget.spendSpare(to - from)) return this.budget.refuse(Math.ceil((to - from) / segment));
    again(missing, this.link[index], this.base + (this.start[index] % this.size) + from, to - from, segment);
  }

  /** What link `from` had is from now on link `to`'s: not sent again now, but when that dies. */
  handOver(loss: Loss): void {
    this.dropOverwritten();
    for (let position = this.tail; position < this.made; position++) {
      const index = position % RECORDS;
      const link = this.link[index];
      if (link !== loss.from || this.confirmed(index, link) >= this.datagramsOf(index)) continue;
      this.link[index] = loss.to;
      this.strayed[index] = 1;
    }
  }

  /** Bytes of a peer that were sent once and may be lost: the budget is to have that much left for them. */
  sentOnce(peer: number, loss: Loss): number {
    let bytes = 0;
    this.dropOverwritten();
    for (let position = this.tail; position < this.made; position++) {
      const index = position % RECORDS;
      if (this.resends[index] !== 0 || !this.isOf(peer, index, loss)) continue;
      bytes += this.bytes[index] - this.confirmed(index, this.link[index]) * this.segment[index];
    }
    return bytes;
  }

  /** Whether a record is of a peer and young enough to be sent again. */
  private isOf(peer: number, index: number, loss: Loss): boolean {
    const link = this.link[index];
    return loss.now - this.time[index] <= loss.maxAge && link >= 0 && this.links.peer[link] === peer;
  }

  private sendAgain(index: number, loss: Loss, again: SendAgain): number {
    const { to } = loss;
    const segment = this.segment[index];
    const confirmed = this.confirmed(index, this.link[index]);
    const missing = this.datagramsOf(index) - confirmed;
    if (missing <= 0) return 0;
    this.link[index] = to;
    this.strayed[index] = 1;
    if ((this.copies[index] & (1 << this.links.id[to])) !== 0) return 0;
    const skipped = confirmed * segment;
    const length = this.bytes[index] - skipped;
    if (!this.mayResend(index, length, loss)) {
      // A link that works may have brought it: when that dies the budget is asked again.
      if (loss.from !== to) this.link[index] = GIVEN_UP;
      this.budget.refuse(missing);
      return 0;
    }
    again(this.base + (this.start[index] % this.size) + skipped, length, segment);
    return missing;
  }

  /** Whether a record may be sent once more; the budget pays for every time, and may refuse those that are not free. */
  private mayResend(index: number, bytes: number, loss: Loss): boolean {
    const before = this.resends[index];
    if (before >= MOST_RESENDS) return false;
    if (before >= loss.free && !this.budget.spendSpare(bytes)) return false;
    this.resends[index]++;
    if (before === 0) this.budget.spend(bytes);
    return true;
  }

  private dropOverwritten(): void {
    this.tail = Math.max(this.tail, this.made - RECORDS);
    while (this.tail < this.made && !this.isKept(this.tail % RECORDS)) this.tail++;
  }

  /** Whether its bytes are not overwritten yet. */
  private isKept(index: number): boolean {
    return this.start[index] >= this.head - this.size;
  }

  /** How many of a record's datagrams, from its first, the peer has confirmed on their stream. */
  private confirmed(index: number, link: number): number {
    if (this.strayed[index] === 1 || this.links.ackSession[link] !== this.slot[index]) return 0;
    const highest = this.inLane[index] === 1 ? this.links.ackLane[link] : this.links.ackCounter[link];
    const covered = highest - this.counter[index] + 1;
    return Math.min(this.datagramsOf(index), Math.max(0, covered));
  }

  private datagramsOf(index: number): number {
    return Math.ceil(this.bytes[index] / this.segment[index]);
  }
}
