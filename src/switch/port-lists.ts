/**
 * The entries of each port of the MAC table, as doubly linked lists of slots: the learned ones from the one heard longest
 * ago to the one heard last, and the static ones. A ranking knows the port that has learned most. A frame of a known
 * station touches none of it.
 */
import { Columns, int32 } from '../base/columns.js';
import { PortRanking } from './port-ranking.js';
import { NO_SLOT } from './station-slots.js';

export class PortLists {
  /** Neighbours of an entry in its list, by slot. */
  private readonly older: Int32Array;
  private readonly newer: Int32Array;
  // Ends of the lists, two a port: row = port + 1.
  private readonly oldest = int32(NO_SLOT, 2);
  private readonly newest = int32(NO_SLOT, 2);
  private readonly ports = new Columns(this, 'peers');
  private readonly ranking: PortRanking;

  /** `slots`: how many there are; `most`: learned entries that there may be. */
  constructor(slots: number, most: number) {
    this.older = new Int32Array(slots);
    this.newer = new Int32Array(slots);
    this.ranking = new PortRanking(most);
    this.ensure(-1);
  }

  /** Ports that there is room for are those below this. */
  get portEnd(): number {
    return this.ports.capacity - 1;
  }

  /** Learned entries of a port. */
  learnedCount(port: number): number {
    return this.ranking.count(port + 1);
  }

  /** The port that has learned most; of several the one asked for, if it is among them. */
  largest(asking: number): number {
    this.ensure(asking);
    const row = this.ranking.largest();
    return this.ranking.count(asking + 1) >= this.ranking.count(row) ? asking : row - 1;
  }

  /** An end of a list, or `NO_SLOT`. */
  first(port: number, isStatic: number): number {
    return port < this.portEnd ? this.oldest[listOf(port, isStatic)] : NO_SLOT;
  }

  /** See `first`. */
  last(port: number, isStatic: number): number {
    return port < this.portEnd ? this.newest[listOf(port, isStatic)] : NO_SLOT;
  }

  /** The next entry of its list towards the newest, or `NO_SLOT`. */
  after(slot: number): number {
    return this.newer[slot];
  }

  /** The next entry of its list towards the oldest, or `NO_SLOT`. */
  before(slot: number): number {
    return this.older[slot];
  }

  /** Appends an entry as its port's newest. */
  add(slot: number, port: number, isStatic: number): void {
    this.ensure(port);
    this.append(slot, listOf(port, isStatic));
    if (isStatic === 0) this.ranking.increment(port + 1);
  }

  remove(slot: number, port: number, isStatic: number): void {
    this.takeOut(slot, listOf(port, isStatic));
    if (isStatic === 0) this.ranking.decrement(port + 1);
  }

  /** A learned entry becomes its port's newest. */
  renew(slot: number, port: number): void {
    const list = listOf(port, 0);
    this.takeOut(slot, list);
    this.append(slot, list);
  }

  /** An entry is in another slot from now on. */
  move(from: number, to: number, port: number, isStatic: number): void {
    const list = listOf(port, isStatic);
    const older = this.older[from];
    const newer = this.newer[from];
    this.older[to] = older;
    this.newer[to] = newer;
    if (older === NO_SLOT) this.oldest[list] = to;
    else this.newer[older] = to;
    if (newer === NO_SLOT) this.newest[list] = to;
    else this.older[newer] = to;
  }

  private append(slot: number, list: number): void {
    const newest = this.newest[list];
    this.older[slot] = newest;
    this.newer[slot] = NO_SLOT;
    this.newest[list] = slot;
    if (newest === NO_SLOT) this.oldest[list] = slot;
    else this.newer[newest] = slot;
  }

  private takeOut(slot: number, list: number): void {
    const older = this.older[slot];
    const newer = this.newer[slot];
    if (older === NO_SLOT) this.oldest[list] = newer;
    else this.newer[older] = newer;
    if (newer === NO_SLOT) this.newest[list] = older;
    else this.older[newer] = older;
  }

  private ensure(port: number): void {
    if (this.ports.ensure(port + 2)) this.ranking.grow(this.ports.capacity);
  }
}

function listOf(port: number, isStatic: number): number {
  return (port + 1) * 2 + isStatic;
}
