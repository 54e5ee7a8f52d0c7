/**
 * Hierarchical timing wheel: hundreds of thousands of deadlines, each set, cancelled and met in O(1).
 *
 * Source: G. Varghese and T. Lauck, "Hashed and hierarchical timing wheels" (1987), scheme 7. The inner wheel
 * covers one block of 512 ticks of 0.5 ms; the outer wheel holds one list per later block, and its list is
 * spread over the inner wheel when the block begins: a short block, so that no frame waits while many are
 * spread. Exact deadlines are kept beside, so nothing is ever due early. Times are microseconds as doubles and
 * may start anywhere; they never go back.
 */
import { Columns, float64, int32 } from '../base/columns.js';

const TICK_US = 500;
const INNER = 512;
const BLOCK_US = TICK_US * INNER;
const OUTER = 2048;
const NONE = -1;

export class TimerWheel {
  /** Start of the current block. */
  private base: number;
  /** The current block's slot of the outer wheel. */
  private block = 0;
  /** Inner slots before this one are empty. */
  private cursor = 0;
  private innerCount = 0;
  private pendingCount = 0;
  /** Earliest deadline, while `stale` is false. */
  private earliest = Number.POSITIVE_INFINITY;
  private stale = false;

  /** First id of each list: the inner slots, then the outer ones. */
  private readonly head = new Int32Array(INNER + OUTER).fill(NONE);
  /** A bit for each inner slot that is not empty. */
  private readonly occupied = new Int32Array(INNER / 32);

  private deadline = float64();
  /** The list that an id is in, or NONE. */
  private slot = int32(NONE);
  private nextOf = int32();
  private previous = int32();
  private readonly columns = new Columns(this, 'timers', 64);

  /** A wheel for ids below `ids` (it grows when a higher one is scheduled), with the time of its start. */
  constructor(ids: number, nowUs: number) {
    this.base = nowUs;
    this.columns.ensure(ids);
  }

  /** How many deadlines are pending. */
  get pending(): number {
    return this.pendingCount;
  }

  /** Whether an id has a pending deadline. */
  isScheduled(id: number): boolean {
    return id < this.slot.length && this.slot[id] !== NONE;
  }

  /** Sets the deadline of an id, in place of any earlier one. A deadline in the past is due at once. */
  schedule(id: number, atUs: number): void {
    this.columns.ensure(id + 1);
    if (this.slot[id] !== NONE) this.cancel(id);
    this.deadline[id] = atUs;
    this.insert(id);
    this.pendingCount++;
    if (atUs < this.earliest) this.earliest = atUs;
  }

  /** Takes back the deadline of an id; nothing happens when it has none. */
  cancel(id: number): void {
    if (!this.isScheduled(id)) return;
    if (this.deadline[id] <= this.earliest) this.stale = true;
    this.unlink(id);
    this.pendingCount--;
  }

  /**
   * Moves the time on and writes the ids whose deadline has come to `due`, slot by slot in order of time.
   * Returns how many. When `due` came back full, there may be more: call again with the same time.
   */
  advance(nowUs: number, due: Int32Array): number {
    if (this.pendingCount === 0) {
      this.restart(nowUs);
      return 0;
    }
    if (!this.stale && nowUs < this.earliest) return 0;
    this.stale = true;
    let count = 0;
    for (;;) {
      const elapsed = nowUs - this.base;
      const last = elapsed >= BLOCK_US ? INNER - 1 : Math.floor(elapsed / TICK_US);
      while (this.innerCount > 0) {
        const slot = this.firstOccupied();
        if (slot > last) break;
        this.cursor = slot;
        count = this.collect(slot, nowUs, due, count);
        if (count === due.length || this.head[slot] !== NONE) return count;
      }
      if (elapsed < BLOCK_US) {
        if (last > this.cursor) this.cursor = last;
        return count;
      }
      this.enterNextBlock();
    }
  }

  /** The earliest pending deadline in microseconds, exactly; Infinity when there is none. */
  next(): number {
    if (this.stale) {
      this.earliest = this.findEarliest();
      this.stale = false;
    }
    return this.earliest;
  }

  /** Moves the due ids of an inner slot to `due` until that is full. */
  private collect(slot: number, nowUs: number, due: Int32Array, from: number): number {
    let count = from;
    let id = this.head[slot];
    while (id !== NONE && count < due.length) {
      const following = this.nextOf[id];
      if (this.deadline[id] <= nowUs) {
        this.unlink(id);
        this.pendingCount--;
        due[count++] = id;
      }
      id = following;
    }
    return count;
  }

  private insert(id: number): void {
    const ahead = this.deadline[id] - this.base;
    let slot: number;
    if (ahead < BLOCK_US) {
      slot = Math.max(this.cursor, Math.floor(ahead / TICK_US));
      this.occupied[slot >> 5] |= 1 << (slot & 31);
      this.innerCount++;
    } else {
      // What lies beyond the outer wheel waits in its last list and is sorted in again from there.
      const blocks = Math.min(OUTER - 1, Math.floor(ahead / BLOCK_US));
      slot = INNER + ((this.block + blocks) & (OUTER - 1));
    }
    const head = this.head[slot];
    this.slot[id] = slot;
    this.nextOf[id] = head;
    this.previous[id] = NONE;
    if (head !== NONE) this.previous[head] = id;
    this.head[slot] = id;
  }

  private unlink(id: number): void {
    const slot = this.slot[id];
    const next = this.nextOf[id];
    const previous = this.previous[id];
    this.slot[id] = NONE;
    if (next !== NONE) this.previous[next] = previous;
    if (previous !== NONE) this.nextOf[previous] = next;
    else this.head[slot] = next;
    if (slot >= INNER) return;
    this.innerCount--;
    if (this.head[slot] === NONE) this.occupied[slot >> 5] &= ~(1 << (slot & 31));
  }

  private enterNextBlock(): void {
    this.base += BLOCK_US;
    this.block = (this.block + 1) & (OUTER - 1);
    this.cursor = 0;
    const list = INNER + this.block;
    let id = this.head[list];
    this.head[list] = NONE;
    while (id !== NONE) {
      const following = this.nextOf[id];
      this.insert(id);
      id = following;
    }
  }

  /** The first inner slot from the cursor on that is not empty; there is one. */
  private firstOccupied(): number {
    let word = this.cursor >> 5;
    while (this.occupied[word] === 0) word++;
    const bits = this.occupied[word];
    return (word << 5) + 31 - Math.clz32(bits & -bits);
  }

  private findEarliest(): number {
    if (this.pendingCount === 0) return Number.POSITIVE_INFINITY;
    if (this.innerCount > 0) return this.earliestOf(this.firstOccupied());
    let earliest = Number.POSITIVE_INFINITY;
    // A list may also hold deadlines that were beyond the wheel when they were set: those do not end the search.
    for (let ahead = 1; ahead < OUTER && earliest >= this.base + ahead * BLOCK_US; ahead++) {
      const list = INNER + ((this.block + ahead) & (OUTER - 1));
      if (this.head[list] !== NONE) earliest = Math.min(earliest, this.earliestOf(list));
    }
    return earliest;
  }

  private earliestOf(slot: number): number {
    let earliest = Number.POSITIVE_INFINITY;
    for (let id = this.head[slot]; id !== NONE; id = this.nextOf[id]) {
      if (this.deadline[id] < earliest) earliest = this.deadline[id];
    }
    return earliest;
  }

  /** An empty wheel has no past: it starts over at the present. */
  private restart(nowUs: number): void {
    if (nowUs > this.base) this.base = nowUs;
    this.cursor = 0;
    this.earliest = Number.POSITIVE_INFINITY;
    this.stale = false;
  }
}
