/** A binary heap of items by deadline, each knowing its position, so that a deadline moves in O(log n). */

/** What the heap stores in an item. `heapIndex` belongs to the heap; -1 when the item is not in it. */
export interface Scheduled {
  /** Microseconds of boot time; infinite for never. */
  deadline: number;
  heapIndex: number;
}

export class DeadlineHeap<Item extends Scheduled> {
  private readonly items: Item[] = [];

  /** The item that is due first; undefined when no item has a deadline. */
  first(): Item | undefined {
    return this.items[0];
  }

  /** Gives an item a deadline, or with `Infinity` none. */
  schedule(item: Item, deadline: number): void {
    if (deadline === Number.POSITIVE_INFINITY) {
      this.remove(item);
      return;
    }
    item.deadline = deadline;
    if (item.heapIndex < 0) {
      item.heapIndex = this.items.length;
      this.items.push(item);
    }
    this.settle(item);
  }

  /** Takes an item out; no harm when it is not in. */
  remove(item: Item): void {
    item.deadline = Number.POSITIVE_INFINITY;
    if (item.heapIndex < 0) return;
    const last = this.items.pop()!;
    if (last !== item) {
      this.place(last, item.heapIndex);
      this.settle(last);
    }
    item.heapIndex = -1;
  }

  private settle(item: Item): void {
    while (item.heapIndex > 0) {
      const parent = this.items[(item.heapIndex - 1) >> 1];
      if (parent.deadline <= item.deadline) break;
      this.swap(item, parent);
    }
    for (;;) {
      const child = this.earlierChild(item.heapIndex);
      if (child === undefined || child.deadline >= item.deadline) break;
      this.swap(item, child);
    }
  }

  private earlierChild(index: number): Item | undefined {
    const left = this.items[2 * index + 1];
    const right = this.items[2 * index + 2];
    return right !== undefined && right.deadline < left.deadline ? right : left;
  }

  private swap(a: Item, b: Item): void {
    const index = a.heapIndex;
    this.place(a, b.heapIndex);
    this.place(b, index);
  }

  private place(item: Item, index: number): void {
    this.items[index] = item;
    item.heapIndex = index;
  }
}
