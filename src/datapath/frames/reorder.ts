/**
 * Puts datagrams of the lane back in order (`LANE_STREAM`: one counter space over several links).
 *
 * What comes in order passes untouched. What comes early is copied, since receive slots are used again at once, and
 * waits until the gap in front of it is filled or known to stay: when every link that carries the lane has
 * delivered something later (links keep order, so it is lost), or when the gap is older than gaps that the links
 * which have not were ever seen to fill (as RACK, RFC 8985 section 6.2, bounds its reordering window by what it has
 * seen). What is lost for sure may be asked for (`lane-gaps.ts`) and waits a little longer. Room is bounded; without
 * room frames pass out of order rather than not at all.
 */
import { Columns, float64, int32 } from '../../base/columns.js';
import { type Arena, CELL_BYTES, type Region } from '../../state/arena.js';
import { Datagram } from '../../state/datagram.js';
import { LANE_STREAM, MAX_LINKS } from '../../wire/header.js';
import { type GapAsker, LaneGaps, type LaneView } from './lane-gaps.js';

/** Room in front of a plaintext, for headers of the TAP and a VLAN tag. Longer ones than fit do not wait. */
const CELL_HEAD = 32;
/** Counters that a lane can look ahead. */
const SPAN = 8192;
/**
 * A lane may keep this many times what is free (dynamic thresholds, Choudhury and Hahne 1998): alone it gets 7/8 of all
 * room, and a peer that leaves gaps on purpose never takes the last of it from the others.
 */
const SHARE_OF_FREE = 7;
const NO_RING = -1;
const NO_PEER = -1;

/** Longest wait for a gap, and the wait before anything was learned of the links' spread. */
const MAX_WAIT_US = 300_000;
const FIRST_WAIT_US = 100_000;
const LEAST_WAIT_US = 30_000;
/** A gap may take this many times as long as the slowest that the link filled in its last one to two periods. */
const PATIENCE = 2;
const PERIOD_US = 10_000_000;
/** From so many datagrams on, a link is known by the gaps that it filled. */
const TELLING = 64;
/** What comes later than this after a later one of its own link was sent again: the link does keep order. */
const MAX_SLACK_US = 30_000;
/** How long a link counts as carrying the lane after its last datagram, and after the peer said that it will. */
const CARRIES_US = 200_000;
const ANNOUNCED_US = 300_000;
/** A link counts as one that brings the lane for so long after its last datagram: time-outs of TCP are shorter. */
const BRINGS_US = 1_000_000;

/** Whoever takes datagrams of the lane that had waited. Of `datagram`, peer, stream, place and time are set. */
interface LaneSink {
  unpack(datagram: Datagram): void;
}

export class Reorder {
  // Lanes, by session slot.
  private next = float64();
  private peer = int32(NO_PEER);
  private pending = int32();
  private ring = int32(NO_RING);
  /** Since when the head of the lane is missing while others wait; since when every link has passed it, or 0. */
  private gapAt = float64();
  private passedAt = float64();
  /** When the gap at the head is given up, as `settle` found; until it has looked, when the gap began. */
  private givenUpAt = float64();
  /** The gap that was given up last: since when it had been there, its first counter, one above its last. */
  private lostAt = float64();
  private lostFrom = float64();
  private lostTo = float64();
  private readonly waiting: number[] = [];

  // Of each lane and link id: one above the highest counter, when it came, how late a link's own datagrams come.
  private highest = float64(0, MAX_LINKS);
  private highestAt = float64(0, MAX_LINKS);
  private slackUs = float64(0, MAX_LINKS);
  private carriesUntil = float64(0, MAX_LINKS);
  // Datagrams that it brought; longest time that a gap took which it filled, in this period and in the one before, and when
  // this one began.
  private brought = float64(0, MAX_LINKS);
  private fillUs = float64(0, MAX_LINKS);
  private formerFillUs = float64(0, MAX_LINKS);
  private periodAt = float64(0, MAX_LINKS);
  private readonly columns = new Columns(this, 'others', 64);

  /** For lanes that wait, one above the cell of each counter: each peer has a ring at most, and is never refused one. */
  private readonly rings: Int32Array[] = [];
  private readonly freeRings: number[] = [];
  /** Bytes that wait in each cell. */
  private readonly lengthOf: Int32Array;
  private readonly freeCells: Int32Array;
  private freeCount: number;
  /** Cells released, in use until the TAP has been written. */
  private readonly leaving: Int32Array;
  private leavingCount = 0;
  private readonly base: number;
  /** What is released: at the time of the call that releases it. */
  private readonly released = new Datagram();
  private readonly gaps: LaneGaps;
  /** The lane in hand. */
  private readonly view: LaneView = { slot: 0, ring: new Int32Array(0), next: 0, passed: 0, slackUs: 0 };

  constructor(
    private readonly arena: Arena,
    private readonly sink: LaneSink,
    asker: GapAsker,
  ) {
    this.gaps = new LaneGaps(asker);
    this.released.stream = LANE_STREAM;
    const cells = arena.reorderCells;
    this.base = arena.reorderBase;
    this.freeCells = Int32Array.from({ length: cells }, (_, index) => cells - 1 - index);
    this.freeCount = cells;
    this.leaving = new Int32Array(cells);
    this.lengthOf = new Int32Array(cells);
  }

  /** A session's lane is used for the first time: it starts at counter 0. */
  private open(slot: number, peer: number): void {
    this.columns.ensure(slot + 1);
    this.gaps.open(slot);
    this.next[slot] = 0;
    this.peer[slot] = peer;
    this.lostFrom[slot] = 0;
    this.lostTo[slot] = 0;
    this.highest.fill(0, slot * MAX_LINKS, (slot + 1) * MAX_LINKS);
    this.highestAt.fill(Number.NEGATIVE_INFINITY, slot * MAX_LINKS, (slot + 1) * MAX_LINKS);
    this.slackUs.fill(0, slot * MAX_LINKS, (slot + 1) * MAX_LINKS);
    this.carriesUntil.fill(0, slot * MAX_LINKS, (slot + 1) * MAX_LINKS);
    for (let at = slot * MAX_LINKS; at < (slot + 1) * MAX_LINKS; at++) this.forget(at);
  }

  /** Nothing is known of how long gaps wait for a link. */
  private forget(at: number): void {
    this.brought[at] = 0;
    this.fillUs[at] = 0;
    this.formerFillUs[at] = FIRST_WAIT_US / PATIENCE;
    this.periodAt[at] = Number.NEGATIVE_INFINITY;
  }

  /** Where datagrams of lanes wait. */
  region(): Region {
    const { reorderBase, reorderCells } = this.arena;
    const isInUse = () => this.freeCount < reorderCells;
    return { base: reorderBase, bytes: reorderCells * CELL_BYTES, isInUse };
  }

  /** A session ends, or another takes its slot: what waits is delivered as it stands. */
  sessionRetired(slot: number): void {
    if (slot >= this.next.length) return;
    while (this.pending[slot] > 0) this.skip(slot, 0);
    this.peer[slot] = NO_PEER;
  }

  /** One above the highest counter that a link (by id) has delivered of a session's lane. */
  highestBy(slot: number, linkId: number): number {
    const isOpen = slot < this.next.length && this.peer[slot] !== NO_PEER;
    return isOpen ? this.highest[slot * MAX_LINKS + linkId] : 0;
  }

  /** Ids, as a bit set, of the links that have lately brought something of a session's lane. */
  broughtBy(slot: number, now: number): number {
    if (slot >= this.next.length || this.peer[slot] === NO_PEER) return 0;
    let ids = 0;
    for (let id = 0; id < MAX_LINKS; id++) {
      if (now - this.highestAt[slot * MAX_LINKS + id] < BRINGS_US) ids |= 1 << id;
    }
    return ids;
  }

  /**
   * A datagram of the lane has arrived. True when it is to be delivered now; the caller then calls `advance`. False
   * when it was kept.
   */
  offer(datagram: Datagram): boolean {
    const { slot, counter, now } = datagram;
    this.released.now = now;
    if (slot >= this.next.length || this.peer[slot] === NO_PEER) this.open(slot, datagram.peer);
    const next = this.next[slot];
    // What was asked for goes by any link: it tells nothing of that one's order.
    if (datagram.linkId >= 0 && !this.wasAskedFor(slot, counter)) {
      this.noteLink(slot * MAX_LINKS + datagram.linkId, counter, now);
    }
    if (counter < next) {
      this.learnLate(datagram);
      return true;
    }
    if (counter === next) return true;
    if (!this.keep(datagram)) {
      while (this.pending[slot] > 0) this.skip(slot, now);
      this.next[slot] = Math.max(this.next[slot], counter);
      return true;
    }
    if (this.pending[slot] === 1) {
      this.gapAt[slot] = now;
      this.passedAt[slot] = 0;
      this.givenUpAt[slot] = now;
      this.waiting.push(slot);
    }
    return false;
  }

  /** Whether a counter is missing that the peer was asked for. */
  private wasAskedFor(slot: number, counter: number): boolean {
    const ahead = counter - this.next[slot];
    return ahead >= 0 && ahead < SPAN && this.ring[slot] !== NO_RING && this.held(slot, counter) < 0;
  }

  /** What the ring of a lane holds for a counter. */
  private held(slot: number, counter: number): number {
    return this.rings[this.ring[slot]][counter % SPAN];
  }

  /**
   * A heartbeat says which links (a bit set of ids) carry the lane of its session, or will, and whether what is lost
   * of it is sent again when it is asked for.
   */
  announced({ slot, peer, now }: Datagram, links: number, isAnswering: boolean): void {
    if (links === 0) return;
    if (slot >= this.next.length || this.peer[slot] === NO_PEER) this.open(slot, peer);
    this.gaps.announced(slot, isAnswering);
    for (let id = 0; id < MAX_LINKS; id++) {
      if ((links & (1 << id)) === 0) continue;
      const at = slot * MAX_LINKS + id;
      if (now - this.highestAt[at] > PERIOD_US) this.forget(at);
      this.carriesUntil[at] = now + ANNOUNCED_US;
    }
  }

  private noteLink(at: number, counter: number, now: number): void {
    if (counter >= this.highest[at]) {
      this.highest[at] = counter + 1;
      this.highestAt[at] = now;
    } else if (now - this.highestAt[at] < MAX_SLACK_US) {
      // The link itself does not keep order.
      this.slackUs[at] = Math.max(this.slackUs[at], 2 * (now - this.highestAt[at]) + 500);
    }
    this.slackUs[at] *= 0.9995;
    if (++this.brought[at] === TELLING) this.formerFillUs[at] = 0;
    this.carriesUntil[at] = Math.max(this.carriesUntil[at], now + CARRIES_US);
  }

  /** The datagram at the head of the lane has been delivered: what follows it without a gap is released. */
  advance(datagram: Datagram): void {
    const { slot, counter, now } = datagram;
    if (counter !== this.next[slot]) return;
    this.next[slot] = counter + 1;
    if (this.pending[slot] === 0) return;
    if (this.held(slot, counter) === 0) this.learn(datagram, now - this.gapAt[slot]);
    this.rings[this.ring[slot]][counter % SPAN] = 0;
    this.drain(slot, now);
  }

  /** A gap was given up, and now part of it comes: the next one may take longer, within what any gap may take. */
  private learnLate(datagram: Datagram): void {
    const { slot, counter, now } = datagram;
    const filledUs = now - this.lostAt[slot];
    const isOfLast = counter >= this.lostFrom[slot] && counter < this.lostTo[slot];
    // What comes later than that was sent again by another link when its own one died.
    if (isOfLast && filledUs < MAX_WAIT_US) this.learn(datagram, filledUs);
  }

  private learn({ slot, linkId, now }: Datagram, filledUs: number): void {
    if (linkId < 0) return;
    const at = slot * MAX_LINKS + linkId;
    if (now - this.periodAt[at] > PERIOD_US) {
      if (this.periodAt[at] > 0) this.formerFillUs[at] = this.fillUs[at];
      this.fillUs[at] = 0;
      this.periodAt[at] = now;
    }
    this.fillUs[at] = Math.max(this.fillUs[at], filledUs);
  }

  private keep(datagram: Datagram): boolean {
    const { slot, counter, body, end } = datagram;
    const length = end - body;
    if (counter - this.next[slot] >= SPAN || length > CELL_BYTES - CELL_HEAD) return false;
    if (this.pending[slot] >= SHARE_OF_FREE * this.freeCount) return false;
    if (this.ring[slot] === NO_RING) this.takeRing(slot, datagram);
    const cell = this.freeCells[--this.freeCount];
    this.rings[this.ring[slot]][counter % SPAN] = cell + 1;
    this.lengthOf[cell] = length;
    this.arena.bytes.copyWithin(this.base + cell * CELL_BYTES + CELL_HEAD, body, end);
    this.pending[slot]++;
    return true;
  }

  /** Gives a lane the ring of its peer; a lane of another session of that peer gives it up. */
  private takeRing(slot: number, { peer, now }: Datagram): void {
    for (let index = this.waiting.length - 1; index >= 0; index--) {
      const other = this.waiting[index];
      if (this.peer[other] !== peer) continue;
      while (this.pending[other] > 0) this.skip(other, now);
    }
    this.ring[slot] = this.freeRings.pop() ?? this.makeRing();
  }

  private makeRing(): number {
    return this.rings.push(new Int32Array(SPAN)) - 1;
  }

  /** Releases from the head on until the next gap. */
  private drain(slot: number, now: number): void {
    const ring = this.rings[this.ring[slot]];
    while (this.pending[slot] > 0) {
      const at = this.next[slot] % SPAN;
      const cell = ring[at] - 1;
      if (cell < 0) break;
      ring[at] = 0;
      this.pending[slot]--;
      this.next[slot]++;
      this.release(slot, this.base + cell * CELL_BYTES + CELL_HEAD, this.lengthOf[cell]);
      this.leaving[this.leavingCount++] = cell;
    }
    this.gapAt[slot] = now;
    this.passedAt[slot] = 0;
    if (this.pending[slot] > 0) return;
    this.freeRings.push(this.ring[slot]);
    this.ring[slot] = NO_RING;
    const index = this.waiting.indexOf(slot);
    if (index >= 0) this.waiting.splice(index, 1);
  }

  private release(slot: number, body: number, length: number): void {
    const { released } = this;
    released.slot = slot;
    released.peer = this.peer[slot];
    released.body = body;
    released.end = body + length;
    this.sink.unpack(released);
  }

  /** Gives the gap at the head up and releases what follows it. */
  private skip(slot: number, now: number): void {
    const ring = this.rings[this.ring[slot]];
    const held = ring[this.next[slot] % SPAN];
    this.lostAt[slot] = this.gapAt[slot];
    this.lostFrom[slot] = this.next[slot];
    while (ring[this.next[slot] % SPAN] === held) ring[this.next[slot]++ % SPAN] = 0;
    this.lostTo[slot] = held === 0 ? this.next[slot] : this.lostFrom[slot];
    this.drain(slot, now);
  }

  /** Gives up gaps that will not be filled. To be called when everything that had arrived was offered. */
  settle(now: number): void {
    this.released.now = now;
    for (let index = this.waiting.length - 1; index >= 0; index--) {
      const slot = this.waiting[index];
      const view = this.viewOf(slot, now);
      this.gaps.look(view, now);
      while (this.pending[slot] > 0) {
        view.next = this.next[slot];
        this.givenUpAt[slot] = this.deadline(view, now);
        if (now < this.givenUpAt[slot]) break;
        if (!this.gaps.lookAtFirst(view, now)) this.skip(slot, now);
      }
    }
  }

  /** When `settle` should be called next, in µs: later than its last call, since that gave up what was due. */
  nextDeadline(): number {
    let earliest = Number.POSITIVE_INFINITY;
    for (let index = 0; index < this.waiting.length; index++) {
      earliest = Math.min(earliest, this.givenUpAt[this.waiting[index]]);
    }
    return earliest;
  }

  private viewOf(slot: number, now: number): LaneView {
    const { view } = this;
    view.slot = slot;
    view.ring = this.rings[this.ring[slot]];
    view.next = this.next[slot];
    view.passed = Number.POSITIVE_INFINITY;
    view.slackUs = 0;
    for (let at = slot * MAX_LINKS; at < (slot + 1) * MAX_LINKS; at++) {
      if (now > this.carriesUntil[at]) continue;
      view.slackUs = Math.max(view.slackUs, this.slackUs[at]);
      view.passed = Math.min(view.passed, this.highest[at]);
    }
    return view;
  }

  /** When the gap at the head of a lane is given up. */
  private deadline({ slot, next, passed, slackUs }: LaneView, now: number): number {
    const held = this.held(slot, next);
    if (held < 0) return this.gaps.dueAt(slot, held, now);
    if (passed <= next) return this.gapAt[slot] + this.patience(slot, next, now);
    if (this.passedAt[slot] === 0) this.passedAt[slot] = now;
    return Math.min(this.gapAt[slot] + MAX_WAIT_US, this.passedAt[slot] + slackUs);
  }

  /** How long those links may take that have not passed a gap which begins at `next`. */
  private patience(slot: number, next: number, now: number): number {
    let slowest = 0;
    for (let at = slot * MAX_LINKS; at < (slot + 1) * MAX_LINKS; at++) {
      if (now > this.carriesUntil[at] || this.highest[at] > next) continue;
      slowest = Math.max(slowest, this.fillUs[at], this.formerFillUs[at]);
    }
    return Math.min(MAX_WAIT_US, Math.max(LEAST_WAIT_US, PATIENCE * slowest));
  }

  /** The TAP has been written: cells of what was released are free again. */
  recycle(): void {
    for (let index = 0; index < this.leavingCount; index++) {
      this.freeCells[this.freeCount++] = this.leaving[index];
    }
    this.leavingCount = 0;
  }
}
