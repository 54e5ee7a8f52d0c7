/**
 * Memory that large tables grow into: room for all rows that there may be is taken in one piece, so that growing is a longer view of
 * it. The kernel gives pages where they are first written to, so that rows which nobody has used cost none.
 *
 * It is a `SharedArrayBuffer`, though no other thread sees it, because V8 does not count those: it would collect garbage more often
 * for memory that was only set aside.
 */

/** Small pieces share a block. The C library takes one as large straight from the kernel, and does not write to it. */
const BLOCK_BYTES = 64 << 20;
const LINE_BYTES = 64;

/** A piece of memory that is all zero: bytes from `offset` on. */
export interface Room {
  readonly memory: SharedArrayBuffer;
  readonly offset: number;
}

export class Rooms {
  private block: SharedArrayBuffer | null = null;
  private used = 0;
  private isClosed = false;
  /** Hears of memory that was taken from the system, before anything is written to it. */
  onMemory: (memory: Uint8Array) => void = () => {};

  /** `make` throws a RangeError when there is no such memory. */
  constructor(private readonly make = (bytes: number) => new SharedArrayBuffer(bytes)) {}

  /** Room for so many bytes; null when the system has none to set aside, which it is not asked for again then. */
  take(bytes: number): Room | null {
    if (this.block === null || this.used + bytes > this.block.byteLength) {
      const block = this.takeWhole(Math.max(BLOCK_BYTES, bytes));
      if (block === null) return null;
      this.block = block;
      this.used = 0;
    }
    const room = { memory: this.block, offset: this.used };
    this.used += spaced(bytes);
    return room;
  }

  /** The same, as memory of its own. */
  takeWhole(bytes: number): SharedArrayBuffer | null {
    if (this.isClosed) return null;
    try {
      const memory = this.make(bytes);
      this.onMemory(new Uint8Array(memory));
      return memory;
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      // Each refusal costs V8 several collections.
      this.close();
      return null;
    }
  }

  /** Takes nothing more: the system has no memory to spare that is not used. */
  close(): void {
    this.isClosed = true;
  }
}

/** The rooms of this thread. */
export const ROOMS = new Rooms();

/**
 * `bytes` rounded up to an odd number of cache lines: the places of a row in columns that are so far apart fall into different sets of
 * a cache.
 */
export function spaced(bytes: number): number {
  return (Math.ceil(bytes / LINE_BYTES) | 1) * LINE_BYTES;
}
