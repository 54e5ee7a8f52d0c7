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
import { PortRanking } from './port-ranking.js';

/** The port of stations behind our own TAP. */
export const LOCAL_PORT = -1;
/** Answer of `lookup` for an unknown address. */
export const MISS = -2;

/** Answers of `learn`. */
export const LEARN = {
  /** Known on this port already. */
  REFRESHED: 0,
  /** New; there was room. */
  LEARNED: 1,
  /** Known on another port; it is on this one now. */
  MOVED: 2,
  /** New; the port with the most entries lost its oldest for it. */
  EVICTED: 3,
  /** Group or zero address, static on another port, or a table full of static entries. */
  REFUSED: 4,
  /** Known on another port, and it has moved too often: it stays there. */
  FROZEN: 5,
} as const;

interface MacTableOptions {
  /** Most entries, learned and static together. */
  limit: number;
  /** Unheard for this long, a learned entry is gone. Default 300 s. */
  ageingUs?: number;
  /** Two random 32-bit words that make bucket collisions unpredictable. */
  seed: readonly [number, number];
  /** Ports of direct peers; default: none. */
  directs?: Directs;
}

/** Takes an entry of `MacTable.entries`. `ageUs` is 0 for static entries. */
type EntryVisitor = (
  vlan: number,
  high: number,
  low: number,
  port: number,
  ageUs: number,
  isStatic: boolean,
) => void;

const DEFAULT_AGEING_US = 300e6;
/** An entry is stamped again only after this part of the ageing time: busy stations cost no list work. */
const REFRESH_DIVISOR = 256;
/** An address that would move so often within the window stays where it is for a while (RFC 7432 section 15.1). */
const MOST_MOVES = 5;
const MOVE_WINDOW_US = 180e6;
const FREEZE_US = 60e6;
const NONE = -1;

/** An address that has been frozen, as it is told; the latest of several at once. */
export interface FrozenMac {
  vlan: number;
  high: number;
  low: number;
  /** Where it stays, and where it was heard then. */
  port: number;
  other: number;
  /** How many were frozen since the last was told, this one included. */
  count: number;
}

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
  private statics = 0;

  // Entry rows. A free row has port MISS and is chained by `chain` from `free`.
  private vlanHigh = new Int32Array(0);
  private low = new Int32Array(0);
  private port = new Int32Array(0);
  private static = new Uint8Array(0);
  private seen = new Float64Array(0);
  /** Moves within the window, and when the window began; from `MOST_MOVES` on, when the address was frozen. */
  private moved = new Uint8Array(0);
  private movedAt = new Float64Array(0);
  private chain = new Int32Array(0);
  private older = new Int32Array(0);
  private newer = new Int32Array(0);
  private free = NONE;

  private bucket = new Int32Array(0);
  private mask = 0;

  // Lists: two a port (row = port + 1), the learned entries by last hearing and the static ones.
  private oldest = int32(NONE, 2);
  private newest = int32(NONE, 2);
  private readonly ports = new Columns(this);
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

  /** Learned entries of a port. */
  learnedCount(port: number): number {
    return this.ranking.count(port + 1);
  }

  /** Port of an address, or `MISS`. An entry past its age is removed on the way. */
  lookup(vlan: number, high: number, low: number, now: number): number {
    const entry = this.find((vlan << 16) | high, low | 0);
    if (entry === NONE) return MISS;
    if (this.static[entry] === 0 && now - this.seen[entry] >= this.ageing) {
      this.unlink(entry);
      return MISS;
    }
    return this.port[entry];
  }

  /** Notes that a source address was heard on a port; a `LEARN` code tells what came of it. */
  learn(vlan: number, high: number, low: number, port: number, now: number): number {
    const vlanHigh = (vlan << 16) | high;
    const entry = this.find(vlanHigh, low | 0);
    if (entry === NONE) {
      if (port === LOCAL_PORT && this.directs.isOn) this.directs.note(vlanHigh, low, true, now);
      return this.insert(vlanHigh, low | 0, port, now);
    }
    if (this.static[entry] === 1) return this.port[entry] === port ? LEARN.REFRESHED : LEARN.REFUSED;
    if (this.port[entry] !== port) {
      // Heard again only after its age: that is a new station to the table, not a move.
      const expired = now - this.seen[entry] >= this.ageing;
      const turn = this.directs.isOn
        ? this.directs.moved(vlanHigh, low, this.port[entry], port, now)
        : TURN.OTHER;
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
    if (now - this.seen[entry] >= this.ageing / REFRESH_DIVISOR) {
      this.detach(entry);
      this.attach(entry, this.port[entry], 0, now);
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
    frozen.vlan = this.vlanHigh[entry] >>> 16;
    frozen.high = this.vlanHigh[entry] & 0xffff;
    frozen.low = this.low[entry] >>> 0;
    frozen.port = this.port[entry];
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
      this.attach(entry, to, 0, this.seen[entry]);
    }
  }

  /** Removes what was learned of an address on a port; on another one it stays. */
  forget(port: number, vlan: number, high: number, low: number): void {
    const entry = this.find((vlan << 16) | high, low | 0);
    if (entry !== NONE && this.port[entry] === port && this.static[entry] === 0) this.unlink(entry);
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
      if (this.port[entry] === MISS || this.static[entry] === 1) continue;
      if (now - this.seen[entry] >= this.ageing) this.unlink(entry);
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
    const old = { vlanHigh: this.vlanHigh, low: this.low, static: this.static, seen: this.seen };
    const oldest = this.oldest.slice();
    const newer = this.newer;
    this.allocate(limit);
    for (let list = 0; list < oldest.length; list++) {
      for (let entry = oldest[list]; entry !== NONE; entry = newer[entry]) {
        const port = (list >> 1) - 1;
        this.take(old.vlanHigh[entry], old.low[entry], port, old.static[entry], old.seen[entry]);
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
      const port = this.port[entry];
      if (port === MISS) continue;
      const isStatic = this.static[entry] === 1;
      const age = isStatic ? 0 : now - this.seen[entry];
      if (age >= this.ageing) continue;
      const vlanHigh = this.vlanHigh[entry];
      visit(vlanHigh >>> 16, vlanHigh & 0xffff, this.low[entry] >>> 0, port, age, isStatic);
    }
    return end < this.most ? end : -1;
  }

  /** Visits what was learned on a port, at most `most` entries, the one last heard first. */
  stations(port: number, most: number, visit: (vlan: number, high: number, low: number) => void): void {
    const list = listOf(port, 0);
    if (list >= this.newest.length) return;
    let left = most;
    for (let entry = this.newest[list]; entry !== NONE && left > 0; entry = this.older[entry]) {
      visit(this.vlanHigh[entry] >>> 16, this.vlanHigh[entry] & 0xffff, this.low[entry] >>> 0);
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
    while (entry !== NONE && (this.low[entry] !== low || this.vlanHigh[entry] !== vlanHigh)) {
      entry = this.chain[entry];
    }
    return entry;
  }

  /** Fills a free row; the caller has made sure that there is one. */
  private take(vlanHigh: number, low: number, port: number, isStatic: number, now: number): void {
    const entry = this.free;
    this.free = this.chain[entry];
    this.vlanHigh[entry] = vlanHigh;
    this.low[entry] = low;
    this.static[entry] = isStatic;
    this.moved[entry] = 0;
    const bucket = this.hash.hash(vlanHigh, low) & this.mask;
    this.chain[entry] = this.bucket[bucket];
    this.bucket[bucket] = entry;
    this.attach(entry, port, isStatic, now);
    this.used++;
    this.statics += isStatic;
  }

  private unlink(entry: number): void {
    this.detach(entry);
    const bucket = this.hash.hash(this.vlanHigh[entry], this.low[entry]) & this.mask;
    if (this.bucket[bucket] === entry) {
      this.bucket[bucket] = this.chain[entry];
    } else {
      let before = this.bucket[bucket];
      while (this.chain[before] !== entry) before = this.chain[before];
      this.chain[before] = this.chain[entry];
    }
    this.used--;
    this.statics -= this.static[entry];
    this.port[entry] = MISS;
    this.chain[entry] = this.free;
    this.free = entry;
  }

  /** Appends an entry to its port's list as the newest. */
  private attach(entry: number, port: number, isStatic: number, now: number): void {
    this.growPorts(port);
    const list = listOf(port, isStatic);
    const newest = this.newest[list];
    this.port[entry] = port;
    this.seen[entry] = now;
    this.older[entry] = newest;
    this.newer[entry] = NONE;
    this.newest[list] = entry;
    if (newest === NONE) this.oldest[list] = entry;
    else this.newer[newest] = entry;
    if (isStatic === 0) this.ranking.increment(port + 1);
  }

  private detach(entry: number): void {
    const isStatic = this.static[entry];
    const list = listOf(this.port[entry], isStatic);
    const older = this.older[entry];
    const newer = this.newer[entry];
    if (older === NONE) this.oldest[list] = newer;
    else this.newer[older] = newer;
    if (newer === NONE) this.newest[list] = older;
    else this.older[newer] = older;
    if (isStatic === 0) this.ranking.decrement(this.port[entry] + 1);
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
    this.vlanHigh = new Int32Array(limit);
    this.low = new Int32Array(limit);
    this.port = new Int32Array(limit).fill(MISS);
    this.static = new Uint8Array(limit);
    this.seen = new Float64Array(limit);
    this.moved = new Uint8Array(limit);
    this.movedAt = new Float64Array(limit);
    this.older = new Int32Array(limit);
    this.newer = new Int32Array(limit);
    this.chain = new Int32Array(limit);
    for (let entry = 0; entry < limit; entry++) this.chain[entry] = entry + 1 < limit ? entry + 1 : NONE;
    this.free = 0;
    this.used = 0;
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

function checkedLimit(limit: number): number {
  if (!Number.isInteger(limit) || limit < 1 || limit > 2 ** 24) {
    throw new RangeError(`MAC table limit ${limit} is not between 1 and ${2 ** 24}`);
  }
  return limit;
}

function checkedAgeing(ageingUs: number): number {
  if (!(ageingUs > 0)) throw new RangeError(`MAC ageing time ${ageingUs} is not positive`);
  return ageingUs;
}
