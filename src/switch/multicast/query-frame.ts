/** Writes the queries of this switch: IGMPv3 (RFC 3376 section 4.1) and MLDv2 (RFC 3810 section 5.1) in Ethernet. */
import { writeU16, writeU32 } from '../../base/bytes.js';
import { addBytes, fold } from '../../base/checksum.js';
import { ETHERTYPE_IPV4, ETHERTYPE_IPV6, TPID_CUSTOMER } from '../frame.js';
import { PROTOCOL_ICMPV6, PROTOCOL_IGMP } from '../headers.js';
import type { IpAddress } from './address.js';

/** Room for any query. */
export const QUERY_BYTES = 96;

/** Precedence "internetwork control" (RFC 3376 section 4). */
const TOS = 0xc0;
const IPV4_HEADER = 24;
const IGMP_QUERY = 12;
const IPV6_HEADERS = 48;
const MLD_QUERY = 28;
const ROBUSTNESS = 2;

/** A query to be written. */
export interface Query {
  vlan: number;
  isIpv6: boolean;
  /** 0.0.0.0 or :: for a general query. */
  readonly group: IpAddress;
  readonly source: IpAddress;
  macHigh: number;
  macLow: number;
  /** At most 12.7 s. */
  responseUs: number;
  intervalS: number;
}

/** Writes a query from the start of `bytes`. Returns its length. */
export function writeQuery(bytes: Uint8Array, query: Query): number {
  let at = 12;
  writeU16(bytes, 6, query.macHigh);
  writeU32(bytes, 8, query.macLow);
  if (query.vlan !== 0) {
    writeU16(bytes, at, TPID_CUSTOMER);
    writeU16(bytes, at + 2, query.vlan);
    at += 4;
  }
  writeU16(bytes, at, query.isIpv6 ? ETHERTYPE_IPV6 : ETHERTYPE_IPV4);
  return query.isIpv6 ? writeMld(bytes, at + 2, query) : writeIgmp(bytes, at + 2, query);
}

function writeIgmp(bytes: Uint8Array, at: number, query: Query): number {
  const { group, source } = query;
  const target = group.isUnspecified ? 0xe0000001 : group.words[3];
  writeU16(bytes, 0, 0x0100);
  writeU32(bytes, 2, 0x5e000000 | (target & 0x7fffff));
  bytes.fill(0, at, at + IPV4_HEADER + IGMP_QUERY);
  bytes[at] = 0x46;
  bytes[at + 1] = TOS;
  writeU16(bytes, at + 2, IPV4_HEADER + IGMP_QUERY);
  bytes[at + 8] = 1;
  bytes[at + 9] = PROTOCOL_IGMP;
  writeU32(bytes, at + 12, source.words[3]);
  writeU32(bytes, at + 16, target);
  writeU32(bytes, at + 20, 0x94040000);
  writeU16(bytes, at + 10, ~fold(addBytes(bytes, at, IPV4_HEADER, 0)) & 0xffff);
  const body = at + IPV4_HEADER;
  bytes[body] = 0x11;
  bytes[body + 1] = exponentialCode(query.responseUs / 100_000);
  writeU32(bytes, body + 4, group.words[3]);
  bytes[body + 8] = ROBUSTNESS;
  bytes[body + 9] = exponentialCode(query.intervalS);
  writeU16(bytes, body + 2, ~fold(addBytes(bytes, body, IGMP_QUERY, 0)) & 0xffff);
  return body + IGMP_QUERY;
}

function writeMld(bytes: Uint8Array, at: number, query: Query): number {
  const { group, source } = query;
  const isGeneral = group.isUnspecified;
  bytes.fill(0, at, at + IPV6_HEADERS + MLD_QUERY);
  bytes[at] = 0x60;
  writeU16(bytes, at + 4, 8 + MLD_QUERY);
  bytes[at + 7] = 1;
  for (let word = 0; word < 4; word++) {
    writeU32(bytes, at + 8 + 4 * word, source.words[word]);
    writeU32(bytes, at + 24 + 4 * word, isGeneral ? ALL_NODES[word] : group.words[word]);
  }
  writeU16(bytes, 0, 0x3333);
  writeU32(bytes, 2, isGeneral ? ALL_NODES[3] : group.words[3]);
  // Hop-by-hop options: router alert (RFC 2711), then two bytes of padding.
  bytes[at + 40] = PROTOCOL_ICMPV6;
  writeU32(bytes, at + 42, 0x05020000);
  bytes[at + 46] = 1;
  const body = at + IPV6_HEADERS;
  bytes[body] = 130;
  writeU16(bytes, body + 4, query.responseUs / 1000);
  if (!isGeneral)
    for (let word = 0; word < 4; word++) writeU32(bytes, body + 8 + 4 * word, group.words[word]);
  bytes[body + 24] = ROBUSTNESS;
  bytes[body + 25] = exponentialCode(query.intervalS);
  const pseudo = addBytes(bytes, at + 8, 32, PROTOCOL_ICMPV6 + MLD_QUERY);
  writeU16(bytes, body + 2, ~fold(addBytes(bytes, body, MLD_QUERY, pseudo)) & 0xffff);
  return body + MLD_QUERY;
}

const ALL_NODES = [0xff020000, 0, 0, 1];

/** The code of a number up to 31,744: itself below 128, else the largest that is not above it. */
function exponentialCode(value: number): number {
  if (value < 128) return value;
  let exponent = 0;
  while (value >> (exponent + 3) > 31) exponent++;
  return 0x80 | (exponent << 4) | ((value >> (exponent + 3)) & 0x0f);
}
