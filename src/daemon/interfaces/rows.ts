/** Hands out row numbers, lowest free first, so that tables stay dense. */
export class Rows {
  private readonly free: number[] = [];
  private next = 0;

  /** Every row in use is below it. */
  get end(): number {
    return this.next;
  }

  take(): number {
    if (this.free.length === 0) return this.next++;
    this.free.sort((a, b) => b - a);
    return this.free.pop() as number;
  }

  release(row: number): void {
    this.free.push(row);
  }
}
