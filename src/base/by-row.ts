/**
 * Things by the numbers of their rows, which are dense: lists. A map of 65,536 takes three times the memory, and longer; one list for
 * all is copied as it grows.
 */
import type { RowsOf } from './columns.js';

/** Rows of a list: a power of two. */
const LIST_SHIFT = 9;
const LIST_ROWS = 1 << LIST_SHIFT;

export class ByRow<T extends object> {
  private readonly lists: (T | undefined)[][] = [];
  private count = 0;
  private rows = 0;

  /** `of`: what the rows are of, for `rowBytes`. */
  constructor(readonly of: RowsOf = 'others') {}

  /** Rows that may have something are those below this. */
  get end(): number {
    return this.rows;
  }

  /** Rows that have something. */
  get size(): number {
    return this.count;
  }

  get(row: number): T | undefined {
    return this.lists[row >> LIST_SHIFT]?.[row % LIST_ROWS];
  }

  has(row: number): boolean {
    return this.get(row) !== undefined;
  }

  set(row: number, thing: T): void {
    while (this.lists.length <= row >> LIST_SHIFT)
      this.lists.push(Array<undefined>(LIST_ROWS).fill(undefined));
    if (!this.has(row)) this.count++;
    this.lists[row >> LIST_SHIFT][row % LIST_ROWS] = thing;
    this.rows = Math.max(this.rows, row + 1);
  }

  /** No harm when there is nothing. */
  delete(row: number): void {
    if (!this.has(row)) return;
    this.lists[row >> LIST_SHIFT][row % LIST_ROWS] = undefined;
    this.count--;
  }

  /** In the order of rows; what is there when it is reached. */
  *values(): Generator<T, void> {
    for (const list of this.lists) for (const thing of list) if (thing !== undefined) yield thing;
  }
}
