/**
 * The queues of the TAP. There is one for each worker where the kernel gives so many: then helpers read them too, and each
 * flow is written to the queue that it is read from (`native/tap_queues.h`).
 */
import type { Native } from '../native/binding.js';
import { QUEUES } from '../native/ops.js';
import { type Arena, SLOT_BYTES } from '../state/arena.js';

export class TapQueues {
  private readonly record = new Int32Array(QUEUES.WORDS);

  constructor(
    private readonly native: Native,
    private readonly arena: Arena,
  ) {}

  get count(): number {
    return this.record[QUEUES.COUNT];
  }

  /** One more queue, by its descriptor. */
  add(fd: number): void {
    this.record[QUEUES.FD + this.record[QUEUES.COUNT]++] = fd;
  }

  markReady(queue: number): void {
    this.record[QUEUES.READY] |= 1 << queue;
  }

  /** Whether some queue may hold frames. */
  get isReady(): boolean {
    return this.record[QUEUES.READY] !== 0;
  }

  /** Reads a batch of what is ready into the arena; rows of `READ`. Returns how many frames. */
  read(rows: Int32Array): number {
    const { native, record } = this;
    const { bytes, tapBase, sizes } = this.arena;
    const slots = sizes.tapSlots;
    if (record[QUEUES.COUNT] > 1)
      return native.tapReadQueues(bytes, record, tapBase, SLOT_BYTES, slots, rows);
    const count = native.tapRead(bytes, record[QUEUES.FD], tapBase, SLOT_BYTES, slots, rows);
    if (count < slots) record[QUEUES.READY] = 0;
    return count;
  }

  /** Writes frames; rows of `WRITE`. Returns how many were written. */
  write(ops: Int32Array, count: number): number {
    const { native, arena, record } = this;
    if (record[QUEUES.COUNT] > 1) return native.tapWriteQueues(arena.bytes, record, ops, count);
    return native.tapWrite(arena.bytes, record[QUEUES.FD], ops, count);
  }
}
