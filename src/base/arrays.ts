/** Any typed array of plain numbers. */
export type Numbers = Uint8Array | Uint16Array | Uint32Array | Int32Array | Float32Array | Float64Array;

/**
 * A copy of `array` with room for `size` numbers, the new ones set to `fill`. Zeros are not written: the kernel gives memory
 * to a large array where it is first written to, so that rows which nobody has used cost none.
 */
export function enlarged<T extends Numbers>(array: T, size: number, fill = 0): T {
  const Kind = array.constructor as new (length: number) => T;
  const copy = new Kind(size);
  if (fill !== 0) copy.fill(fill, array.length);
  copy.set(array as never);
  return copy;
}
