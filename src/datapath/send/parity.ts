/**
 * Forward error correction, the sender's half: for a group of datagrams that left by one link, one parity datagram
 * with the exclusive or of their bytes. Whoever gets it and all of the group but one makes the missing one
 * (`repair.ts`). The scheme of RFC 5109 section 7 over sealed datagrams: the repaired one proves itself by its tag.
 *
 * Groups are small where much is lost. A group that does not fill is closed by age, so that the last datagrams of a
 * burst are covered as well.
 */

import { INTERFACE, LINK, LINK_WIDTH, type SharedStats } from '../../contract/stats.js';
import { type Arena, CELL_BYTES } from '../../state/arena.js';
import type { LinkTable } from '../../state/links.js';
import { Plaintext, SealedRun } from '../../state/run.js';
import { NO_SESSION, type SessionTable } from '../../state/sessions.js';
import { KIND, OUTER } from '../../wire/header.js';
import { PARITY } from '../../wire/parity.js';
import type { Sealer } from './seal.js';
import type { Transmitter } from './transmit.js';

/** Group size of a link: none, or chosen by its loss; else so many datagrams. */
export const PARITY_OFF = 0;
export const PARITY_AUTO = 1;

/** Sealed datagrams larger than this are not covered. */
export const COVERED_BYTES = CELL_BYTES;
/** A group's mask has a bit for each counter. */
const MASK_BITS = 32;
const MAX_GROUP = 20;
const MIN_GROUP = 2;
/** With a loss of `p`, groups of this over `p` lose two, which one parity cannot mend, about once in a hundred. */
const EXPECTED_LOSSES = 0.12;
/** A link that loses less than one in a thousand needs no help. */
const CLEAN_PERMILLE = 1;
/** An unfinished group is closed after this; µs. */
const GROUP_AGE_US = 5_000;

/** Datagrams of one stream, gathered: their exclusive or, and which they are. */
class Group {
  slot = NO_SESSION;
  stream = 0;
  /** Counter of the first, and a bit for each counter from it on. */
  first = 0;
  mask = 0;
  count = 0;
  lengths = 0;
  longest = 0;
  openedAt = 0;
  readonly sum = new Uint8Array(COVERED_BYTES);

  open(slot: number, stream: number, counter: number, now: number): void {
    this.slot = slot;
    this.stream = stream;
    this.first = counter;
    this.mask = 0;
    this.count = 0;
    this.lengths = 0;
    this.longest = 0;
    this.openedAt = now;
    this.sum.fill(0);
  }

  /** Whether a datagram can belong to it. */
  takes(slot: number, stream: number, counter: number): boolean {
    const distance = counter - this.first;
    return this.slot === slot && this.stream === stream && distance >= 0 && distance < MASK_BITS;
  }

  add(bytes: Uint8Array, offset: number, length: number, counter: number): void {
    const covered = length - OUTER.BYTES;
    const { sum } = this;
    for (let at = 0; at < covered; at++) sum[at] ^= bytes[offset + OUTER.BYTES + at];
    this.mask |= 1 << (counter - this.first);
    this.count++;
    this.lengths ^= covered;
    this.longest = Math.max(this.longest, covered);
  }
}

export class Parity {
  /** Open group of each link row that has one; complete ones that wait to be sent; ones to be used again. */
  private readonly open = new Map<number, Group>();
  private readonly complete: { link: number; group: Group }[] = [];
  private readonly spare: Group[] = [];
  private readonly plaintext = new Plaintext();
  private readonly run = new SealedRun();

  constructor(
    private readonly arena: Arena,
    private readonly links: LinkTable,
    private readonly sessions: SessionTable,
    private readonly sealer: Sealer,
    private readonly transmit: Transmitter,
    private readonly stats: SharedStats,
  ) {}

  /** Takes sealed datagrams that left by `link`: `length` bytes at `offset`, `segment` each, counters from `counter`. */
  cover(
    link: number,
    slot: number,
    stream: number,
    counter: number,
    offset: number,
    length: number,
    segment: number,
    now: number,
  ): void {
    const size = this.groupSize(link);
    if (size === PARITY_OFF || segment > COVERED_BYTES) return;
    for (let at = 0; at < length; at += segment, counter++) {
      let group = this.open.get(link);
      if (group !== undefined && !group.takes(slot, stream, counter)) {
        this.close(link, group);
        group = undefined;
      }
      if (group === undefined) {
        group = this.spare.pop() ?? new Group();
        group.open(slot, stream, counter, now);
        this.open.set(link, group);
      }
      group.add(this.arena.bytes, offset + at, Math.min(segment, length - at), counter);
      if (group.count >= size) this.close(link, group);
    }
  }

  /** Datagrams for each parity datagram on a link at this moment; `PARITY_OFF` for none. */
  private groupSize(link: number): number {
    const configured = this.links.parity[link];
    if (configured !== PARITY_AUTO) return configured;
    const permille = this.stats.links[link * LINK_WIDTH + LINK.lossOutPermille];
    if (permille < CLEAN_PERMILLE) return PARITY_OFF;
    return Math.min(MAX_GROUP, Math.max(MIN_GROUP, Math.floor((EXPECTED_LOSSES * 1000) / permille)));
  }

  private close(link: number, group: Group): void {
    this.open.delete(link);
    this.complete.push({ link, group });
  }

  /** When the oldest unfinished group is to be closed, in µs; Infinity when there is none. */
  nextDeadline(): number {
    let earliest = Number.POSITIVE_INFINITY;
    for (const group of this.open.values()) earliest = Math.min(earliest, group.openedAt + GROUP_AGE_US);
    return earliest;
  }

  /** Closes unfinished groups that are old enough. */
  expire(now: number): void {
    if (this.open.size === 0) return;
    for (const [link, group] of this.open) if (now >= group.openedAt + GROUP_AGE_US) this.close(link, group);
    this.emit(now);
  }

  /** Queues the parity datagrams of complete groups; true when there were any. */
  emit(now: number): boolean {
    if (this.complete.length === 0) return false;
    for (const { link, group } of this.complete.splice(0)) {
      if (this.links.has(link) && this.sessions.isLive(group.slot)) this.send(link, group, now);
      this.spare.push(group);
    }
    return true;
  }

  private send(link: number, group: Group, now: number): void {
    const length = PARITY.BYTES + group.longest;
    const { bytes, view } = this.arena;
    const body = this.transmit.reserveSealed(length) + OUTER.BYTES;
    bytes[body + PARITY.KIND] = KIND.PARITY;
    bytes[body + PARITY.STREAM] = group.stream;
    view.setUint16(body + PARITY.LENGTHS, group.lengths);
    view.setUint32(body + PARITY.MASK, group.mask);
    view.setUint32(body + PARITY.FIRST, Math.floor(group.first / 0x1_0000_0000));
    view.setUint32(body + PARITY.FIRST + 4, group.first % 0x1_0000_0000);
    bytes.set(group.sum.subarray(0, group.longest), body + PARITY.BYTES);
    this.plaintext.setInPlace(body, length);
    if (!this.sealer.sealInPlace(group.slot, this.links.id[link], this.plaintext, this.run)) return;
    this.stats.interface[INTERFACE.parityDatagrams]++;
    this.transmit.sendOnce(link, this.run, now);
  }
}
