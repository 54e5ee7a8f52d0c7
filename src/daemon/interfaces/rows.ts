/** Hands out row numbers, lowest free first, so that tables stay dense. Taking and releasing cost O(log n). */
export class Rows {
  /** A binary heap of the rows given back, the lowest in front. */
  private readonly free: number[] = [];
  private next = 0;

  /** Every row in use is below it. */
  get end(): number {
    return this.next;
  }

  take(): number {
    const [lowest] = this.free;
    if (lowest === undefined) return this.next++;
    const last = this.free.pop() as number;
    if (this.free.length > 0) this.sink(last);
    return lowest;
  }

  release(row: number): void {
    let at = this.free.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.free[parent] <= row) break;
      this.free[at] = this.free[parent];
      at = parent;
    }
    this.free[at] = row;
  }

  /** Puts `row` in the place of the lowest and moves it down to where it belongs. */
  private sink(row: number): void {
    const { free } = this;
    let at = 0;
    for (let child = 1; child < free.length; child = 2 * at + 1) {
      if (child + 1 < free.length && free[child + 1] < free[child]) child++;
      if (row <= free[child]) break;
      free[at] = free[child];
      at = child;
    }
    free[at] = row;
  }
}
