/** The NACK: datagrams of the lane that are lost on the way, to be sent again (as in RFC 5740, NORM). */

/** Body of a NACK: byte offsets from the kind byte. Integers are big-endian. */
export const NACK = {
  /** Gaps that it names. */
  GAPS: 1,
  /** A counter of the lane, from which on gaps are told; u64. */
  FROM: 4,
  BYTES: 12,
} as const;

/** A gap, from its first byte: how far behind `FROM`, or behind the gap before it, it begins, and its datagrams; u16 each. */
export const GAP = { AFTER: 0, DATAGRAMS: 2, BYTES: 4 } as const;

/** Gaps that a NACK names at most. */
export const MAX_GAPS = 64;

/** Gaps of a lane, in ascending order: the first counter of each, and how many datagrams it has. */
export class Gaps {
  count = 0;
  readonly first = new Float64Array(MAX_GAPS);
  readonly datagrams = new Int32Array(MAX_GAPS);

  /** Adds a gap behind all others; false when there is no room. */
  add(first: number, datagrams: number): boolean {
    if (this.count === MAX_GAPS) return false;
    this.first[this.count] = first;
    this.datagrams[this.count++] = datagrams;
    return true;
  }

  /** One above the last counter of a gap. */
  endOf(gap: number): number {
    return this.first[gap] + this.datagrams[gap];
  }
}
