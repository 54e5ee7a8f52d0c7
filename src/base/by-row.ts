/** Things by the numbers of their rows, which are dense: a list. A map of 65,536 takes three times the memory, and longer. */
import type { RowsOf } from './columns.js';

export class ByRow<T extends object> {
  private readonly rows: (T | undefined)[] = [];
  private count = 0;

  /** `of`: what the rows are of, for `rowBytes`. */
  constructor(readonly of: RowsOf = 'others') {}

  /** Rows that may have something are those below this. */
  get end(): number {
    return this.rows.length;
  }

  /** Rows that have something. */
  get size(): number {
    return this.count;
  }

  get(row: number): T | undefined {
    return this.rows[row];
  }

  has(row: number): boolean {
    return this.rows[row] !== undefined;
  }

  set(row: number, thing: T): void {
    // A list with holes would be one of another kind.
    while (this.rows.length < row) this.rows.push(undefined);
    if (this.rows[row] === undefined) this.count++;
    this.rows[row] = thing;
  }

  /** No harm when there is nothing. */
  delete(row: number): void {
    if (this.rows[row] === undefined) return;
    this.rows[row] = undefined;
    this.count--;
  }

  /** In the order of rows; what is there when it is reached. */
  *values(): Generator<T, void> {
    for (const thing of this.rows) if (thing !== undefined) yield thing;
  }
}
