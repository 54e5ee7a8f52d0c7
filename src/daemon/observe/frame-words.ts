/** The headers of a frame in words, in one line. Whatever the bytes are, it is an answer and not an error. */

import { ETHERTYPE_IPV4, ETHERTYPE_IPV6, isTag } from '../../switch/frame.js';
import { ETHERTYPE_ARP } from '../../switch/frame-filter.js';
import { formatAddress, formatMacBytes } from '../interfaces/addresses.js';

const ETHERNET = 14;
const MAX_TAGS = 2;
const IPV6_HEADER = 40;
const EXTENSIONS: readonly number[] = [0, 60];
const MAX_EXTENSIONS = 4;
const FRAGMENT = 44;
const TCP = 6;
const UDP = 17;
const PROTOCOLS: Readonly<Record<number, string>> = {
  1: 'ICMP',
  2: 'IGMP',
  6: 'TCP',
  17: 'UDP',
  47: 'GRE',
  50: 'ESP',
  58: 'ICMPv6',
  89: 'OSPF',
  103: 'PIM',
  112: 'VRRP',
  132: 'SCTP',
};
const ETHERTYPES: Readonly<Record<number, string>> = {
  [ETHERTYPE_ARP]: 'ARP',
  2114: 'wake-on-LAN',
  34525: 'IPv6',
  34915: 'PPPoE discovery',
  34916: 'PPPoE',
  34958: '802.1X',
  35020: 'LLDP',
  35063: 'PTP',
};
const TCP_FLAGS = 'FSRPAUEW';

/** `02:00:00:00:00:01 > ff:ff:ff:ff:ff:ff, vlan 5, ARP, who has 10.0.0.2, tell 10.0.0.1`. */
export function frameWords(bytes: Uint8Array): string {
  if (bytes.length < ETHERNET) return `${bytes.length} bytes that are no frame`;
  const view = viewOf(bytes);
  const words = [`${mac(bytes, 6)} > ${mac(bytes, 0)}`];
  let at = ETHERNET;
  let type = view.getUint16(12);
  for (let tags = 0; tags < MAX_TAGS && isTag(type) && at + 4 <= bytes.length; tags++) {
    words.push(`vlan ${view.getUint16(at) & 0xfff}`);
    type = view.getUint16(at + 2);
    at += 4;
  }
  return [...words, ...contents(type, bytes.subarray(at))].join(', ');
}

function contents(type: number, bytes: Uint8Array): string[] {
  if (type === ETHERTYPE_IPV4) return ipv4(bytes);
  if (type === ETHERTYPE_IPV6) return ipv6(bytes);
  if (type === ETHERTYPE_ARP) return arp(bytes);
  if (type < 0x600) return ['LLC'];
  return [ETHERTYPES[type] ?? `ethertype 0x${type.toString(16).padStart(4, '0')}`];
}

function arp(bytes: Uint8Array): string[] {
  if (bytes.length < 28) return ['ARP'];
  const view = viewOf(bytes);
  const sender = formatAddress(bytes.subarray(14, 18));
  const target = formatAddress(bytes.subarray(24, 28));
  if (view.getUint16(6) === 2) return ['ARP', `${sender} is at ${mac(bytes, 8)}`];
  return ['ARP', `who has ${target}`, `tell ${sender}`];
}

/** The datagram at `bytes`, which an IP header begins. */
export function ipWords(bytes: Uint8Array): string {
  return (bytes[0] >> 4 === 6 ? ipv6(bytes) : ipv4(bytes)).join(', ');
}

function ipv4(bytes: Uint8Array): string[] {
  const header = (bytes[0] & 0x0f) * 4;
  if (bytes.length < 20 || header < 20) return ['IPv4'];
  const view = viewOf(bytes);
  const source = formatAddress(bytes.subarray(12, 16));
  const destination = formatAddress(bytes.subarray(16, 20));
  if ((view.getUint16(6) & 0x1fff) !== 0) return [`${source} > ${destination}`, 'later fragment'];
  return transport(bytes[9], bytes.subarray(header), source, destination);
}

function ipv6(bytes: Uint8Array): string[] {
  if (bytes.length < IPV6_HEADER) return ['IPv6'];
  const source = formatAddress(bytes.subarray(8, 24));
  const destination = formatAddress(bytes.subarray(24, 40));
  let next = bytes[6];
  let at = IPV6_HEADER;
  for (
    let count = 0;
    count < MAX_EXTENSIONS && EXTENSIONS.includes(next) && at + 8 <= bytes.length;
    count++
  ) {
    next = bytes[at];
    at += (bytes[at + 1] + 1) * 8;
  }
  if (next === FRAGMENT) return [`${source} > ${destination}`, 'fragment'];
  return transport(next, bytes.subarray(at), source, destination);
}

function transport(protocol: number, bytes: Uint8Array, source: string, destination: string): string[] {
  const name = PROTOCOLS[protocol] ?? `protocol ${protocol}`;
  if ((protocol !== TCP && protocol !== UDP) || bytes.length < 8) return [`${source} > ${destination}`, name];
  const view = viewOf(bytes);
  const ends = `${source} port ${view.getUint16(0)} > ${destination} port ${view.getUint16(2)}`;
  if (protocol === UDP || bytes.length < 14) return [ends, name];
  const flags = [...TCP_FLAGS].filter((_, bit) => (bytes[13] & (1 << bit)) !== 0).join('');
  return [ends, `${name} ${flags || 'no flags'}`, `seq ${view.getUint32(4)}`];
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

function mac(bytes: Uint8Array, at: number): string {
  return formatMacBytes(bytes.subarray(at, at + 6));
}
