/** Writes what a station would answer: an ARP reply (RFC 826), or a neighbour advertisement (RFC 4861 section 4.4). */
import { writeU16, writeU32 } from '../../base/bytes.js';
import { addBytes, fold } from '../../base/checksum.js';
import { ETHERNET_HEADER, ETHERTYPE_IPV6, type Frame, TPID_CUSTOMER } from '../frame.js';
import { PROTOCOL_ICMPV6 } from '../headers.js';
import {
  ARP,
  ARP_BYTES,
  ARP_HARDWARE,
  ARP_LENGTHS,
  ETHERTYPE_ARP,
  FLAG,
  HOP_LIMIT,
  IPV6_HEADER,
  ND,
  type NeighbourMessage,
  OPTION,
} from './neighbour-message.js';

/** Smallest Ethernet frame, without FCS; a tag comes on top. */
const SHORTEST = 60;
/** Room for any answer. */
export const ANSWER_BYTES = 128;
const VERSION_6 = 0x60000000;

/** The station that answers. */
interface Station {
  macHigh(row: number): number;
  macLow(row: number): number;
  isRouter(row: number): boolean;
}

/** Writes the answer of a station, a row of `stations`, to a frame that asks, at `start`. Returns its length. */
export function writeAnswer(
  bytes: Uint8Array,
  start: number,
  asking: Frame,
  message: NeighbourMessage,
  stations: Station,
  row: number,
): number {
  const high = stations.macHigh(row);
  const low = stations.macLow(row);
  bytes.fill(0, start, start + ANSWER_BYTES);
  bytes.copyWithin(start, asking.offset + 6, asking.offset + 12);
  writeMac(bytes, start + 6, high, low);
  const at = start + message.l3;
  if (message.l3 > ETHERNET_HEADER) {
    writeU16(bytes, start + 12, TPID_CUSTOMER);
    writeU16(bytes, start + 14, message.tag);
  }
  const asked = asking.offset + message.l3;
  if (message.isIpv6) {
    writeU16(bytes, at - 2, ETHERTYPE_IPV6);
    return message.l3 + writeAdvertisement(bytes, at, asked, stations.isRouter(row), high, low);
  }
  writeU16(bytes, at - 2, ETHERTYPE_ARP);
  writeU32(bytes, at, ARP_HARDWARE);
  writeU16(bytes, at + 4, ARP_LENGTHS);
  writeU16(bytes, at + 6, ARP.REPLY);
  writeMac(bytes, at + 8, high, low);
  bytes.copyWithin(at + 14, asked + 24, asked + ARP_BYTES);
  bytes.copyWithin(at + 18, asked + 8, asked + 18);
  return SHORTEST + message.l3 - ETHERNET_HEADER;
}

/** The IPv6 packet that answers the one at `asked`. Returns its length. */
function writeAdvertisement(
  bytes: Uint8Array,
  at: number,
  asked: number,
  isRouter: boolean,
  high: number,
  low: number,
): number {
  const body = at + IPV6_HEADER;
  const bodyBytes = ND.BYTES + OPTION.BYTES;
  writeU32(bytes, at, VERSION_6);
  writeU16(bytes, at + 4, bodyBytes);
  bytes[at + 6] = PROTOCOL_ICMPV6;
  bytes[at + 7] = HOP_LIMIT;
  const target = asked + IPV6_HEADER + 8;
  bytes.copyWithin(at + 8, target, target + 16);
  bytes.copyWithin(at + 24, asked + 8, asked + 24);
  bytes[body] = ND.ADVERTISEMENT;
  bytes[body + 4] = FLAG.SOLICITED | FLAG.OVERRIDE | (isRouter ? FLAG.ROUTER : 0);
  bytes.copyWithin(body + 8, target, target + 16);
  bytes[body + ND.BYTES] = OPTION.TARGET;
  bytes[body + ND.BYTES + 1] = 1;
  writeMac(bytes, body + ND.BYTES + 2, high, low);
  const pseudo = addBytes(bytes, at + 8, 32, PROTOCOL_ICMPV6 + bodyBytes);
  writeU16(bytes, body + 2, ~fold(addBytes(bytes, body, bodyBytes, pseudo)) & 0xffff);
  return IPV6_HEADER + bodyBytes;
}

function writeMac(bytes: Uint8Array, at: number, high: number, low: number): void {
  writeU16(bytes, at, high);
  writeU32(bytes, at + 2, low);
}
