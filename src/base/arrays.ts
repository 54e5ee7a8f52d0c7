/** Any typed array of plain numbers. */
export type Numbers = Uint8Array | Uint16Array | Uint32Array | Int32Array | Float64Array;

/** A copy of `array` with room for `size` numbers, the new ones set to `fill`. */
export function enlarged<T extends Numbers>(array: T, size: number, fill = 0): T {
  const Kind = array.constructor as new (length: number) => T;
  const copy = new Kind(size);
  copy.fill(fill, array.length);
  copy.set(array as never);
  return copy;
}
