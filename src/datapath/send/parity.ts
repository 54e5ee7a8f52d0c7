/**
 * Forward error correction of a link, the sender's half: a group of datagrams that left by one link is followed by one
 * parity datagram, the XOR of their bytes. If just one datagram of the group is lost, the receiver rebuilds it from the
 * others and the parity (`rebuild.ts`). This is the scheme of RFC 5109 section 7 over sealed datagrams: what was rebuilt
 * proves itself by its tag.
 *
 * The more a link loses, the smaller its groups. A group that does not fill is closed by age, so that the last datagrams
 * of a burst are protected as well.
 */

import { writeU64 } from '../../base/bytes.js';
import { INTERFACE, LINK, LINK_WIDTH, type SharedStats } from '../../contract/stats.js';
import { type Arena, CELL_BYTES } from '../../state/arena.js';
import { Plaintext, type SealedRun } from '../../state/run.js';
import { NO_SESSION } from '../../state/sessions.js';
import type { Tables } from '../../state/tables.js';
import { KIND, OUTER, SEALED_OVERHEAD } from '../../wire/header.js';
import { PARITY } from '../../wire/parity.js';
import type { Sealer } from './seal.js';

/** Group size of a link: none, or chosen by its loss; any other value is a number of datagrams. */
export const PARITY_OFF = 0;
export const PARITY_AUTO = 1;

/** Sealed datagrams larger than this have no parity. */
export const LARGEST_MEMBER = CELL_BYTES;
/** A group's mask has a bit for each counter. */
const MASK_BITS = 32;
const MAX_GROUP = 20;
const MIN_GROUP = 2;
/** At a loss of `p`, about one in a hundred groups of this over `p` loses two datagrams, more than parity can rebuild. */
const EXPECTED_LOSSES = 0.12;
/** A link that loses less than one in a thousand needs no help. */
const CLEAN_PERMILLE = 1;
/** An unfinished group is closed after this; µs. */
const GROUP_AGE_US = 5_000;
const NO_LINK = -1;

/** Datagrams of one stream that left by one link: their XOR, and which they are. */
class Group {
  link = NO_LINK;
  slot = NO_SESSION;
  stream = 0;
  /** Counter of the first, and a bit for each counter from it on. */
  first = 0;
  mask = 0;
  count = 0;
  lengths = 0;
  longest = 0;
  openedAt = 0;
  readonly sum = new Uint8Array(LARGEST_MEMBER);

  open(link: number, run: SealedRun, counter: number, now: number): void {
    this.link = link;
    this.slot = run.slot;
    this.stream = run.stream;
    this.first = counter;
    this.mask = 0;
    this.count = 0;
    this.lengths = 0;
    this.longest = 0;
    this.openedAt = now;
    this.sum.fill(0);
  }

  /** Whether a datagram of a run can belong to it. */
  takes(run: SealedRun, counter: number): boolean {
    const distance = counter - this.first;
    return this.slot === run.slot && this.stream === run.stream && distance >= 0 && distance < MASK_BITS;
  }

  add(bytes: Uint8Array, offset: number, length: number, counter: number): void {
    const bytesSummed = length - OUTER.BYTES;
    const { sum } = this;
    for (let at = 0; at < bytesSummed; at++) sum[at] ^= bytes[offset + OUTER.BYTES + at];
    this.mask |= 1 << (counter - this.first);
    this.count++;
    this.lengths ^= bytesSummed;
    this.longest = Math.max(this.longest, bytesSummed);
  }
}

export class Parity {
  /** Unfinished groups, the oldest first: at most one of each link. */
  private readonly open: Group[] = [];
  /** Complete groups whose parity has not been sent, the first first. */
  private readonly complete: Group[] = [];
  private readonly spare: Group[] = [];
  private readonly plaintext = new Plaintext();

  constructor(
    private readonly arena: Arena,
    private readonly tables: Tables,
    private readonly sealer: Sealer,
    private readonly stats: SharedStats,
  ) {}

  /** Adds sealed datagrams that left by `link` to its groups. */
  add(link: number, run: SealedRun, now: number): void {
    const size = this.groupSize(link);
    const { offset, length, segment } = run;
    if (size === PARITY_OFF || segment > LARGEST_MEMBER) return;
    let { counter } = run;
    for (let at = 0; at < length; at += segment, counter++) {
      const group = this.groupFor(link, run, counter, now);
      group.add(this.arena.bytes, offset + at, Math.min(segment, length - at), counter);
      if (group.count >= size) this.close(this.open.indexOf(group));
    }
  }

  private groupFor(link: number, run: SealedRun, counter: number, now: number): Group {
    for (let index = 0; index < this.open.length; index++) {
      const group = this.open[index];
      if (group.link !== link) continue;
      if (group.takes(run, counter)) return group;
      this.close(index);
      break;
    }
    const group = this.spare.pop() ?? makeGroup();
    group.open(link, run, counter, now);
    this.open.push(group);
    return group;
  }

  /** Datagrams for each parity datagram on a link at this moment; `PARITY_OFF` for none. */
  private groupSize(link: number): number {
    const configured = this.tables.links.parity[link];
    if (configured !== PARITY_AUTO) return configured;
    const permille = this.stats.links[link * LINK_WIDTH + LINK.lossOutPermille];
    if (permille < CLEAN_PERMILLE) return PARITY_OFF;
    return Math.min(MAX_GROUP, Math.max(MIN_GROUP, Math.floor((EXPECTED_LOSSES * 1000) / permille)));
  }

  private close(index: number): void {
    this.complete.push(removeAt(this.open, index));
  }

  /** When the oldest unfinished group is to be closed, in µs; Infinity when there is none. */
  nextDeadline(): number {
    return this.open.length === 0 ? Number.POSITIVE_INFINITY : this.open[0].openedAt + GROUP_AGE_US;
  }

  /** Closes unfinished groups that are old enough. */
  expire(now: number): void {
    while (now >= this.nextDeadline()) this.close(0);
  }

  /** Whether parity datagrams are to be sent. */
  get hasComplete(): boolean {
    return this.complete.length > 0;
  }

  /** Seals the parity of the next complete group as `run`; returns its link, or -1 when that group's link or session is gone. */
  sealNext(run: SealedRun): number {
    const group = removeAt(this.complete, 0);
    const { links, sessions } = this.tables;
    const isWanted = links.has(group.link) && sessions.isLive(group.slot);
    const link = isWanted && this.seal(group, run) ? group.link : NO_LINK;
    // Not before: sealing may flush, and what is flushed opens groups.
    this.spare.push(group);
    return link;
  }

  private seal(group: Group, run: SealedRun): boolean {
    const { bytes, view } = this.arena;
    const length = PARITY.BYTES + group.longest;
    const body = this.sealer.reserve(length + SEALED_OVERHEAD) + OUTER.BYTES;
    bytes[body + PARITY.KIND] = KIND.PARITY;
    bytes[body + PARITY.STREAM] = group.stream;
    view.setUint16(body + PARITY.LENGTHS, group.lengths);
    view.setUint32(body + PARITY.MASK, group.mask);
    writeU64(view, body + PARITY.FIRST, group.first);
    for (let at = 0; at < group.longest; at++) bytes[body + PARITY.BYTES + at] = group.sum[at];
    this.plaintext.setInPlace(body, length);
    if (!this.sealer.sealInPlace(group.slot, this.tables.links.id[group.link], this.plaintext, run))
      return false;
    this.stats.interface[INTERFACE.parityDatagrams]++;
    return true;
  }
}

/** Groups are used again; there are never more than links with parity, and those that wait to be sent. */
function makeGroup(): Group {
  return new Group();
}

/** Takes a group out of a list and keeps the order of the others. */
function removeAt(groups: Group[], index: number): Group {
  const group = groups[index];
  groups.copyWithin(index, index + 1);
  groups.pop();
  return group;
}
