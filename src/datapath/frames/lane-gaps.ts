/**
 * Gaps of lanes that are known to stay, since every link that carries the lane has brought something later: the peer is
 * asked for what is missing (NACKs), if it said that it sends such again, and the gap waits for the answer.
 *
 * In the ring of a lane a counter that was asked for holds when that was, as a negative number; one that is missing holds 0.
 */
import { Columns, float64, uint8 } from '../../base/columns.js';
import { Gaps } from '../../wire/nack.js';

/** Asks peers for what is missing. */
export interface GapAsker {
  /** Asks for gaps of a session's lane. Returns how long the answer may take, in µs; 0: nobody was asked. */
  ask(slot: number, gaps: Gaps, now: number): number;
}

/** A lane as its links have brought it. */
export interface LaneView {
  slot: number;
  ring: Int32Array;
  /** The first counter that is missing. */
  next: number;
  /** Every link that carries the lane has brought all it will below this counter; infinity while none is known to carry it. */
  passed: number;
  /** How late a link's own datagrams may come after later ones, in µs. */
  slackUs: number;
}

/** A peer is asked no more often than this. */
const PAUSE_US = 1_000;
/** Stamps are ms modulo this, negative in the ring. */
const STAMPS = 2 ** 29;

export class LaneGaps {
  /** 1: the peer sends again what is asked for. */
  private answers = uint8();
  /** All below this counter has come or was asked for. */
  private askedTo = float64();
  private askedAt = float64(Number.NEGATIVE_INFINITY);
  /** What every link had passed at that time. */
  private passed = float64();
  private passedAt = float64();
  /** How long an answer may take. */
  private patienceUs = float64();
  private readonly columns = new Columns(this, 'others', 64);
  private readonly gaps = new Gaps();

  constructor(private readonly asker: GapAsker) {}

  /** A session's lane begins. */
  open(slot: number): void {
    this.columns.ensure(slot + 1);
    this.columns.reset(slot);
  }

  /** The peer says whether it sends again what it is asked for. */
  announced(slot: number, isAnswering: boolean): void {
    this.answers[slot] = isAnswering ? 1 : 0;
  }

  /** Asks for what is missing for good, and was not asked for. */
  look(lane: LaneView, now: number): void {
    const { slot } = lane;
    if (this.answers[slot] === 0 || now - this.askedAt[slot] < PAUSE_US) return;
    const to = this.stays(lane, now);
    const from = Math.max(this.askedTo[slot], lane.next);
    if (to <= from) return;
    this.askedTo[slot] = this.collect(lane.ring, from, to);
    if (this.gaps.count > 0) this.askForAll(lane, now);
  }

  /** Asks for the gaps that were collected. Returns whether somebody was asked. */
  private askForAll({ slot, ring }: LaneView, now: number): boolean {
    this.askedAt[slot] = now;
    this.patienceUs[slot] = this.asker.ask(slot, this.gaps, now);
    if (this.patienceUs[slot] === 0) return false;
    this.mark(ring, -1 - (Math.floor(now / 1000) % STAMPS));
    return true;
  }

  /** Nobody waits any longer for the first gap by itself: it is asked for. Returns whether it was. */
  lookAtFirst(lane: LaneView, now: number): boolean {
    const { slot, next } = lane;
    if (this.answers[slot] === 0 || lane.ring[next % lane.ring.length] !== 0) return false;
    let to = next;
    while (lane.ring[to % lane.ring.length] === 0) to++;
    this.askedTo[slot] = Math.max(this.askedTo[slot], this.collect(lane.ring, next, to));
    return this.askForAll(lane, now);
  }

  /** What is missing below this counter will not come by itself. */
  private stays({ slot, next, passed: passedBy, slackUs }: LaneView, now: number): number {
    if (now - this.passedAt[slot] < slackUs) return 0;
    // While nothing is known to carry the lane, nothing says that a link has passed a gap.
    const passed = passedBy === Number.POSITIVE_INFINITY ? next : passedBy;
    const to = slackUs === 0 ? passed : this.passed[slot];
    this.passed[slot] = passed;
    this.passedAt[slot] = now;
    return to;
  }

  /** Notes the gaps between two counters; returns up to where there was room for them. */
  private collect(ring: Int32Array, from: number, to: number): number {
    const { gaps } = this;
    gaps.count = 0;
    let first = -1;
    for (let counter = from; counter <= to; counter++) {
      const isMissing = counter < to && ring[counter % ring.length] === 0;
      if (isMissing && first < 0) first = counter;
      if (isMissing || first < 0) continue;
      if (!gaps.add(first, counter - first)) return first;
      first = -1;
    }
    return to;
  }

  private mark(ring: Int32Array, stamp: number): void {
    const { gaps } = this;
    for (let gap = 0; gap < gaps.count; gap++) {
      for (let counter = gaps.first[gap]; counter < gaps.endOf(gap); counter++) {
        ring[counter % ring.length] = stamp;
      }
    }
  }

  /** Until when a datagram is waited for that was asked for, by what its place in the ring holds. */
  dueAt(slot: number, held: number, now: number): number {
    const elapsedMs = (Math.floor(now / 1000) - (-1 - held) + STAMPS) % STAMPS;
    return now - elapsedMs * 1000 + this.patienceUs[slot];
  }
}
