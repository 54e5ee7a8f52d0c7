/**
 * What losses prove. One datagram lost of 300 may be the work of a path that loses one in 300, or one in 5000: most paths
 * that are tried have by chance lost more or less than they usually do.
 */

/**
 * The share that a path which has lost `lost` of `due` datagrams does lose at the least, in five cases of six or more: the lower
 * bound of a Poisson count, about. One or two losses prove nothing.
 */
export function provenShare(lost: number, due: number): number {
  if (lost <= 1 || due <= 0) return 0;
  const beyondOne = lost - 1;
  return Math.max(0, beyondOne - Math.sqrt(beyondOne)) / due;
}
