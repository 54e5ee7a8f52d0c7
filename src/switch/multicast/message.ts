/**
 * Reads what hosts and routers say of multicast groups: IGMPv1–v3 (RFC 1112, RFC 2236, RFC 3376), MLDv1 and v2 (RFC 2710,
 * RFC 3810), router advertisements (RFC 4286) and PIM hellos (RFC 7761).
 *
 * A message is read as a whole before anything follows from it: `MALFORMED` is told first, half a message never counts.
 */
import { readU16, readU32 } from '../../base/bytes.js';
import { addBytes, fold } from '../../base/checksum.js';
import { ETHERTYPE_IPV4, ETHERTYPE_IPV6, type Frame } from '../frame.js';
import { PROTOCOL_ICMPV6, PROTOCOL_IGMP, PROTOCOL_PIM } from '../headers.js';
import { IpAddress } from './address.js';

/** What a frame is to the switch. */
export const MESSAGE = {
  /** Not about membership, or of a type that no RFC above has. */
  NONE: 0,
  QUERY: 1,
  /** `group` is wanted. */
  JOIN: 2,
  /** `group` is wanted no longer. */
  LEAVE: 3,
  /** `group` may be wanted no longer: sources of it are not. */
  LESS: 4,
  /** Several: see `nextRecord`. */
  RECORDS: 5,
  /** A multicast router says that it is there. */
  ROUTER: 6,
  MALFORMED: 7,
} as const;

const HOP_BY_HOP = 0;
const IPV4_HEADER = 20;
const IPV6_HEADER = 40;
const FRAGMENT = 0x3fff;

/** Types of messages, by the RFCs above. */
export const IGMP = {
  QUERY: 0x11,
  V1_REPORT: 0x12,
  V2_REPORT: 0x16,
  LEAVE: 0x17,
  V3_REPORT: 0x22,
  ROUTER: 0x30,
};
export const MLD = { QUERY: 130, V1_REPORT: 131, DONE: 132, V2_REPORT: 143, ROUTER: 151 };
const IGMP_LENGTH = 8;
const IGMPV3_QUERY_LENGTH = 12;
const MLD_LENGTH = 24;
const MLDV2_QUERY_LENGTH = 28;
const PIM_LENGTH = 4;
const PIM_HELLO = 0x20;
const ROBUSTNESS = 0x07;
const SUPPRESS = 0x08;

/** Whom a general query is for, all hosts (224.0.0.1, ff02::1): the last 32 bits of the Ethernet address, and of the IP address. */
const ALL_HOSTS_ETHERNET = { IPV4: 0x5e000001, IPV6: 0x00000001 };
const ALL_HOSTS_IP = { IPV4: 0xe0000001, IPV6: 0x00000001 };
const ALL_NODES_PREFIX = 0xff02;
/** The option of a hop-by-hop header that says so of MLD (RFC 2711), and one byte of padding. */
const ROUTER_ALERT = 5;
const PAD_1 = 0;

/** Types of the records of IGMPv3 and MLDv2 reports. */
const RECORD = { IS_INCLUDE: 1, IS_EXCLUDE: 2, TO_INCLUDE: 3, TO_EXCLUDE: 4, ALLOW: 5, BLOCK: 6 };

const TENTH_US = 100_000;
const MILLISECOND_US = 1000;
/** IGMPv1 queries name no time; RFC 2236 section 4 says 10 s. */
const V1_RESPONSE_US = 10e6;

export class GroupMessage {
  /** One of `MESSAGE`. */
  kind: number = MESSAGE.NONE;
  /** Of a query, 0.0.0.0 or :: for a general one; of a join, a leave and the record in hand. */
  readonly group = new IpAddress();
  readonly source = new IpAddress();
  /** Of a query: how long hosts may take to answer, in µs. */
  responseUs = 0;
  /** Of a query: its sender's robustness and, in s, interval; 0 when it does not say (IGMPv1, v2, MLDv1). */
  robustness = 0;
  intervalS = 0;
  /** Of a query for a group: whether memberships that are not renewed end soon (neither of single sources, nor repeated). */
  isLast = false;

  private bytes: Uint8Array = new Uint8Array(0);
  private isIpv6 = false;
  private at = 0;
  private end = 0;
  private isForAll = false;
  private isAlert = false;
  private records = 0;
  private nextAt = 0;

  /** Reads a frame whose Ethernet header has `header` bytes. Returns its kind, which is kept in `kind` as well. */
  read(bytes: Uint8Array, frame: Frame, header: number): number {
    this.bytes = bytes;
    const type = readU16(bytes, frame.offset + header - 2);
    const l3 = frame.offset + header;
    const end = frame.offset + frame.length;
    if (type === ETHERTYPE_IPV4) this.kind = this.ipv4(l3, end, frame);
    else if (type === ETHERTYPE_IPV6) this.kind = this.ipv6(l3, end, frame);
    else this.kind = MESSAGE.NONE;
    return this.kind;
  }

  /**
   * Goes to the next record of a report: fills `group` and returns `MESSAGE.JOIN`, `LEAVE` or `LESS`, or `NONE` for a
   * record that means nothing to a switch which keeps no sources; -1 after the last.
   */
  nextRecord(): number {
    if (this.records === 0) return -1;
    this.records--;
    const at = this.nextAt;
    const type = this.bytes[at];
    const sources = readU16(this.bytes, at + 2);
    this.nextAt += this.recordLength(at);
    this.readGroup(at + 4);
    return meaningOf(type, sources);
  }

  private ipv4(l3: number, end: number, frame: Frame): number {
    const { bytes } = this;
    this.isIpv6 = false;
    if (l3 + IPV4_HEADER > end || bytes[l3] >> 4 !== 4) return MESSAGE.NONE;
    const protocol = bytes[l3 + 9];
    if (protocol !== PROTOCOL_IGMP && protocol !== PROTOCOL_PIM) return MESSAGE.NONE;
    const header = (bytes[l3] & 0x0f) * 4;
    const total = readU16(bytes, l3 + 2);
    if (header < IPV4_HEADER || total < header || l3 + total > end) return MESSAGE.MALFORMED;
    if ((readU16(bytes, l3 + 6) & FRAGMENT) !== 0 || !isIntact(bytes, l3, header, 0))
      return MESSAGE.MALFORMED;
    this.source.readIpv4(bytes, l3 + 12);
    this.isForAll =
      readU32(bytes, frame.offset + 2) === ALL_HOSTS_ETHERNET.IPV4 &&
      readU32(bytes, l3 + 16) === ALL_HOSTS_IP.IPV4;
    this.at = l3 + header;
    this.end = l3 + total;
    if (protocol === PROTOCOL_PIM) return this.pim();
    if (this.end - this.at < IGMP_LENGTH) return MESSAGE.MALFORMED;
    if (frame.flags === 0 && !isIntact(bytes, this.at, this.end - this.at, 0)) return MESSAGE.MALFORMED;
    return this.igmp();
  }

  private igmp(): number {
    const { bytes, at } = this;
    this.group.readIpv4(bytes, at + 4);
    switch (bytes[at]) {
      case IGMP.QUERY:
        return this.igmpQuery();
      case IGMP.V1_REPORT:
      case IGMP.V2_REPORT:
        return this.ofGroup(MESSAGE.JOIN);
      case IGMP.LEAVE:
        return this.ofGroup(MESSAGE.LEAVE);
      case IGMP.V3_REPORT:
        return this.report(8);
      case IGMP.ROUTER:
        return MESSAGE.ROUTER;
      default:
        return MESSAGE.NONE;
    }
  }

  private igmpQuery(): number {
    const { bytes, at } = this;
    const length = this.end - at;
    const code = bytes[at + 1];
    if (length === IGMP_LENGTH) {
      this.responseUs = code === 0 ? V1_RESPONSE_US : code * TENTH_US;
      return this.plainQuery();
    }
    if (length < IGMPV3_QUERY_LENGTH || length < IGMPV3_QUERY_LENGTH + 4 * readU16(bytes, at + 10))
      return MESSAGE.MALFORMED;
    this.responseUs = exponential(code, 4) * TENTH_US;
    return this.query(at + 8);
  }

  private ipv6(l3: number, end: number, frame: Frame): number {
    const { bytes } = this;
    this.isIpv6 = true;
    this.isAlert = false;
    if (l3 + IPV6_HEADER > end || bytes[l3] >> 4 !== 6) return MESSAGE.NONE;
    let protocol = bytes[l3 + 6];
    let at = l3 + IPV6_HEADER;
    if (protocol === HOP_BY_HOP) {
      if (at + 8 > end) return MESSAGE.NONE;
      protocol = bytes[at];
      const next = at + (bytes[at + 1] + 1) * 8;
      this.isAlert = next <= end && hasRouterAlert(bytes, at + 2, next);
      at = next;
    }
    if (at >= end || (protocol !== PROTOCOL_ICMPV6 && protocol !== PROTOCOL_PIM)) return MESSAGE.NONE;
    this.at = at;
    this.end = l3 + IPV6_HEADER + readU16(bytes, l3 + 4);
    if (protocol === PROTOCOL_ICMPV6 && !isMld(bytes[at])) return MESSAGE.NONE;
    if (this.end > end || this.end < at) return MESSAGE.MALFORMED;
    this.source.readIpv6(bytes, l3 + 8);
    if (protocol === PROTOCOL_PIM) return this.pim();
    // RFC 2710 section 3: from this link only. A message with another hop limit came from elsewhere.
    if (bytes[l3 + 7] !== 1) return MESSAGE.MALFORMED;
    this.isForAll =
      readU32(bytes, frame.offset + 2) === ALL_HOSTS_ETHERNET.IPV6 && isAllNodes(bytes, l3 + 24);
    const length = this.end - at;
    const pseudo = addBytes(bytes, l3 + 8, 32, PROTOCOL_ICMPV6 + length);
    if (frame.flags === 0 && !isIntact(bytes, at, length, pseudo)) return MESSAGE.MALFORMED;
    return this.mld(length);
  }

  private mld(length: number): number {
    const { bytes, at } = this;
    const type = bytes[at];
    if (type === MLD.ROUTER) return length < IGMP_LENGTH ? MESSAGE.MALFORMED : MESSAGE.ROUTER;
    if (type === MLD.V2_REPORT) return length < 8 ? MESSAGE.MALFORMED : this.report(20);
    if (length < MLD_LENGTH) return MESSAGE.MALFORMED;
    this.group.readIpv6(bytes, at + 8);
    if (type === MLD.V1_REPORT) return this.ofGroup(MESSAGE.JOIN);
    if (type === MLD.DONE) return this.ofGroup(MESSAGE.LEAVE);
    const code = readU16(bytes, at + 4);
    // RFC 3810 section 6.2: hosts answer no others.
    if (!isLinkLocal(this.source) || !this.isAlert) return MESSAGE.MALFORMED;
    if (length === MLD_LENGTH) {
      this.responseUs = code * MILLISECOND_US;
      return this.plainQuery();
    }
    if (length < MLDV2_QUERY_LENGTH || length < MLDV2_QUERY_LENGTH + 16 * readU16(bytes, at + 26))
      return MESSAGE.MALFORMED;
    this.responseUs = exponential(code, 12) * MILLISECOND_US;
    return this.query(at + 24);
  }

  private pim(): number {
    const length = this.end - this.at;
    return length >= PIM_LENGTH && this.bytes[this.at] === PIM_HELLO ? MESSAGE.ROUTER : MESSAGE.NONE;
  }

  /** Of IGMPv1, v2 or MLDv1. */
  private plainQuery(): number {
    this.robustness = 0;
    this.intervalS = 0;
    this.isLast = true;
    return this.groupOfQuery();
  }

  /** Of IGMPv3 or MLDv2: at `at` are the S flag and the robustness, the interval's code and the number of sources. */
  private query(at: number): number {
    const { bytes } = this;
    this.robustness = bytes[at] & ROBUSTNESS;
    this.intervalS = exponential(bytes[at + 1], 4);
    this.isLast = (bytes[at] & SUPPRESS) === 0 && readU16(bytes, at + 2) === 0;
    return this.groupOfQuery();
  }

  /** A general query that not all hosts hear says nothing of what they want. */
  private groupOfQuery(): number {
    const isSound = this.group.isUnspecified ? this.isForAll : this.group.isMulticast;
    return isSound ? MESSAGE.QUERY : MESSAGE.MALFORMED;
  }

  private ofGroup(kind: number): number {
    return this.group.isMulticast ? kind : MESSAGE.MALFORMED;
  }

  /** Walks all records once, so that none counts unless all are sound. `least`: bytes of the smallest record. */
  private report(least: number): number {
    const { bytes, at, end } = this;
    const count = readU16(bytes, at + 6);
    let next = at + 8;
    for (let record = 0; record < count; record++) {
      if (next + least > end || next + this.recordLength(next) > end) return MESSAGE.MALFORMED;
      this.readGroup(next + 4);
      if (!this.group.isMulticast) return MESSAGE.MALFORMED;
      next += this.recordLength(next);
    }
    this.records = count;
    this.nextAt = at + 8;
    return MESSAGE.RECORDS;
  }

  private recordLength(at: number): number {
    const address = this.isIpv6 ? 16 : 4;
    return 4 + address * (1 + readU16(this.bytes, at + 2)) + 4 * this.bytes[at + 1];
  }

  private readGroup(at: number): void {
    if (this.isIpv6) this.group.readIpv6(this.bytes, at);
    else this.group.readIpv4(this.bytes, at);
  }
}

/**
 * Sources are not kept: whoever wants any source of a group gets all of them and its own stack picks. To block sources may
 * mean that the last wanted one is gone, so the querier asks.
 */
function meaningOf(type: number, sources: number): number {
  switch (type) {
    case RECORD.IS_EXCLUDE:
    case RECORD.TO_EXCLUDE:
      return MESSAGE.JOIN;
    case RECORD.IS_INCLUDE:
    case RECORD.ALLOW:
      return sources > 0 ? MESSAGE.JOIN : MESSAGE.NONE;
    case RECORD.TO_INCLUDE:
      return sources > 0 ? MESSAGE.JOIN : MESSAGE.LEAVE;
    case RECORD.BLOCK:
      return MESSAGE.LESS;
    default:
      return MESSAGE.NONE;
  }
}

function isMld(type: number): boolean {
  return (type >= MLD.QUERY && type <= MLD.DONE) || type === MLD.V2_REPORT || type === MLD.ROUTER;
}

function isAllNodes(bytes: Uint8Array, at: number): boolean {
  return (
    readU16(bytes, at) === ALL_NODES_PREFIX &&
    readU16(bytes, at + 2) === 0 &&
    readU32(bytes, at + 4) === 0 &&
    readU32(bytes, at + 8) === 0 &&
    readU32(bytes, at + 12) === ALL_HOSTS_IP.IPV6
  );
}

/** Whether options between two places tell routers to look at an MLD message. */
function hasRouterAlert(bytes: Uint8Array, from: number, end: number): boolean {
  for (let at = from; at + 4 <= end; at += bytes[at] === PAD_1 ? 1 : 2 + bytes[at + 1]) {
    if (bytes[at] === ROUTER_ALERT) return bytes[at + 1] === 2 && readU16(bytes, at + 2) === 0;
  }
  return false;
}

function isLinkLocal(address: IpAddress): boolean {
  return (address.words[0] & 0xffc00000) >>> 0 === 0xfe800000;
}

/** Codes of IGMPv3 (RFC 3376 section 4.1.1; 4 bits of mantissa) and MLDv2 (RFC 3810 section 5.1.3; 12 bits). */
function exponential(code: number, mantissaBits: number): number {
  const hidden = 1 << mantissaBits;
  if (code < hidden * 8) return code;
  return ((code & (hidden - 1)) | hidden) << (((code >> mantissaBits) & 7) + 3);
}

/** Whether bytes that hold their Internet checksum have the right one; `initial`: the sum of a pseudo header. */
function isIntact(bytes: Uint8Array, at: number, length: number, initial: number): boolean {
  return fold(addBytes(bytes, at, length, initial)) === 0xffff;
}
