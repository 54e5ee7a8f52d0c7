/**
 * Rows found by a hash of what they hold: chains in typed arrays. A `Map` of 65,536 is walked by the collector, and made anew in
 * one go whenever it doubles. What the rows hold, and whether it is what is looked for, those know who ask.
 *
 * With each row that comes for the first time one chain is split in two, in order, so that none waits for all.
 *
 * Source: W. Litwin, "Linear hashing" (1980).
 */
import { Columns, int32, type RowsOf } from './columns.js';

const NO_ROW = -1;

export class RowIndex {
  private readonly hashes = int32();
  /** The first row of each chain, and the row that follows each row in its chain. */
  private readonly heads = int32(NO_ROW);
  private readonly next = int32(NO_ROW);
  private readonly columns: Columns;
  private chains = 0;
  /** The bits of a hash that name its chain; where that chain is not there yet, all but the highest of them do. */
  private mask = 0;

  constructor(of: RowsOf) {
    this.columns = new Columns(this, of);
  }

  /** Adds a row that is not there. */
  add(row: number, hash: number): void {
    this.columns.ensure(row + 1);
    while (this.chains <= row) this.split();
    this.hashes[row] = hash;
    this.chain(row, this.chainOf(hash));
  }

  /** No harm when it is not there. */
  remove(row: number): void {
    if (row >= this.chains) return;
    const chain = this.chainOf(this.hashes[row]);
    let before = NO_ROW;
    for (let at = this.heads[chain]; at !== NO_ROW; at = this.next[at]) {
      if (at !== row) {
        before = at;
        continue;
      }
      if (before === NO_ROW) this.heads[chain] = this.next[row];
      else this.next[before] = this.next[row];
      return;
    }
  }

  /** A row of a hash, from which `after` leads to the others; -1: there is none. */
  first(hash: number): number {
    if (this.chains === 0) return NO_ROW;
    return this.from(this.heads[this.chainOf(hash)], hash);
  }

  /** The next row of the same hash; -1: there is none. */
  after(row: number): number {
    return this.from(this.next[row], this.hashes[row]);
  }

  private from(row: number, hash: number): number {
    let at = row;
    while (at !== NO_ROW && this.hashes[at] !== hash) at = this.next[at];
    return at;
  }

  private chainOf(hash: number): number {
    const chain = hash & this.mask;
    return chain < this.chains ? chain : chain & (this.mask >>> 1);
  }

  private chain(row: number, chain: number): void {
    this.next[row] = this.heads[chain];
    this.heads[chain] = row;
  }

  /** Adds a chain, which takes its rows from that of the same number without its highest bit. */
  private split(): void {
    const added = this.chains++;
    if (added > this.mask) this.mask = 2 * this.mask + 1;
    const from = added & (this.mask >>> 1);
    let row = this.heads[from];
    this.heads[from] = NO_ROW;
    while (row !== NO_ROW) {
      const following = this.next[row];
      this.chain(row, (this.hashes[row] & this.mask) === added ? added : from);
      row = following;
    }
  }
}

/**
 * Adds a word to a hash, both of 32 bits, which is 0 at the beginning: the steps of MurmurHash3 for a block and for the end.
 * Not for what strangers choose.
 *
 * Source: A. Appleby, MurmurHash3_x86_32 (2011), in the public domain.
 */
export function mixed(hash: number, word: number): number {
  let block = Math.imul(word, 0xcc9e2d51);
  block = Math.imul((block << 15) | (block >>> 17), 0x1b873593);
  let sum = hash ^ block;
  sum = (Math.imul((sum << 13) | (sum >>> 19), 5) + 0xe6546b64) | 0;
  sum = Math.imul(sum ^ (sum >>> 16), 0x85ebca6b);
  sum = Math.imul(sum ^ (sum >>> 13), 0xc2b2ae35);
  return sum ^ (sum >>> 16);
}
