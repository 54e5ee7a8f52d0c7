/**
 * Replay windows (RFC 6479): for each counter stream a ring of bits remembers which of the latest counters were
 * seen. Moving the window forward clears whole words, so nothing is ever shifted.
 *
 * Made for the hot path: windows are rows of large typed arrays, `check` and `commit` allocate nothing.
 */

const BITS = 8192;
const WORD_BITS = 32;
const WORDS = BITS / WORD_BITS;
const WINDOWS_PER_CHUNK = 64;
const CHUNK_SHIFT = 6;

/**
 * How far below the highest counter seen one is still accepted, exclusive. One word of the ring less than it has
 * bits: the word that the highest counter stands in is only partly used.
 */
export const REPLAY_WINDOW = BITS - WORD_BITS;

/** A growing pool of windows. Memory of released windows is used again, never given back. */
export class ReplayWindows {
  private readonly bits: Int32Array[] = [];
  /** For each window one above the highest counter seen. */
  private readonly next: Float64Array[] = [];
  private readonly free: number[] = [];
  private readonly live = new Set<number>();

  /** Windows in use. */
  get size(): number {
    return this.live.size;
  }

  /** Gives the id of a window that has seen nothing. */
  allocate(): number {
    if (this.free.length === 0) this.grow();
    const id = this.free.pop()!;
    this.live.add(id);
    const start = (id % WINDOWS_PER_CHUNK) * WORDS;
    this.bits[id >> CHUNK_SHIFT].fill(0, start, start + WORDS);
    this.next[id >> CHUNK_SHIFT][id % WINDOWS_PER_CHUNK] = 0;
    return id;
  }

  /** Gives a window back. @throws RangeError when it is not in use. */
  release(id: number): void {
    if (!this.live.delete(id)) throw new RangeError(`replay window ${id} is not in use`);
    this.free.push(id);
  }

  /** The highest counter committed; -1 when there is none. */
  highest(id: number): number {
    return this.next[id >> CHUNK_SHIFT][id % WINDOWS_PER_CHUNK] - 1;
  }

  /** Whether `counter` would be fresh. Marks nothing: the datagram is not yet known to be authentic. */
  check(id: number, counter: number): boolean {
    if (!(counter >= 0 && counter <= Number.MAX_SAFE_INTEGER)) return false;
    const next = this.next[id >> CHUNK_SHIFT][id % WINDOWS_PER_CHUNK];
    if (counter >= next) return true;
    if (next - counter > REPLAY_WINDOW) return false;
    const position = counter - Math.floor(counter / BITS) * BITS;
    const word = this.bits[id >> CHUNK_SHIFT][(id % WINDOWS_PER_CHUNK) * WORDS + (position >>> 5)];
    return (word & (1 << (position & 31))) === 0;
  }

  /** Marks `counter` as seen, once the datagram has proved authentic. False when it was seen before or is too old. */
  commit(id: number, counter: number): boolean {
    if (!this.check(id, counter)) return false;
    const chunk = id >> CHUNK_SHIFT;
    const row = id % WINDOWS_PER_CHUNK;
    if (counter >= this.next[chunk][row]) this.advance(chunk, row, counter);
    const position = counter - Math.floor(counter / BITS) * BITS;
    this.bits[chunk][row * WORDS + (position >>> 5)] |= 1 << (position & 31);
    return true;
  }

  /** Moves the window up to `counter`, clearing the words it enters. */
  private advance(chunk: number, row: number, counter: number): void {
    const next = this.next[chunk][row];
    const from = next === 0 ? 0 : Math.floor((next - 1) / WORD_BITS);
    const to = Math.floor(counter / WORD_BITS);
    const bits = this.bits[chunk];
    const entered = Math.min(to - from, WORDS);
    let word = from - Math.floor(from / WORDS) * WORDS;
    for (let i = 0; i < entered; i++) {
      word = word + 1 === WORDS ? 0 : word + 1;
      bits[row * WORDS + word] = 0;
    }
    this.next[chunk][row] = counter + 1;
  }

  private grow(): void {
    const first = this.bits.length * WINDOWS_PER_CHUNK;
    this.bits.push(new Int32Array(WINDOWS_PER_CHUNK * WORDS));
    this.next.push(new Float64Array(WINDOWS_PER_CHUNK));
    for (let row = WINDOWS_PER_CHUNK - 1; row >= 0; row--) this.free.push(first + row);
  }
}
