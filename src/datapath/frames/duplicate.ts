/**
 * Which frames are worth sending twice while the rest goes once: small ones (interactive traffic, acknowledgements),
 * those by which hosts find each other (ARP, neighbour discovery, DHCP), and those marked with chosen code points.
 */

import { readU16 } from '../../base/bytes.js';
import type { DuplicateSettings } from '../../contract/settings.js';
import type { PeerTable } from '../../state/peers.js';
import { ETHERTYPE_IPV4, ETHERTYPE_IPV6, ethernetHeaderLength, type Frame } from '../../switch/frame.js';

export const NO_DUPLICATES: DuplicateSettings = { smallBytes: 0, control: false, dscp: [] };

const ETHERTYPE_ARP = 0x0806;
const PROTOCOL_UDP = 17;
const PROTOCOL_ICMPV6 = 58;
/** Router solicitation to redirect, RFC 4861 section 4. */
const ND_FIRST = 133;
const ND_LAST = 137;
const DHCP_PORTS = [67, 68] as const;
const DHCPV6_PORTS = [546, 547] as const;
const IPV4_HEADER = 20;
const IPV6_HEADER = 40;
const FRAGMENT_OFFSET = 0x1fff;

/** Whether a frame to `peer` is one of those that are sent twice. */
export function isSentTwice(peers: PeerTable, peer: number, bytes: Uint8Array, frame: Frame): boolean {
  const { offset, length } = frame;
  if (length <= peers.duplicateSmall[peer]) return true;
  const l3 = ethernetHeaderLength(bytes, offset, length);
  if (l3 === 0) return false;
  const type = readU16(bytes, offset + l3 - 2);
  const control = peers.duplicateControl[peer] === 1;
  if (type === ETHERTYPE_ARP) return control;
  const ip = offset + l3;
  const room = length - l3;
  if (type === ETHERTYPE_IPV4 && room >= IPV4_HEADER) {
    return isChosen(peers, peer, bytes[ip + 1] >> 2) || (control && isDhcp4(bytes, ip, room));
  }
  if (type === ETHERTYPE_IPV6 && room >= IPV6_HEADER) {
    const dscp = (readU16(bytes, ip) >> 6) & 63;
    return isChosen(peers, peer, dscp) || (control && isControl6(bytes, ip, room));
  }
  return false;
}

function isChosen(peers: PeerTable, peer: number, dscp: number): boolean {
  return (peers.duplicateDscp[peer * 2 + (dscp >> 5)] & (1 << (dscp & 31))) !== 0;
}

function isDhcp4(bytes: Uint8Array, ip: number, room: number): boolean {
  const header = (bytes[ip] & 15) * 4;
  if (bytes[ip + 9] !== PROTOCOL_UDP || (readU16(bytes, ip + 6) & FRAGMENT_OFFSET) !== 0) return false;
  return room >= header + 4 && isPort(bytes, ip + header, DHCP_PORTS);
}

function isControl6(bytes: Uint8Array, ip: number, room: number): boolean {
  if (room < IPV6_HEADER + 4) return false;
  const payload = ip + IPV6_HEADER;
  const protocol = bytes[ip + 6];
  if (protocol === PROTOCOL_ICMPV6) return bytes[payload] >= ND_FIRST && bytes[payload] <= ND_LAST;
  return protocol === PROTOCOL_UDP && isPort(bytes, payload, DHCPV6_PORTS);
}

/** Whether the source or destination port of the header at `at` is one of two. */
function isPort(bytes: Uint8Array, at: number, ports: readonly [number, number]): boolean {
  const source = readU16(bytes, at);
  const destination = readU16(bytes, at + 2);
  return source === ports[0] || source === ports[1] || destination === ports[0] || destination === ports[1];
}
