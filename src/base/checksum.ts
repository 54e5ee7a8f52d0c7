/** Internet checksums (RFC 1071) over bytes of the arena. */

/**
 * Adds `length` bytes as 16-bit words to a running sum; an odd last byte counts as the high half of a word.
 * The result fits 32 unsigned bits for lengths up to 64 KiB and initial sums up to 2^20.
 */
export function addBytes(bytes: Uint8Array, offset: number, length: number, initial: number): number {
  let sum = initial;
  const even = offset + (length & ~1);
  for (let at = offset; at < even; at += 2) sum += (bytes[at] << 8) | bytes[at + 1];
  if ((length & 1) !== 0) sum += bytes[even] << 8;
  return sum;
}

/** Folds a sum to 16 bits with the carries added back in. */
export function fold(sum: number): number {
  const once = (sum >>> 16) + (sum & 0xffff);
  return ((once >>> 16) + once) & 0xffff;
}
