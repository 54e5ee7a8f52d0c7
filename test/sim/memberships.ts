/** IGMP and MLD messages as hosts and routers send them, in Ethernet frames. */
import { ethernet } from './frames.js';

export const RECORD = { IS_INCLUDE: 1, IS_EXCLUDE: 2, TO_INCLUDE: 3, TO_EXCLUDE: 4, ALLOW: 5, BLOCK: 6 };

export interface GroupRecord {
  type: number;
  /** 4 or 16 bytes. */
  group: Uint8Array;
  sources?: Uint8Array[];
  /** Words of auxiliary data. */
  aux?: number;
}

const HOST4 = Uint8Array.of(10, 0, 0, 2);
export const HOST6 = Uint8Array.of(0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2);
const MAC = Uint8Array.of(2, 0, 0, 0, 0, 9);

export function ip4(text: string): Uint8Array {
  return Uint8Array.from(text.split('.'), Number);
}

/** An IPv6 group of the given scope (14: global) and number. */
export function ip6(scope: number, number: number): Uint8Array {
  const bytes = new Uint8Array(16);
  bytes.set([0xff, scope]);
  new DataView(bytes.buffer).setUint32(12, number);
  return bytes;
}

/** Internet checksum (RFC 1071). */
function checksum(bytes: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += (bytes[at] << 8) | (bytes[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

export function macOf(group: Uint8Array): Uint8Array {
  const low = group.subarray(group.length - 4);
  return group.length === 4
    ? Uint8Array.of(1, 0, 0x5e, low[1] & 0x7f, low[2], low[3])
    : Uint8Array.of(0x33, 0x33, ...low);
}

/** An IPv4 packet with a router alert, in a frame. */
export function igmp(body: Uint8Array, to: Uint8Array, source: Uint8Array = HOST4, mac = MAC): Uint8Array {
  new DataView(body.buffer).setUint16(2, 0);
  new DataView(body.buffer).setUint16(2, checksum(body));
  const packet = new Uint8Array(24 + body.length);
  const view = new DataView(packet.buffer);
  packet.set([0x46, 0xc0]);
  view.setUint16(2, packet.length);
  packet.set([1, 2], 8);
  packet.set(source, 12);
  packet.set(to, 16);
  packet.set([0x94, 4, 0, 0], 20);
  view.setUint16(10, checksum(packet.subarray(0, 24)));
  packet.set(body, 24);
  return ethernet(macOf(to), mac, 0x0800, packet);
}

/** An ICMPv6 message with a router alert, in a frame. */
export function mld(body: Uint8Array, to: Uint8Array, source: Uint8Array = HOST6, mac = MAC): Uint8Array {
  const pseudo = new Uint8Array(40 + body.length);
  pseudo.set(source);
  pseudo.set(to, 16);
  new DataView(pseudo.buffer).setUint32(32, body.length);
  pseudo[39] = 58;
  new DataView(body.buffer).setUint16(2, 0);
  pseudo.set(body, 40);
  new DataView(body.buffer).setUint16(2, checksum(pseudo));
  const packet = new Uint8Array(48 + body.length);
  packet[0] = 0x60;
  new DataView(packet.buffer).setUint16(4, 8 + body.length);
  packet[7] = 1;
  packet.set(source, 8);
  packet.set(to, 24);
  packet.set([58, 0, 5, 2, 0, 0, 1, 0], 40);
  packet.set(body, 48);
  return ethernet(macOf(to), mac, 0x86dd, packet);
}

const ALL_HOSTS = ip4('224.0.0.1');
const V3_ROUTERS = ip4('224.0.0.22');
const ALL_NODES = ip6(2, 1);
const V2_ROUTERS = ip6(2, 0x16);

/** A report of IGMPv3 or MLDv2, by the family of its first group. */
export function report(...records: GroupRecord[]): Uint8Array {
  const parts = records.flatMap(({ type, group, sources = [], aux = 0 }) => [
    type,
    aux,
    sources.length >> 8,
    sources.length & 0xff,
    ...group,
    ...sources.flatMap((source) => [...source]),
    ...new Array(4 * aux).fill(0x55),
  ]);
  const isIpv6 = records[0]?.group.length === 16;
  const body = Uint8Array.from([isIpv6 ? 143 : 0x22, 0, 0, 0, 0, 0, 0, records.length, ...parts]);
  return isIpv6 ? mld(body, V2_ROUTERS) : igmp(body, V3_ROUTERS);
}

/** Wants a group, by IGMPv3 or MLDv2. */
export function join(group: Uint8Array): Uint8Array {
  return report({ type: RECORD.TO_EXCLUDE, group });
}

export function leave(group: Uint8Array): Uint8Array {
  return report({ type: RECORD.TO_INCLUDE, group });
}

/** IGMPv1 (0x12) and v2 (0x16) reports, v2 leaves (0x17). */
export function igmpOf(type: number, group: Uint8Array): Uint8Array {
  return igmp(Uint8Array.of(type, 0, 0, 0, ...group), type === 0x17 ? ip4('224.0.0.2') : group);
}

/** MLDv1 reports (131) and dones (132). */
export function mldOf(type: number, group: Uint8Array): Uint8Array {
  return mld(Uint8Array.of(type, 0, 0, 0, 0, 0, 0, 0, ...group), type === 132 ? ip6(2, 2) : group);
}

/** A query of IGMPv2 from an address, general without a group. */
export function igmpQuery(source: Uint8Array, group?: Uint8Array, tenths = 100): Uint8Array {
  const body = Uint8Array.of(0x11, tenths, 0, 0, ...(group ?? ip4('0.0.0.0')));
  return igmp(body, group ?? ALL_HOSTS, source, Uint8Array.of(2, 1, ...source));
}

/** A query of MLDv1. */
export function mldQuery(source: Uint8Array, group?: Uint8Array): Uint8Array {
  const body = Uint8Array.of(130, 0, 0, 0, 0x27, 0x10, 0, 0, ...(group ?? new Uint8Array(16)));
  return mld(body, group ?? ALL_NODES, source);
}

/** A frame of data for a group. */
export function data(group: Uint8Array, payload = 64): Uint8Array {
  const isIpv6 = group.length === 16;
  const packet = new Uint8Array((isIpv6 ? 40 : 20) + payload);
  const view = new DataView(packet.buffer);
  packet[0] = isIpv6 ? 0x60 : 0x45;
  view.setUint16(isIpv6 ? 4 : 2, isIpv6 ? payload : packet.length);
  packet.set(isIpv6 ? [59, 16] : [16, 253], isIpv6 ? 6 : 8);
  packet.set(isIpv6 ? HOST6 : HOST4, isIpv6 ? 8 : 12);
  packet.set(group, isIpv6 ? 24 : 16);
  return ethernet(macOf(group), MAC, isIpv6 ? 0x86dd : 0x0800, packet);
}

/** The same frame with a VLAN tag. */
export function tagged(frame: Uint8Array, vlan: number): Uint8Array {
  return Uint8Array.of(...frame.subarray(0, 12), 0x81, 0, vlan >> 8, vlan & 0xff, ...frame.subarray(12));
}
