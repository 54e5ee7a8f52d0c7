/** Internet checksums (RFC 1071), pseudo headers (RFC 768, 9293, 8200) and their update (RFC 1624). */
import { readU16, writeU16 } from '../../base/bytes.js';
import { addBytes, fold } from '../../base/checksum.js';

/** Writes the header checksum of an IPv4 header of `length` bytes. */
export function writeIpv4Checksum(bytes: Uint8Array, at: number, length: number): void {
  writeU16(bytes, at + 10, 0);
  writeU16(bytes, at + 10, ~fold(addBytes(bytes, at, length, 0)) & 0xffff);
}

/** Whether the checksum of an IPv4 header of `length` bytes is right. */
export function isIpv4ChecksumValid(bytes: Uint8Array, at: number, length: number): boolean {
  return fold(addBytes(bytes, at, length, 0)) === 0xffff;
}

/**
 * Folded, uncomplemented sum of the pseudo header for `l4Length` bytes of TCP or UDP after the IP header at `l3`: what the
 * checksum field of a packet with a partial checksum holds.
 */
export function pseudoHeaderSum(
  bytes: Uint8Array,
  l3: number,
  version: number,
  protocol: number,
  l4Length: number,
): number {
  const initial = protocol + l4Length;
  return fold(version === 4 ? addBytes(bytes, l3 + 12, 8, initial) : addBytes(bytes, l3 + 8, 32, initial));
}

/**
 * Completes a partial checksum in software: sums from `csumStart` to the end of the frame and writes the
 * complement at `csumStart + csumOffset` (both counted from the frame). A result of 0 is written as 0xffff, which is
 * the same number here and keeps UDP from reading "no checksum".
 */
export function completeChecksum(
  bytes: Uint8Array,
  frameOffset: number,
  length: number,
  csumStart: number,
  csumOffset: number,
): void {
  const sum = fold(addBytes(bytes, frameOffset + csumStart, length - csumStart, 0));
  writeU16(bytes, frameOffset + csumStart + csumOffset, sum === 0xffff ? 0xffff : ~sum & 0xffff);
}

/** Adjusts the checksum at `field` for a 16-bit word that changed from `before` to `after` (RFC 1624, eqn. 3). */
export function updateChecksum(bytes: Uint8Array, field: number, before: number, after: number): void {
  const sum = (~readU16(bytes, field) & 0xffff) + (~before & 0xffff) + after;
  writeU16(bytes, field, ~fold(sum) & 0xffff);
}
