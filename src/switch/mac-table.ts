/**
 * MAC table: which port a station was last heard on, per VLAN (IEEE 802.1Q-2022 section 8.8).
 *
 * Bounded, in typed arrays, every operation O(1): `StationSlots` finds entries, `PortLists` keeps those of a port in order
 * of last hearing and knows the port with the most. When the table is full that port loses its oldest entry, so a flood
 * of addresses from one peer can never push out the stations of a smaller one.
 *
 * A frame of a station that is known reads one slot, and writes to it once a tick, a 256th of the ageing time. Its place in
 * the list of its port it changes once in 32 ticks: the oldest is the oldest to within an eighth of the ageing time.
 *
 * A port is a peer row (0 and up) or `LOCAL_PORT`, the TAP. Times are microseconds of any steady clock.
 */
import type { MacWalk } from '../contract/answers.js';
import { PORT, type StaticMac } from '../contract/port-settings.js';
import { Directs, TURN } from './directs.js';
import { isGroup } from './frame.js';
import { KeyedHash } from './keyed-hash.js';
import { type FrozenMac, LEARN } from './learning.js';
import { checkedAgeing, checkedLimit, DEFAULT_AGEING_US, type MacTableOptions } from './mac-options.js';
import { MOVE, MoveDamping } from './move-damping.js';
import { PortLimits } from './port-limits.js';
import { PortLists } from './port-lists.js';
import { NO_SLOT, StationSlots } from './station-slots.js';

/** The port of stations behind our own TAP. */
export const LOCAL_PORT = PORT.TAP;
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

/** Whether `clear` is to remove an entry. `low` is unsigned. */
type EntryTest = (vlan: number, high: number, low: number, port: number) => boolean;

/** Ticks of the ageing time, and those after which an entry becomes its port's newest again: a power of two. */
const AGEING_TICKS = 256;
const RENEWAL_TICKS = 32;
/** Slots that `entries` looks at for each that it may visit. */
const LOOKED_AT = 4;
/** VLAN ids, those that are reserved included. */
export const VLANS = 4096;

export class MacTable {
  /** What has been frozen since it was told last. */
  readonly frozen: FrozenMac = { vlan: 0, high: 0, low: 0, port: MISS, other: MISS, count: 0 };
  /** How many stations may be learned at each port. */
  readonly limits = new PortLimits();
  private readonly hash: KeyedHash;
  private readonly directs: Directs;
  private wanted = 0;
  /** Entries that there may be: as many as the limit, or the static ones where these are more. */
  private most = 0;
  private tickUs: number;
  private moveCount = 0;
  private used = 0;
  private readonly inVlan = new Int32Array(VLANS);
  private readonly hereInVlan = new Int32Array(VLANS);
  private statics = 0;
  private slots: StationSlots;
  private lists: PortLists;
  private damping: MoveDamping;
  private sweepSlot = 0;
  /** How often entries have got other slots. */
  private layouts = 0;

  /** @throws RangeError when the limit is not between 1 and 2^24, or the ageing time is not positive. */
  constructor(options: MacTableOptions) {
    this.hash = new KeyedHash(options.seed[0], options.seed[1]);
    this.directs = options.directs ?? new Directs();
    this.tickUs = checkedAgeing(options.ageingUs ?? DEFAULT_AGEING_US) / AGEING_TICKS;
    this.wanted = checkedLimit(options.limit);
    this.most = this.wanted;
    this.slots = new StationSlots(this.most, this.hash);
    this.lists = new PortLists(this.slots.count, this.most);
    this.damping = new MoveDamping(this.slots.count);
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
    return this.lists.learnedCount(port);
  }

  /** Port of an address, or `MISS`. An entry past its age is removed on the way. */
  lookup(vlan: number, high: number, low: number, now: number): number {
    const slot = this.slots.find((vlan << 16) | high, low | 0);
    if (slot === NO_SLOT) return MISS;
    if (this.isExpired(slot, this.tickOf(now))) {
      this.unlink(slot);
      return MISS;
    }
    return this.slots.port(slot);
  }

  /** Notes that a source address was heard on a port; a `LEARN` code tells what came of it. */
  learn(vlan: number, high: number, low: number, port: number, now: number): number {
    const vlanHigh = (vlan << 16) | high;
    const { slots, directs } = this;
    const slot = slots.find(vlanHigh, low | 0);
    if (slot === NO_SLOT) {
      if (port === LOCAL_PORT && directs.isOn) directs.note(vlanHigh, low, true, now);
      return this.insert(vlanHigh, low | 0, port, now);
    }
    const before = slots.port(slot);
    if (slots.isStatic(slot) === 1) {
      if (before === port) return LEARN.REFRESHED;
      // A server's station may come by a direct way.
      return directs.isOn && directs.isOneLan(before, port) ? LEARN.REFUSED : LEARN.PINNED;
    }
    const tick = this.tickOf(now);
    if (before !== port) {
      // Heard again only after its age: that is a new station to the table, not a move.
      const isExpired = this.isExpired(slot, tick);
      const turn = directs.isOn ? directs.moved(vlanHigh, low, before, port, now) : TURN.OTHER;
      if (turn !== TURN.TO_SERVER && this.isAtLimit(port)) return LEARN.LIMITED;
      if (isExpired) this.damping.reset(slot);
      else if (turn === TURN.TO_SERVER) return this.refresh(slot, tick);
      else if (turn === TURN.OTHER && !this.mayMove(slot, port, now)) return LEARN.FROZEN;
      this.setPort(slot, port);
      slots.setStamp(slot, tick);
      if (isExpired) return LEARN.LEARNED;
      this.moveCount++;
      return LEARN.MOVED;
    }
    return this.refresh(slot, tick);
  }

  private isAtLimit(port: number): boolean {
    if (!this.limits.isOn) return false;
    const most = this.limits.of(port);
    return most > 0 && this.lists.learnedCount(port) >= most;
  }

  private refresh(slot: number, tick: number): number {
    const { slots } = this;
    const before = slots.stamp(slot);
    if (before === tick) return LEARN.REFRESHED;
    slots.setStamp(slot, tick);
    // Each station at a time of its own, so that they do not come all at once.
    const phase = slots.low(slot);
    if (((before + phase) ^ (tick + phase)) & -RENEWAL_TICKS) this.lists.renew(slot, slots.port(slot));
    return LEARN.REFRESHED;
  }

  /** Counts a move of an entry to a port; false when it must stay. */
  private mayMove(slot: number, port: number, now: number): boolean {
    const judged = this.damping.judge(slot, now);
    if (judged !== MOVE.FREEZES) return judged === MOVE.ALLOWED;
    const { frozen, slots } = this;
    frozen.vlan = slots.vlanHigh(slot) >>> 16;
    frozen.high = slots.vlanHigh(slot) & 0xffff;
    frozen.low = slots.low(slot) >>> 0;
    frozen.port = slots.port(slot);
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
    const known = this.slots.find(vlanHigh, low | 0);
    if (known !== NO_SLOT) this.unlink(known);
    if (this.used >= this.most && !this.evict(port)) return false;
    this.take(vlanHigh, low | 0, port, 1, 0);
    return true;
  }

  /**
   * Makes these the static entries of a port, and no others. While settings change one after another there may be more in
   * all than the limit: the table has room for them.
   */
  setStatics(port: number, stations: readonly StaticMac[]): void {
    this.flushList(port, 1);
    if (this.statics + stations.length > this.most) this.resize(this.statics + stations.length);
    for (const { vlan, high, low } of stations) this.addStatic(vlan, high, low, port);
    this.fit();
  }

  /** Removes an address, learned or static. Returns whether it was there. */
  remove(vlan: number, high: number, low: number): boolean {
    const slot = this.slots.find((vlan << 16) | high, low | 0);
    if (slot === NO_SLOT) return false;
    this.unlink(slot);
    return true;
  }

  /** Forgets what was learned on a port (its peer is gone) and, on demand, its static entries. Returns how many. */
  flushPort(port: number, includeStatic = false): number {
    const before = this.used;
    this.flushList(port, 0);
    if (includeStatic) this.flushList(port, 1);
    const gone = before - this.used;
    this.fit();
    return gone;
  }

  /** A peer is gone, and with it what was learned there, its static entries and its limit. */
  peerRemoved(peer: number): void {
    this.limits.set(peer, 0);
    this.flushPort(peer, true);
  }

  private flushList(port: number, isStatic: number): void {
    for (;;) {
      const slot = this.lists.first(port, isStatic);
      if (slot === NO_SLOT) return;
      this.unlink(slot);
    }
  }

  /** What was learned on a port is at another one from now on. */
  moveLearned(port: number, to: number): void {
    if (port === to) return;
    for (;;) {
      const slot = this.lists.first(port, 0);
      if (slot === NO_SLOT) return;
      this.setPort(slot, to);
    }
  }

  /** Removes what was learned of an address on a port; on another one it stays. */
  forget(port: number, vlan: number, high: number, low: number): void {
    const { slots } = this;
    const slot = slots.find((vlan << 16) | high, low | 0);
    if (slot !== NO_SLOT && slots.port(slot) === port && slots.isStatic(slot) === 0) this.unlink(slot);
  }

  /** Looks at the next `budget` slots and removes what is past its age. Returns how many entries went. */
  sweep(now: number, budget: number): number {
    const { slots } = this;
    const before = this.used;
    const tick = this.tickOf(now);
    for (let looked = 0; looked < budget; looked++) {
      const slot = this.sweepSlot;
      if (slots.isHeld(slot) && this.isExpired(slot, tick)) this.unlink(slot);
      // Another entry may have taken the place of one that went.
      else this.sweepSlot = slot + 1 === slots.count ? 0 : slot + 1;
    }
    return before - this.used;
  }

  /**
   * Entries are as old as before, in ticks of another length (walks the table once).
   * @throws RangeError when the time is not positive.
   */
  setAgeing(ageingUs: number, now: number): void {
    const tickUs = checkedAgeing(ageingUs) / AGEING_TICKS;
    if (tickUs === this.tickUs) return;
    const { slots } = this;
    const before = this.tickOf(now);
    const ratio = this.tickUs / tickUs;
    this.tickUs = tickUs;
    const after = this.tickOf(now);
    for (let slot = 0; slot < slots.count; slot++) {
      if (slots.isHeld(slot)) slots.setStamp(slot, (after - ((before - slots.stamp(slot)) | 0) * ratio) | 0);
    }
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

  /** As much room as the limit wants and the static entries need. */
  private fit(): void {
    const room = Math.max(this.wanted, this.statics);
    if (room !== this.most) this.resize(room);
  }

  private resize(most: number): void {
    while (this.used > most) this.evict(LOCAL_PORT);
    const { slots, lists } = this;
    this.most = most;
    this.slots = new StationSlots(most, this.hash);
    this.lists = new PortLists(this.slots.count, most);
    this.damping = new MoveDamping(this.slots.count);
    this.layouts++;
    this.used = 0;
    this.statics = 0;
    this.inVlan.fill(0);
    this.hereInVlan.fill(0);
    this.sweepSlot = 0;
    for (let port = LOCAL_PORT; port < lists.portEnd; port++) {
      for (const isStatic of [0, 1]) {
        for (let slot = lists.first(port, isStatic); slot !== NO_SLOT; slot = lists.after(slot)) {
          this.take(slots.vlanHigh(slot), slots.low(slot), port, isStatic, slots.stamp(slot));
        }
      }
    }
  }

  /**
   * Visits at most `most` entries that are not past their age in the slots from `from` on, for `show`; the table must not
   * change meanwhile. Returns the slot to go on at, or -1 at the end. An entry that takes the place of another between two
   * calls may be missed.
   */
  entries(now: number, from: number, most: number, visit: EntryVisitor): number {
    const { slots } = this;
    const tick = this.tickOf(now);
    const end = Math.min(from + most * LOOKED_AT, slots.count);
    let left = most;
    let slot = from;
    for (; slot < end && left > 0; slot++) {
      if (!slots.isHeld(slot) || this.isExpired(slot, tick)) continue;
      const isStatic = slots.isStatic(slot) === 1;
      const age = isStatic ? 0 : Math.max(0, (tick - slots.stamp(slot)) | 0) * this.tickUs;
      const vlanHigh = slots.vlanHigh(slot);
      visit(vlanHigh >>> 16, vlanHigh & 0xffff, slots.low(slot) >>> 0, slots.port(slot), age, isStatic);
      left--;
    }
    return slot < slots.count ? slot : -1;
  }

  /** A walk of all slots for `clear`. */
  beginWalk(): MacWalk {
    const { slots } = this;
    let start = 0;
    while (slots.isHeld(start)) start++;
    return { start, left: slots.count - 1, layout: this.layouts };
  }

  /**
   * Takes a walk on by `budget` slots and removes what was learned and is wanted there. Returns how many entries went that were
   * not past their age. However the table changes meanwhile, the walk meets all that was known when it began: it goes against
   * the way in which entries take the places of others, and none of them passes the slot that was free then.
   */
  clear(now: number, walk: MacWalk, budget: number, isWanted: EntryTest): number {
    if (walk.layout !== this.layouts) Object.assign(walk, this.beginWalk());
    const { slots } = this;
    const tick = this.tickOf(now);
    let removed = 0;
    for (let looked = 0; looked < budget && walk.left > 0; looked++, walk.left--) {
      const slot = (walk.start + walk.left) & (slots.count - 1);
      if (!slots.isHeld(slot) || slots.isStatic(slot) === 1) continue;
      const vlanHigh = slots.vlanHigh(slot);
      if (!isWanted(vlanHigh >>> 16, vlanHigh & 0xffff, slots.low(slot) >>> 0, slots.port(slot))) continue;
      if (!this.isExpired(slot, tick)) removed++;
      this.unlink(slot);
    }
    return removed;
  }

  /** Visits what was learned on a port, at most `most` entries, from the one heard last to the one heard longest ago. */
  stations(port: number, most: number, visit: (vlan: number, high: number, low: number) => void): void {
    const { slots, lists } = this;
    let left = most;
    for (let slot = lists.last(port, 0); slot !== NO_SLOT && left > 0; slot = lists.before(slot)) {
      const vlanHigh = slots.vlanHigh(slot);
      visit(vlanHigh >>> 16, vlanHigh & 0xffff, slots.low(slot) >>> 0);
      left--;
    }
  }

  private insert(vlanHigh: number, low: number, port: number, now: number): number {
    if (!isStation(vlanHigh & 0xffff, low)) return LEARN.REFUSED;
    if (this.isAtLimit(port)) return LEARN.LIMITED;
    const isFull = this.used >= this.most;
    if (isFull && !this.evict(port)) return LEARN.REFUSED;
    this.take(vlanHigh, low, port, 0, this.tickOf(now));
    return isFull ? LEARN.EVICTED : LEARN.LEARNED;
  }

  /** Removes the oldest learned entry of the largest port; on a tie the port that asks for room gives it. */
  private evict(asking: number): boolean {
    const slot = this.lists.first(this.lists.largest(asking), 0);
    if (slot === NO_SLOT) return false;
    this.unlink(slot);
    return true;
  }

  /** Makes an entry; the caller has made sure that there is room. */
  private take(vlanHigh: number, low: number, port: number, isStatic: number, tick: number): void {
    const { slots } = this;
    const slot = slots.take(vlanHigh, low);
    slots.setPlace(slot, port, isStatic);
    slots.setStamp(slot, tick);
    this.lists.add(slot, port, isStatic);
    this.damping.reset(slot);
    this.used++;
    this.inVlan[vlanHigh >>> 16]++;
    this.statics += isStatic;
    this.count(slot, 1);
  }

  private unlink(slot: number): void {
    const { slots, lists, damping } = this;
    const isStatic = slots.isStatic(slot);
    this.count(slot, -1);
    lists.remove(slot, slots.port(slot), isStatic);
    this.used--;
    this.inVlan[slots.vlanHigh(slot) >>> 16]--;
    this.statics -= isStatic;
    let hole = slot;
    for (let from = slots.follower(hole); from !== NO_SLOT; from = slots.follower(hole)) {
      slots.move(from, hole);
      lists.move(from, hole, slots.port(hole), slots.isStatic(hole));
      damping.move(from, hole);
      hole = from;
    }
    slots.release(hole);
  }

  /** A learned entry is at a port from now on, as its newest. */
  private setPort(slot: number, port: number): void {
    this.count(slot, -1);
    this.lists.remove(slot, this.slots.port(slot), 0);
    this.slots.setPlace(slot, port, 0);
    this.lists.add(slot, port, 0);
    this.count(slot, 1);
  }

  /** An entry has come or goes: what was learned behind our own TAP is counted. */
  private count(slot: number, more: 1 | -1): void {
    const { slots } = this;
    if (slots.port(slot) !== LOCAL_PORT || slots.isStatic(slot) === 1) return;
    this.hereInVlan[slots.vlanHigh(slot) >>> 16] += more;
  }

  /** Modulo 2^32, so that only differences mean something. */
  private tickOf(now: number): number {
    return (now / this.tickUs) | 0;
  }

  private isExpired(slot: number, tick: number): boolean {
    return this.slots.isStatic(slot) === 0 && ((tick - this.slots.stamp(slot)) | 0) >= AGEING_TICKS;
  }
}

function isStation(high: number, low: number): boolean {
  return !isGroup(high) && (high !== 0 || low !== 0);
}
