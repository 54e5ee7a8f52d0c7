/** A copy of `array` with room for `size` numbers, the new ones set to `fill`. */
export function enlarged(array: Int32Array, size: number, fill = 0): Int32Array<ArrayBuffer> {
  const copy = new Int32Array(size).fill(fill, array.length);
  copy.set(array);
  return copy;
}
