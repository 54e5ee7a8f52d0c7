/**
 * Acknowledgements of a transfer go back by a link that brings it. They take the earliest of all links only while none does:
 * another way back would let the round-trip time of the transfer depend on two paths, where each change of the way is taken
 * for a queue that builds up (HyStart, RFC 9406) or for reordering, and what is lost or late there harms it as
 * much as on its own path.
 */

import { readU16 } from '../../base/bytes.js';
import { ETHERTYPE_IPV4, ETHERTYPE_IPV6, ethernetHeaderLength } from '../../switch/frame.js';
import { PROTOCOL_TCP } from '../../switch/headers.js';

/** Longest frame that is looked at: with IPv6, a VLAN tag and all options that TCP has room for. */
const LONGEST = 14 + 4 + 40 + 60;
const IPV4_BYTES = 20;
const IPV6_BYTES = 40;
const TCP_BYTES = 20;
/** Flags of TCP: all that an acknowledgement may not have, and that which it must. */
const ACK = 0x10;
const SYN_FIN_RST = 0x07;

/** Whether a frame acknowledges over TCP and carries nothing else, so that its order among others does not matter. */
export function isBareAcknowledgement(bytes: Uint8Array, frame: number, length: number): boolean {
  if (length > LONGEST) return false;
  const l3 = ethernetHeaderLength(bytes, frame, length);
  if (l3 === 0) return false;
  const type = readU16(bytes, frame + l3 - 2);
  const at = frame + l3;
  if (type === ETHERTYPE_IPV4 && length >= l3 + IPV4_BYTES + TCP_BYTES) {
    const header = (bytes[at] & 0x0f) * 4;
    const isWhole = (readU16(bytes, at + 6) & 0x3fff) === 0;
    if (!isWhole || bytes[at + 9] !== PROTOCOL_TCP) return false;
    return isBare(bytes, at + header, at + readU16(bytes, at + 2), frame + length);
  }
  if (type !== ETHERTYPE_IPV6 || length < l3 + IPV6_BYTES + TCP_BYTES) return false;
  if (bytes[at + 6] !== PROTOCOL_TCP) return false;
  return isBare(bytes, at + IPV6_BYTES, at + IPV6_BYTES + readU16(bytes, at + 4), frame + length);
}

/** Whether the TCP segment between `l4` and `end`, in a frame that ends at `last`, is an acknowledgement without payload. */
function isBare(bytes: Uint8Array, l4: number, end: number, last: number): boolean {
  if (end > last || l4 + TCP_BYTES > end) return false;
  const flags = bytes[l4 + 13];
  return (flags & ACK) !== 0 && (flags & SYN_FIN_RST) === 0 && l4 + (bytes[l4 + 12] >> 4) * 4 === end;
}
