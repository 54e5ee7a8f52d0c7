/**
 * MAC table: which port a station was last heard on, per VLAN (IEEE 802.1Q-2022 section 8.8).
 *
 * Bounded, in typed arrays, every operation O(1): a chained hash finds entries, a list per port keeps them in
 * order of last hearing, and a ranking knows the port with the most. When the table is full that port loses its
 * oldest entry, so a flood of addresses from one peer can never push out the stations of a smaller one.
 *
 * A port is a peer row (0 and up) or `LOCAL_PORT`, the TAP. Times are microseconds of any steady clock.
 */
import { Columns, int32 } from '../base/columns.js';
import type { StaticMac } from '../contract/port-settings.js';
import { Directs, TURN } from './directs.js';
import { isGroup } from './frame.js';
import { KeyedHash } from './keyed-hash.js';
import { type FrozenMac, LEARN } from './learning.js';
import { checkedAgeing, checkedLimit, DEFAULT_AGEING_US, type MacTableOptions } from './mac-options.js';
import { PortRanking } from './port-ranking.js';

/** The port of stations behind our own TAP. */
export const LOCAL_PORT = -1;
/** Answer of `lookup` for an unknown address. */
export const MISS = -2;

/** Takes an entry of `MacTable.entries`. `ageUs` is 0 for static entries. */
type EntryVisitor = (
  vlan: number,
  high: number,
  low: number,
  port: number,
  ageUs: number,
  isStatic: boolean,
) => void;

/** An entry is stamped again only after this part of the ageing time: busy stations cost no list work. */
const REFRESH_DIVISOR = 256;
/** An address that would move so often within the window stays where it is for a while (RFC 7432 section 15.1). */
const MOST_MOVES = 5;
const MOVE_WINDOW_US = 180e6;
const FREEZE_US = 60e6;
const NONE = -1;
/** A row of 32 bytes: VLAN and first 16 bits of the address, the last 32 bits, and these; `SEEN` counts in eight bytes. */
const WORDS = 8;
const LOW = 1;
const CHAIN = 2;
const PORT = 3;
const STATIC = 6;
const TIMES = 4;
const SEEN = 2;
/** VLAN ids, those that are reserved included. */
export const VLANS = 4096;

export class MacTable {
  /** What has been frozen since it was told last. */
  readonly frozen: FrozenMac = { vlan: 0, high: 0, low: 0, port: MISS, other: MISS, count: 0 };
  private readonly hash: KeyedHash;
  private readonly directs: Directs;
  private wanted = 0;
  /** Rows: as many as the limit, or the static entries where these are more. */
  private most = 0;
  private ageing: number;
  private moveCount = 0;
  private used = 0;
  private readonly inVlan = new Int32Array(VLANS);
  private readonly hereInVlan = new Int32Array(VLANS);
  private statics = 0;

  // Entry rows. What a frame asks for lies together, two rows a cache line. A free row has port MISS and is chained by its
  // `CHAIN` from `free`.
  private words = new Int32Array(0);
  private times = new Float64Array(0);
  /** Moves within the window, and when the window began; from `MOST_MOVES` on, when the address was frozen. */
  private moved = new Uint8Array(0);
  private movedAt = new Float64Array(0);
  private older = new Int32Array(0);
  private newer = new Int32Array(0);
  private free = NONE;

  private bucket = new Int32Array(0);
  private mask = 0;

  // Lists: two a port (row = port + 1), the learned entries by last hearing and the static ones.
  private oldest = int32(NONE, 2);
  private newest = int32(NONE, 2);
  private readonly ports = new Columns(this, 'peers');
  private ranking = new PortRanking(0);
  private sweepRow = 0;

  /** @throws RangeError when the limit is not between 1 and 2^24, or the ageing time is not positive. */
  constructor(options: MacTableOptions) {
    this.hash = new KeyedHash(options.seed[0], options.seed[1]);
    this.directs = options.directs ?? new Directs();
    this.ageing = checkedAgeing(options.ageingUs ?? DEFAULT_AGEING_US);
    this.wanted = checkedLimit(options.limit);
    this.allocate(this.wanted);
  }

  /** Entries held, learned and static, expired ones that no sweep has met included. */
  get size(): number {
    return this.used;
  }

  get limit(): number {
    return this.wanted;
  }

  /** How often a station was heard on another port than before. */
  get moves(): number {
    return this.moveCount;
  }

  /** Entries of a VLAN (0: untagged). */
  countOf(vlan: number): number {
    return this.inVlan[vlan];
  }

  /** Learned entries of a VLAN behind our own TAP. */
  learnedHere(vlan: number): number {
    return this.hereInVlan[vlan];
  }

  /** Learned entries of a port. */
  learnedCount(port: number): number {
    return this.ranking.count(port + 1);
  }

  /** Port of an address, or `MISS`. An entry past its age is removed on the way. */
  lookup(vlan: number, high: number, low: number, now: number): number {
    const entry = this.find((vlan << 16) | high, low | 0);
    if (entry === NONE) return MISS;
    if (this.words[entry * WORDS + STATIC] === 0 && now - this.times[entry * TIMES + SEEN] >= this.ageing) {
      this.unlink(entry);
      return MISS;
    }
    return this.words[entry * WORDS + PORT];
  }

  /** Notes that a source address was heard on a port; a `LEARN` code tells what came of it. */
  learn(vlan: number, high: number, low: number, port: number, now: number): number {
    const vlanHigh = (vlan << 16) | high;
    const entry = this.find(vlanHigh, low | 0);
    if (entry === NONE) {
      if (port === LOCAL_PORT && this.directs.isOn) this.directs.note(vlanHigh, low, true, now);
      return this.insert(vlanHigh, low | 0, port, now);
    }
    const before = this.words[entry * WORDS + PORT];
    if (this.words[entry * WORDS + STATIC] === 1) {
      if (before === port) return LEARN.REFRESHED;
      // A server's station may come by a direct way.
      return this.directs.isOn && this.directs.isOneLan(before, port) ? LEARN.REFUSED : LEARN.PINNED;
    }
    if (before !== port) {
      // Heard again only after its age: that is a new station to the table, not a move.
      const expired = now - this.times[entry * TIMES + SEEN] >= this.ageing;
      const turn = this.directs.isOn ? this.directs.moved(vlanHigh, low, before, port, now) : TURN.OTHER;
      if (expired) this.moved[entry] = 0;
      else if (turn === TURN.TO_SERVER) return this.refresh(entry, now);
      else if (turn === TURN.OTHER && !this.mayMove(entry, port, now)) return LEARN.FROZEN;
      this.detach(entry);
      this.attach(entry, port, 0, now);
      if (expired) return LEARN.LEARNED;
      this.moveCount++;
      return LEARN.MOVED;
    }
    return this.refresh(entry, now);
  }

  private refresh(entry: number, now: number): number {
    if (now - this.times[entry * TIMES + SEEN] >= this.ageing / REFRESH_DIVISOR) {
      this.detach(entry);
      this.attach(entry, this.words[entry * WORDS + PORT], 0, now);
    }
    return LEARN.REFRESHED;
  }

  /** Counts a move of an entry to a port; false when it must stay. */
  private mayMove(entry: number, port: number, now: number): boolean {
    const since = now - this.movedAt[entry];
    const isFrozen = this.moved[entry] === MOST_MOVES;
    if (isFrozen && since < FREEZE_US) return false;
    if (isFrozen || this.moved[entry] === 0 || since >= MOVE_WINDOW_US) {
      this.moved[entry] = 1;
      this.movedAt[entry] = now;
      return true;
    }
    if (++this.moved[entry] < MOST_MOVES) return true;
    this.movedAt[entry] = now;
    const { frozen } = this;
    frozen.vlan = this.words[entry * WORDS] >>> 16;
    frozen.high = this.words[entry * WORDS] & 0xffff;
    frozen.low = this.words[entry * WORDS + LOW] >>> 0;
    frozen.port = this.words[entry * WORDS + PORT];
    frozen.other = port;
    frozen.count++;
    return false;
  }

  /**
   * Pins an address to a port for ever; a learned or static entry of the address is replaced.
   * Returns false for group and zero addresses and when static entries alone fill the table.
   */
  addStatic(vlan: number, high: number, low: number, port: number): boolean {
    const vlanHigh = (vlan << 16) | high;
    if (!isStation(high, low | 0)) return false;
    const known = this.find(vlanHigh, low | 0);
    if (known !== NONE) this.unlink(known);
    if (this.used >= this.most && !this.evict(port)) return false;
    this.take(vlanHigh, low | 0, port, 1, 0);
    return true;
  }

  /**
   * Makes these the static entries of a port, and no others. While settings change one after another there may be more in
   * all than the limit: the table has room for them.
   */
  setStatics(port: number, stations: readonly StaticMac[]): void {
    this.flushStatics(port);
    if (this.statics + stations.length > this.most) this.resize(this.statics + stations.length);
    for (const { vlan, high, low } of stations) this.addStatic(vlan, high, low, port);
    this.fit();
  }

  /** Removes an address, learned or static. Returns whether it was there. */
  remove(vlan: number, high: number, low: number): boolean {
    const entry = this.find((vlan << 16) | high, low | 0);
    if (entry === NONE) return false;
    this.unlink(entry);
    return true;
  }

  /** Forgets what was learned on a port (its peer is gone) and, on demand, its static entries. Returns how many. */
  flushPort(port: number, includeStatic = false): number {
    const before = this.used;
    const learned = listOf(port, 0);
    if (learned >= this.oldest.length) return 0;
    while (this.oldest[learned] !== NONE) this.unlink(this.oldest[learned]);
    if (includeStatic) this.flushStatics(port);
    const gone = before - this.used;
    this.fit();
    return gone;
  }

  /** What was learned on a port is at another one from now on. */
  moveLearned(port: number, to: number): void {
    const list = listOf(port, 0);
    while (list < this.oldest.length && this.oldest[list] !== NONE) {
      const entry = this.oldest[list];
      this.detach(entry);
      this.attach(entry, to, 0, this.times[entry * TIMES + SEEN]);
    }
  }

  /** Removes what was learned of an address on a port; on another one it stays. */
  forget(port: number, vlan: number, high: number, low: number): void {
    const entry = this.find((vlan << 16) | high, low | 0);
    const at = entry * WORDS;
    if (entry !== NONE && this.words[at + PORT] === port && this.words[at + STATIC] === 0) this.unlink(entry);
  }

  private flushStatics(port: number): void {
    const list = listOf(port, 1);
    if (list >= this.oldest.length) return;
    while (this.oldest[list] !== NONE) this.unlink(this.oldest[list]);
  }

  /** Looks at the next `budget` rows and removes what is past its age. Returns how many entries went. */
  sweep(now: number, budget: number): number {
    const before = this.used;
    for (let looked = Math.min(budget, this.most); looked > 0; looked--) {
      const entry = this.sweepRow;
      this.sweepRow = entry + 1 === this.most ? 0 : entry + 1;
      if (this.words[entry * WORDS + PORT] === MISS || this.words[entry * WORDS + STATIC] === 1) continue;
      if (now - this.times[entry * TIMES + SEEN] >= this.ageing) this.unlink(entry);
    }
    return before - this.used;
  }

  /** @throws RangeError when the time is not positive. */
  setAgeing(ageingUs: number): void {
    this.ageing = checkedAgeing(ageingUs);
  }

  /**
   * Changes the limit (walks the table once). What is too much goes as if by eviction: the largest ports' oldest. Static
   * entries stay, even if they are more.
   * @throws RangeError when the limit is not between 1 and 2^24.
   */
  setLimit(limit: number): void {
    this.wanted = checkedLimit(limit);
    this.fit();
  }

  /** As many rows as the limit wants and the static entries need. */
  private fit(): void {
    const rows = Math.max(this.wanted, this.statics);
    if (rows !== this.most) this.resize(rows);
  }

  private resize(limit: number): void {
    while (this.used > limit) this.evict(LOCAL_PORT);
    const { words, times } = this;
    const oldest = this.oldest.slice();
    const newer = this.newer;
    this.allocate(limit);
    for (let list = 0; list < oldest.length; list++) {
      for (let entry = oldest[list]; entry !== NONE; entry = newer[entry]) {
        const port = (list >> 1) - 1;
        const at = entry * WORDS;
        this.take(words[at], words[at + LOW], port, words[at + STATIC], times[entry * TIMES + SEEN]);
      }
    }
  }

  /**
   * Looks at `rows` rows from `from` and visits the entries there that are not past their age, for `show`; the table must
   * not change meanwhile. Returns the row to go on at, or -1 at the end.
   */
  entries(now: number, from: number, rows: number, visit: EntryVisitor): number {
    const end = Math.min(from + rows, this.most);
    for (let entry = from; entry < end; entry++) {
      const port = this.words[entry * WORDS + PORT];
      if (port === MISS) continue;
      const isStatic = this.words[entry * WORDS + STATIC] === 1;
      const age = isStatic ? 0 : now - this.times[entry * TIMES + SEEN];
      if (age >= this.ageing) continue;
      const vlanHigh = this.words[entry * WORDS];
      visit(vlanHigh >>> 16, vlanHigh & 0xffff, this.words[entry * WORDS + LOW] >>> 0, port, age, isStatic);
    }
    return end < this.most ? end : -1;
  }

  /** Visits what was learned on a port, at most `most` entries, the one last heard first. */
  stations(port: number, most: number, visit: (vlan: number, high: number, low: number) => void): void {
    const list = listOf(port, 0);
    if (list >= this.newest.length) return;
    let left = most;
    for (let entry = this.newest[list]; entry !== NONE && left > 0; entry = this.older[entry]) {
      visit(
        this.words[entry * WORDS] >>> 16,
        this.words[entry * WORDS] & 0xffff,
        this.words[entry * WORDS + LOW] >>> 0,
      );
      left--;
    }
  }

  private insert(vlanHigh: number, low: number, port: number, now: number): number {
    if (!isStation(vlanHigh & 0xffff, low)) return LEARN.REFUSED;
    const full = this.used >= this.most;
    if (full && !this.evict(port)) return LEARN.REFUSED;
    this.take(vlanHigh, low, port, 0, now);
    return full ? LEARN.EVICTED : LEARN.LEARNED;
  }

  /** Removes the oldest learned entry of the largest port; on a tie the port that asks for room gives it. */
  private evict(asking: number): boolean {
    this.growPorts(asking);
    let row = this.ranking.largest();
    if (this.ranking.count(asking + 1) >= this.ranking.count(row)) row = asking + 1;
    const entry = this.oldest[row * 2];
    if (entry === NONE) return false;
    this.unlink(entry);
    return true;
  }

  private find(vlanHigh: number, low: number): number {
    let entry = this.bucket[this.hash.hash(vlanHigh, low) & this.mask];
    while (
      entry !== NONE &&
      (this.words[entry * WORDS + LOW] !== low || this.words[entry * WORDS] !== vlanHigh)
    ) {
      entry = this.words[entry * WORDS + CHAIN];
    }
    return entry;
  }

  /** Fills a free row; the caller has made sure that there is one. */
  private take(vlanHigh: number, low: number, port: number, isStatic: number, now: number): void {
    const entry = this.free;
    this.free = this.words[entry * WORDS + CHAIN];
    this.words[entry * WORDS] = vlanHigh;
    this.words[entry * WORDS + LOW] = low;
    this.words[entry * WORDS + STATIC] = isStatic;
    this.moved[entry] = 0;
    const bucket = this.hash.hash(vlanHigh, low) & this.mask;
    this.words[entry * WORDS + CHAIN] = this.bucket[bucket];
    this.bucket[bucket] = entry;
    this.attach(entry, port, isStatic, now);
    this.used++;
    this.inVlan[vlanHigh >>> 16]++;
    this.statics += isStatic;
  }

  private unlink(entry: number): void {
    this.detach(entry);
    const bucket = this.hash.hash(this.words[entry * WORDS], this.words[entry * WORDS + LOW]) & this.mask;
    if (this.bucket[bucket] === entry) {
      this.bucket[bucket] = this.words[entry * WORDS + CHAIN];
    } else {
      let before = this.bucket[bucket];
      while (this.words[before * WORDS + CHAIN] !== entry) before = this.words[before * WORDS + CHAIN];
      this.words[before * WORDS + CHAIN] = this.words[entry * WORDS + CHAIN];
    }
    this.used--;
    this.inVlan[this.words[entry * WORDS] >>> 16]--;
    this.statics -= this.words[entry * WORDS + STATIC];
    this.words[entry * WORDS + PORT] = MISS;
    this.words[entry * WORDS + CHAIN] = this.free;
    this.free = entry;
  }

  /** Appends an entry to its port's list as the newest. */
  private attach(entry: number, port: number, isStatic: number, now: number): void {
    this.growPorts(port);
    const list = listOf(port, isStatic);
    const newest = this.newest[list];
    this.words[entry * WORDS + PORT] = port;
    this.times[entry * TIMES + SEEN] = now;
    this.older[entry] = newest;
    this.newer[entry] = NONE;
    this.newest[list] = entry;
    if (newest === NONE) this.oldest[list] = entry;
    else this.newer[newest] = entry;
    if (isStatic === 0) this.counted(entry, 1);
  }

  private detach(entry: number): void {
    const isStatic = this.words[entry * WORDS + STATIC];
    const list = listOf(this.words[entry * WORDS + PORT], isStatic);
    const older = this.older[entry];
    const newer = this.newer[entry];
    if (older === NONE) this.oldest[list] = newer;
    else this.newer[older] = newer;
    if (newer === NONE) this.newest[list] = older;
    else this.older[newer] = older;
    if (isStatic === 0) this.counted(entry, -1);
  }

  /** A port has one learned entry more or less. */
  private counted(entry: number, more: 1 | -1): void {
    const port = this.words[entry * WORDS + PORT];
    if (more === 1) this.ranking.increment(port + 1);
    else this.ranking.decrement(port + 1);
    if (port === LOCAL_PORT) this.hereInVlan[this.words[entry * WORDS] >>> 16] += more;
  }

  private growPorts(port: number): void {
    if (this.ports.ensure(port + 2)) this.ranking.grow(this.ports.capacity);
  }

  /** An empty table of `limit` rows with at least as many buckets. */
  private allocate(limit: number): void {
    let buckets = 16;
    while (buckets < limit) buckets *= 2;
    this.most = limit;
    this.mask = buckets - 1;
    this.bucket = new Int32Array(buckets).fill(NONE);
    this.words = new Int32Array(limit * WORDS);
    this.times = new Float64Array(this.words.buffer);
    this.moved = new Uint8Array(limit);
    this.movedAt = new Float64Array(limit);
    this.older = new Int32Array(limit);
    this.newer = new Int32Array(limit);
    for (let entry = 0; entry < limit; entry++) {
      this.words[entry * WORDS + PORT] = MISS;
      this.words[entry * WORDS + CHAIN] = entry + 1 < limit ? entry + 1 : NONE;
    }
    this.free = 0;
    this.used = 0;
    this.inVlan.fill(0);
    this.hereInVlan.fill(0);
    this.statics = 0;
    this.sweepRow = 0;
    this.oldest.fill(NONE);
    this.newest.fill(NONE);
    this.ranking = new PortRanking(limit);
    this.ports.ensure(LOCAL_PORT + 2);
    this.ranking.grow(this.ports.capacity);
  }
}

function listOf(port: number, isStatic: number): number {
  return (port + 1) * 2 + isStatic;
}

function isStation(high: number, low: number): boolean {
  return !isGroup(high) && (high !== 0 || low !== 0);
}
