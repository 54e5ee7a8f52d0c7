/**
 * Replay windows (RFC 6479): for each counter stream a ring of bits remembers which of the latest counters were
 * seen. Moving the window forward clears whole words, so nothing is ever shifted.
 *
 * A stream begins with as many bits as a few heartbeats need, and gets the ring with the first counter beyond them. Until
 * then nothing has to be forgotten, so that the size of the window shows in memory only: a server has one for each client.
 *
 * Made for the hot path: windows are rows of typed arrays, `check` allocates nothing, and `commit` once in a stream.
 */
import { Columns, float64, int32, uint8 } from '../base/columns.js';

const BITS = 8192;
const WORD_BITS = 32;
const WORDS = BITS / WORD_BITS;
/** Bytes of the ring of a stream. */
export const RING_BYTES = WORDS * Int32Array.BYTES_PER_ELEMENT;
const RINGS_PER_CHUNK = 64;
const CHUNK_SHIFT = 6;
/** Words, and counters, of a stream that has no ring yet. */
const FIRST_WORDS = 8;
const FIRST_BITS = FIRST_WORDS * WORD_BITS;
const NO_RING = -1;

/**
 * How far below the highest counter seen one is still accepted, exclusive. One word of the ring less than it has
 * bits: the word that the highest counter stands in is only partly used.
 */
export const REPLAY_WINDOW = BITS - WORD_BITS;

/** A growing pool of windows. Memory of released windows is used again, never given back. */
export class ReplayWindows {
  /** For each window one above the highest counter seen. */
  private next = float64();
  private first = int32(0, FIRST_WORDS);
  /** For each window its ring, or `NO_RING`. */
  private ring = int32(NO_RING);
  private live = uint8();
  /** Whose windows are counted together. */
  private owner = int32();
  private readonly columns = new Columns(this, 'streams');
  private readonly free: number[] = [];
  private made = 0;
  private readonly rings: Int32Array[] = [];
  private readonly freeRings: number[] = [];

  /** Windows in use. */
  get size(): number {
    return this.made - this.free.length;
  }

  /** Owners of windows that have a ring. Looks at all windows: some tenths of a millisecond for a hundred thousand. */
  countOwnersWithRing(): number {
    const found = new Set<number>();
    for (let id = 0; id < this.made; id++) {
      if (this.live[id] === 1 && this.ring[id] !== NO_RING) found.add(this.owner[id]);
    }
    return found.size;
  }

  /** Gives the id of a window that has seen nothing. */
  allocate(owner: number): number {
    const id = this.free.length > 0 ? this.free.pop()! : this.made++;
    this.columns.ensure(id + 1);
    this.columns.reset(id);
    this.live[id] = 1;
    this.owner[id] = owner;
    return id;
  }

  /** Gives a window back. @throws RangeError when it is not in use. */
  release(id: number): void {
    if (this.live[id] !== 1) throw new RangeError(`replay window ${id} is not in use`);
    this.live[id] = 0;
    if (this.ring[id] !== NO_RING) this.freeRings.push(this.ring[id]);
    this.free.push(id);
  }

  /** The highest counter committed; -1 when there is none. */
  highest(id: number): number {
    return this.next[id] - 1;
  }

  /** Whether `counter` would be fresh. Marks nothing: the datagram is not yet known to be authentic. */
  check(id: number, counter: number): boolean {
    if (!(counter >= 0 && counter <= Number.MAX_SAFE_INTEGER)) return false;
    const next = this.next[id];
    if (counter >= next) return true;
    if (next - counter > REPLAY_WINDOW) return false;
    const ring = this.ring[id];
    const position = positionOf(counter);
    const word =
      ring === NO_RING
        ? this.first[id * FIRST_WORDS + (position >>> 5)]
        : this.rings[ring >> CHUNK_SHIFT][(ring % RINGS_PER_CHUNK) * WORDS + (position >>> 5)];
    return (word & (1 << (position & 31))) === 0;
  }

  /** Marks `counter` as seen, once the datagram has proved authentic. False when it was seen before or is too old. */
  commit(id: number, counter: number): boolean {
    if (!this.check(id, counter)) return false;
    if (this.ring[id] === NO_RING) {
      if (counter < FIRST_BITS) return this.commitFirst(id, counter);
      this.widen(id);
    }
    const ring = this.ring[id];
    const bits = this.rings[ring >> CHUNK_SHIFT];
    const start = (ring % RINGS_PER_CHUNK) * WORDS;
    if (counter >= this.next[id]) this.advance(id, bits, start, counter);
    const position = positionOf(counter);
    bits[start + (position >>> 5)] |= 1 << (position & 31);
    return true;
  }

  private commitFirst(id: number, counter: number): boolean {
    this.first[id * FIRST_WORDS + (counter >>> 5)] |= 1 << (counter & 31);
    if (counter >= this.next[id]) this.next[id] = counter + 1;
    return true;
  }

  /** Moves the window up to `counter`, clearing the words it enters. */
  private advance(id: number, bits: Int32Array, start: number, counter: number): void {
    const next = this.next[id];
    const from = next === 0 ? 0 : Math.floor((next - 1) / WORD_BITS);
    const to = Math.floor(counter / WORD_BITS);
    const entered = Math.min(to - from, WORDS);
    let word = from - Math.floor(from / WORDS) * WORDS;
    for (let i = 0; i < entered; i++) {
      word = word + 1 === WORDS ? 0 : word + 1;
      bits[start + word] = 0;
    }
    this.next[id] = counter + 1;
  }

  /** Gives a window its ring, with what it has seen. */
  private widen(id: number): void {
    if (this.freeRings.length === 0) this.makeRings();
    const ring = this.freeRings.pop()!;
    const bits = this.rings[ring >> CHUNK_SHIFT];
    const start = (ring % RINGS_PER_CHUNK) * WORDS;
    bits.fill(0, start, start + WORDS);
    const first = id * FIRST_WORDS;
    for (let word = 0; word < FIRST_WORDS; word++) bits[start + word] = this.first[first + word];
    this.ring[id] = ring;
  }

  private makeRings(): void {
    const first = this.rings.length * RINGS_PER_CHUNK;
    this.rings.push(new Int32Array(RINGS_PER_CHUNK * WORDS));
    for (let row = RINGS_PER_CHUNK - 1; row >= 0; row--) this.freeRings.push(first + row);
  }
}

/** Place of a counter in a ring; `%` is slow beyond 31 bits. */
function positionOf(counter: number): number {
  return counter - Math.floor(counter / BITS) * BITS;
}
