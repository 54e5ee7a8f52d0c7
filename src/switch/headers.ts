/**
 * Finds the headers of a TCP or UDP frame: Ethernet with up to two VLAN tags, IPv4 with options (RFC 791) or
 * IPv6 with hop-by-hop and destination options (RFC 8200), TCP (RFC 9293) or UDP (RFC 768); and the same inside a tunnel
 * over UDP, such as VXLAN (RFC 7348) or Geneve (RFC 8926).
 */

import { readU16 } from '../base/bytes.js';
import { ETHERTYPE_IPV4, ETHERTYPE_IPV6, ethernetHeaderLength } from './frame.js';

/** Protocol numbers of IP (IANA). */
export const PROTOCOL_IGMP = 2;
export const PROTOCOL_TCP = 6;
export const PROTOCOL_UDP = 17;
export const PROTOCOL_ICMPV6 = 58;
export const PROTOCOL_PIM = 103;
export const TCP_HEADER = 20;
const UDP_HEADER = 8;

const IPV4_HEADER = 20;
const IPV6_HEADER = 40;
const HOP_BY_HOP = 0;
const DESTINATION_OPTIONS = 60;
const MORE_FRAGMENTS_OR_OFFSET = 0x3fff;
/** No honest sender chains more; the bound keeps parsing constant. */
const MAX_EXTENSION_HEADERS = 4;

/** Where the headers of a frame lie, counted from the frame's first byte. Made once and filled again and again. */
export class HeaderInfo {
  /** 4 or 6. */
  version = 0;
  /** `PROTOCOL_TCP` or `PROTOCOL_UDP`. */
  protocol = 0;
  /** IP header, which is also the length of the Ethernet header with its tags. */
  l3 = 0;
  /** TCP or UDP header. */
  l4 = 0;
  /** All headers together, TCP options included: where the payload begins. */
  headerLength = 0;
  /** Payload by the IP header's account; padding of short frames does not count. */
  payloadLength = 0;
  /**
   * Inside a tunnel, all of the above is said of the packet in it, and this of the tunnel: its UDP header, 0 without a
   * tunnel, and the IP header before that with its version.
   */
  tunnelL4 = 0;
  tunnelL3 = 0;
  tunnelVersion = 0;
}

/**
 * Fills `out` for a frame of `length` bytes at `frameOffset`.
 * Returns false, with `out` in no useful state, when the frame is not an unfragmented TCP or UDP packet over IP or
 * when any length field contradicts another or the frame.
 */
export function parseHeaders(
  bytes: Uint8Array,
  frameOffset: number,
  length: number,
  out: HeaderInfo,
): boolean {
  const l3 = ethernetHeaderLength(bytes, frameOffset, length);
  if (l3 === 0) return false;
  out.l3 = l3;
  out.tunnelL4 = 0;
  const type = readU16(bytes, frameOffset + l3 - 2);
  if (type === ETHERTYPE_IPV4)
    return parseTransport(bytes, frameOffset, parseIpv4(bytes, frameOffset, length, out), out);
  if (type === ETHERTYPE_IPV6)
    return parseTransport(bytes, frameOffset, parseIpv6(bytes, frameOffset, length, out), out);
  return false;
}

/**
 * The same for a packet in a tunnel, whose UDP header lies at `tunnelL4` and the IP header inside it at `innerL3`; what is
 * between them is nobody's business here. Both ends of the packet must be those of the tunnel's datagram.
 */
export function parseTunnel(
  bytes: Uint8Array,
  frameOffset: number,
  length: number,
  tunnelL4: number,
  innerL3: number,
  out: HeaderInfo,
): boolean {
  if (!parseHeaders(bytes, frameOffset, length, out)) return false;
  if (out.protocol !== PROTOCOL_UDP || out.l4 !== tunnelL4 || innerL3 < out.headerLength) return false;
  const end = out.headerLength + out.payloadLength;
  if (innerL3 >= end) return false;
  out.tunnelL3 = out.l3;
  out.tunnelVersion = out.version;
  out.l3 = innerL3;
  const version = bytes[frameOffset + innerL3] >> 4;
  const parse = version === 4 ? parseIpv4 : parseIpv6;
  if (parse(bytes, frameOffset, end, out) !== end || !parseTransport(bytes, frameOffset, end, out))
    return false;
  // Sums of 16-bit words go on from one header to the next.
  if ((out.l4 - tunnelL4) % 2 !== 0) return false;
  out.tunnelL4 = tunnelL4;
  return true;
}

/** Reads the TCP or UDP header of a packet that ends at `l4End`; 0: it is not acceptable. */
function parseTransport(bytes: Uint8Array, frameOffset: number, l4End: number, out: HeaderInfo): boolean {
  if (l4End === 0) return false;
  const at = frameOffset + out.l4;
  const l4Length = l4End - out.l4;
  let l4Header: number;
  if (out.protocol === PROTOCOL_TCP) {
    if (l4Length < TCP_HEADER) return false;
    l4Header = (bytes[at + 12] >> 4) * 4;
    if (l4Header < TCP_HEADER || l4Header > l4Length) return false;
  } else {
    l4Header = UDP_HEADER;
    if (l4Length < UDP_HEADER || readU16(bytes, at + 4) !== l4Length) return false;
  }
  out.headerLength = out.l4 + l4Header;
  out.payloadLength = l4Length - l4Header;
  return true;
}

/** Returns where the packet ends in the frame, or 0 when it is not acceptable. */
function parseIpv4(bytes: Uint8Array, frameOffset: number, length: number, out: HeaderInfo): number {
  const l3 = out.l3;
  const at = frameOffset + l3;
  if (length < l3 + IPV4_HEADER || bytes[at] >> 4 !== 4) return 0;
  const header = (bytes[at] & 0x0f) * 4;
  const total = readU16(bytes, at + 2);
  if (header < IPV4_HEADER || total < header || l3 + total > length) return 0;
  if ((readU16(bytes, at + 6) & MORE_FRAGMENTS_OR_OFFSET) !== 0) return 0;
  const protocol = bytes[at + 9];
  if (protocol !== PROTOCOL_TCP && protocol !== PROTOCOL_UDP) return 0;
  out.version = 4;
  out.protocol = protocol;
  out.l4 = l3 + header;
  return l3 + total;
}

/** Returns where the packet ends in the frame, or 0 when it is not acceptable. */
function parseIpv6(bytes: Uint8Array, frameOffset: number, length: number, out: HeaderInfo): number {
  const l3 = out.l3;
  const at = frameOffset + l3;
  if (length < l3 + IPV6_HEADER || bytes[at] >> 4 !== 6) return 0;
  const end = l3 + IPV6_HEADER + readU16(bytes, at + 4);
  if (end > length) return 0;
  let protocol = bytes[at + 6];
  let l4 = l3 + IPV6_HEADER;
  for (let skipped = 0; protocol === HOP_BY_HOP || protocol === DESTINATION_OPTIONS; skipped++) {
    if (skipped === MAX_EXTENSION_HEADERS || l4 + 8 > end) return 0;
    protocol = bytes[frameOffset + l4];
    l4 += (bytes[frameOffset + l4 + 1] + 1) * 8;
  }
  if (l4 > end || (protocol !== PROTOCOL_TCP && protocol !== PROTOCOL_UDP)) return 0;
  out.version = 6;
  out.protocol = protocol;
  out.l4 = l4;
  return end;
}
