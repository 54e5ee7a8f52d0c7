/** Any typed array of plain numbers. */
type Numbers = Uint8Array | Uint16Array | Uint32Array | Int32Array | Float64Array;

/** A copy of `array` with room for `size` numbers, the new ones set to `fill`. */
export function enlarged<T extends Numbers>(array: T, size: number, fill = 0): T {
  const Kind = array.constructor as new (length: number) => T;
  const copy = new Kind(size);
  copy.fill(fill, array.length);
  copy.set(array as never);
  return copy;
}

/** Fewest numbers that a table has room for once it is used. */
const LEAST = 64;

/** `array` itself when it has room for `size` numbers; else a copy, its room at least doubled, filled with `fill`. */
export function grownTo<T extends Numbers>(array: T, size: number, fill = 0): T {
  if (size <= array.length) return array;
  return enlarged(array, Math.max(LEAST, 2 ** Math.ceil(Math.log2(size))), fill);
}
