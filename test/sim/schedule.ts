/** What is to happen in virtual time: a binary heap by time, then by the order of asking. */

interface Event {
  readonly at: number;
  readonly order: number;
  readonly action: () => void;
}

function isBefore(a: Event, b: Event): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

export class Schedule {
  private readonly heap: Event[] = [];
  private asked = 0;

  add(at: number, action: () => void): void {
    const heap = this.heap;
    const event = { at, order: this.asked++, action };
    let child = heap.length;
    heap.push(event);
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (!isBefore(event, heap[parent])) break;
      heap[child] = heap[parent];
      child = parent;
    }
    heap[child] = event;
  }

  /** Time of the next event; infinity when there is none. */
  next(): number {
    return this.heap[0]?.at ?? Number.POSITIVE_INFINITY;
  }

  /** Takes the next event's action off. There must be one. */
  take(): () => void {
    const heap = this.heap;
    const first = heap[0];
    const last = heap.pop()!;
    if (heap.length > 0) this.sink(last);
    return first.action;
  }

  private sink(event: Event): void {
    const heap = this.heap;
    let parent = 0;
    for (;;) {
      let child = parent * 2 + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1], heap[child])) child++;
      if (!isBefore(heap[child], event)) break;
      heap[parent] = heap[child];
      parent = child;
    }
    heap[parent] = event;
  }
}
