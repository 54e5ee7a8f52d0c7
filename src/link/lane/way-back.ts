/**
 * Acknowledgements of a transfer go back by a link that brings it. They take the earliest of all links only while none does:
 * another way back would let the round-trip time of the transfer depend on two paths, where each change of the way is taken
 * for a queue that builds up (HyStart, RFC 9406) or for reordering, and what is lost or late there harms it as
 * much as on its own path.
 */

import { HeaderInfo, PROTOCOL_TCP, parseHeaders } from '../../switch/headers.js';

/** Longest frame that is looked at: with IPv6, a VLAN tag and all options that TCP has room for. */
const LONGEST = 14 + 4 + 40 + 60;
/** Flags of TCP, where they stand, all that an acknowledgement may not have, and that which it must. */
const FLAGS = 13;
const ACK = 0x10;
const SYN_FIN_RST = 0x07;

const headers = new HeaderInfo();

/** Whether a frame acknowledges over TCP and carries nothing else, so that its order among others does not matter. */
export function isBareAcknowledgement(bytes: Uint8Array, frame: number, length: number): boolean {
  if (length > LONGEST || !parseHeaders(bytes, frame, length, headers)) return false;
  const { protocol, l4, payloadLength } = headers;
  if (protocol !== PROTOCOL_TCP || payloadLength > 0) return false;
  return (bytes[frame + l4 + FLAGS] & (ACK | SYN_FIN_RST)) === ACK;
}
