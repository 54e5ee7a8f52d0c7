/**
 * Where the MAC table looks stations up: open addressing with linear probing (D. E. Knuth, The Art of Computer Programming,
 * volume 3, section 6.4, algorithms L and R).
 *
 * All that a frame asks of a station is one slot of 16 bytes, four to a cache line, and at most half of the slots are held:
 * a look-up costs one cache line, seldom two. An entry that goes is followed by those that had to stand behind it, so a
 * slot is no entry's for ever.
 */
import type { KeyedHash } from './keyed-hash.js';

/** No slot. */
export const NO_SLOT = -1;
/** Words of a slot: key (0: free), the last 32 bits of the address, port and kind, and when the station was last heard. */
const KEY = 0;
const LOW = 1;
const PLACE = 2;
const STAMP = 3;
const SHIFT = 2;
/** Set in the key of every entry; below it 12 bits of VLAN and the first 16 bits of the address. */
const IS_HELD = 1 << 31;
const VLAN_HIGH = 0x0fff_ffff;

export class StationSlots {
  /** How many there are: a power of two, at least twice the entries. */
  readonly count: number;
  private readonly words: Int32Array;
  private readonly mask: number;

  constructor(
    entries: number,
    private readonly hash: KeyedHash,
  ) {
    let count = 16;
    while (count < entries * 2) count *= 2;
    this.count = count;
    this.mask = count - 1;
    this.words = new Int32Array(count << SHIFT);
  }

  /** The slot of a station, or `NO_SLOT`. `vlanHigh`: its VLAN and the first 16 bits of its address; `low` is signed. */
  find(vlanHigh: number, low: number): number {
    const { words, mask } = this;
    const key = vlanHigh | IS_HELD;
    for (let slot = this.hash.hash(vlanHigh, low) & mask; ; slot = (slot + 1) & mask) {
      const held = words[slot << SHIFT];
      if (held === key && words[(slot << SHIFT) + LOW] === low) return slot;
      if (held === 0) return NO_SLOT;
    }
  }

  /** Takes a slot for a station that has none; returns it. There must be fewer entries than half of the slots. */
  take(vlanHigh: number, low: number): number {
    const { words, mask } = this;
    let slot = this.hash.hash(vlanHigh, low) & mask;
    while (words[slot << SHIFT] !== 0) slot = (slot + 1) & mask;
    words[(slot << SHIFT) + KEY] = vlanHigh | IS_HELD;
    words[(slot << SHIFT) + LOW] = low;
    return slot;
  }

  /** The next slot whose entry must move to `hole`, whose own has gone, so that it is still found; or `NO_SLOT`. */
  follower(hole: number): number {
    const { words, mask } = this;
    for (let slot = (hole + 1) & mask; words[slot << SHIFT] !== 0; slot = (slot + 1) & mask) {
      const home = this.hash.hash(this.vlanHigh(slot), this.low(slot)) & mask;
      if (((slot - home) & mask) >= ((slot - hole) & mask)) return slot;
    }
    return NO_SLOT;
  }

  move(from: number, to: number): void {
    this.words.copyWithin(to << SHIFT, from << SHIFT, (from + 1) << SHIFT);
  }

  release(slot: number): void {
    this.words[(slot << SHIFT) + KEY] = 0;
  }

  isHeld(slot: number): boolean {
    return this.words[slot << SHIFT] !== 0;
  }

  /** VLAN and first 16 bits of the address. */
  vlanHigh(slot: number): number {
    return this.words[slot << SHIFT] & VLAN_HIGH;
  }

  /** The last 32 bits of the address, signed. */
  low(slot: number): number {
    return this.words[(slot << SHIFT) + LOW];
  }

  port(slot: number): number {
    return (this.words[(slot << SHIFT) + PLACE] >> 1) - 1;
  }

  /** 1 for a static entry. */
  isStatic(slot: number): number {
    return this.words[(slot << SHIFT) + PLACE] & 1;
  }

  setPlace(slot: number, port: number, isStatic: number): void {
    this.words[(slot << SHIFT) + PLACE] = ((port + 1) << 1) | isStatic;
  }

  /** When the station was last heard, in the MAC table's ticks, modulo 2^32. */
  stamp(slot: number): number {
    return this.words[(slot << SHIFT) + STAMP];
  }

  setStamp(slot: number, tick: number): void {
    this.words[(slot << SHIFT) + STAMP] = tick;
  }
}
