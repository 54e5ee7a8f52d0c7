/**
 * What a frame says of the addresses of stations: ARP for IPv4 (RFC 826) and neighbour discovery for IPv6 (RFC 4861), with at most
 * one customer's VLAN tag. Only what says the same in its Ethernet header and inside is taken.
 */
import { readU16, readU32 } from '../../base/bytes.js';
import {
  destinationHigh,
  destinationLow,
  ETHERNET_HEADER,
  ETHERTYPE_IPV6,
  type Frame,
  isBroadcast,
  sourceHigh,
  sourceLow,
  TPID_CUSTOMER,
  VLAN_TAG,
} from '../frame.js';
import { PROTOCOL_ICMPV6 } from '../headers.js';

export const ETHERTYPE_ARP = 0x0806;
export const ARP_BYTES = 28;
/** Ethernet and IPv4 addresses. */
export const ARP_HARDWARE = 0x00010800;
export const ARP_LENGTHS = 0x0604;
export const ARP = { REQUEST: 1, REPLY: 2 } as const;
export const IPV6_HEADER = 40;
export const HOP_LIMIT = 255;
export const ND = { SOLICITATION: 135, ADVERTISEMENT: 136, BYTES: 24 } as const;
export const OPTION = { SOURCE: 1, TARGET: 2, BYTES: 8 } as const;
export const FLAG = { ROUTER: 0x80, SOLICITED: 0x40, OVERRIDE: 0x20 } as const;
/** Second half of IPv4 addresses as four words: ::ffff:0:0/96. */
const MAPPED = 0xffff;

export class NeighbourMessage {
  isIpv6 = false;
  /** Where the packet lies in the frame, and the frame's tag; 0 without one. */
  l3 = 0;
  tag = 0;
  /** The MAC address that it came from. */
  macHigh = 0;
  macLow = 0;
  /** Whether the sender says that `claimed` is its own. */
  claims = false;
  readonly claimed = new Int32Array(4);
  /** The sender has told whether it is a router; solicitations do not. */
  tellsRole = false;
  isRouter = false;
  /** Whether it asks everybody for the MAC address of `target`. Probes for duplicates do not count: they want silence. */
  asks = false;
  readonly target = new Int32Array(4);
  private bytes: Uint8Array = new Uint8Array(0);

  /** Reads a frame that is not a runt. Returns whether it claims or asks anything. */
  read(bytes: Uint8Array, frame: Frame): boolean {
    this.bytes = bytes;
    this.claims = false;
    this.asks = false;
    const { offset, length } = frame;
    this.l3 = ETHERNET_HEADER;
    this.tag = 0;
    let type = readU16(bytes, offset + 12);
    if (type === TPID_CUSTOMER && length >= ETHERNET_HEADER + VLAN_TAG) {
      this.tag = readU16(bytes, offset + 14);
      type = readU16(bytes, offset + 16);
      this.l3 += VLAN_TAG;
    }
    if (type !== ETHERTYPE_ARP && type !== ETHERTYPE_IPV6) return false;
    this.macHigh = sourceHigh(bytes, offset);
    this.macLow = sourceLow(bytes, offset);
    this.isIpv6 = type === ETHERTYPE_IPV6;
    if (this.isIpv6) this.neighbourDiscovery(offset + this.l3, offset + length);
    else this.arp(frame);
    return this.claims || this.asks;
  }

  private arp({ offset, length }: Frame): void {
    const { bytes } = this;
    const at = offset + this.l3;
    if (at + ARP_BYTES > offset + length || readU32(bytes, at) !== ARP_HARDWARE) return;
    if (readU16(bytes, at + 4) !== ARP_LENGTHS || !this.isOwn(at + 8)) return;
    const sender = readU32(bytes, at + 14);
    const target = readU32(bytes, at + 24);
    this.claims = isStation4(sender);
    setIpv4(this.claimed, sender);
    this.tellsRole = true;
    this.isRouter = false;
    setIpv4(this.target, target);
    const toAll = isBroadcast(destinationHigh(bytes, offset), destinationLow(bytes, offset));
    const isRequest = readU16(bytes, at + 6) === ARP.REQUEST && toAll;
    this.asks = isRequest && this.claims && isStation4(target) && sender !== target;
  }

  private neighbourDiscovery(at: number, end: number): void {
    const { bytes } = this;
    if (at + IPV6_HEADER + ND.BYTES > end || bytes[at + 6] !== PROTOCOL_ICMPV6 || bytes[at + 7] !== HOP_LIMIT)
      return;
    const body = at + IPV6_HEADER;
    const type = bytes[body];
    if ((type !== ND.SOLICITATION && type !== ND.ADVERTISEMENT) || bytes[body + 1] !== 0) return;
    const bodyEnd = body + readU16(bytes, at + 4);
    if (bytes[at] >> 4 !== 6 || bodyEnd > end) return;
    const isAsking = type === ND.SOLICITATION;
    if (!this.hasOwnOption(body + ND.BYTES, bodyEnd, isAsking ? OPTION.SOURCE : OPTION.TARGET)) return;
    if (!this.isStation6(body + 8)) return;
    this.copyAddress(body + 8, isAsking ? this.target : this.claimed);
    this.tellsRole = !isAsking;
    if (isAsking) {
      // From :: it is a probe for duplicates (RFC 4862), which must have no such option.
      this.claims = this.isStation6(at + 8);
      this.copyAddress(at + 8, this.claimed);
      this.asks = this.claims && bytes[at + 24] === 0xff;
    } else {
      this.isRouter = (bytes[body + 4] & FLAG.ROUTER) !== 0;
      // Without it the address may be one of several stations (anycast), or the sender speaks for another.
      this.claims = (bytes[body + 4] & FLAG.OVERRIDE) !== 0;
    }
  }

  /** Whether a MAC address at a place is the one that the frame came from. */
  private isOwn(at: number): boolean {
    return readU16(this.bytes, at) === this.macHigh && readU32(this.bytes, at + 2) === this.macLow;
  }

  /** Whether well-formed options have one of a type with the sender's own MAC address. */
  private hasOwnOption(start: number, end: number, type: number): boolean {
    const { bytes } = this;
    let isThere = false;
    let at = start;
    while (at + OPTION.BYTES <= end && bytes[at + 1] !== 0) {
      if (bytes[at] === type) isThere = bytes[at + 1] === 1 && this.isOwn(at + 2);
      at += bytes[at + 1] * OPTION.BYTES;
    }
    return isThere && at === end;
  }

  private copyAddress(at: number, into: Int32Array): void {
    for (let word = 0; word < 4; word++) into[word] = readU32(this.bytes, at + 4 * word);
  }

  /** Neither a group nor :: and ::1, nor IPv4 within IPv6. */
  private isStation6(at: number): boolean {
    return this.bytes[at] !== 0xff && (readU32(this.bytes, at) !== 0 || readU32(this.bytes, at + 4) !== 0);
  }
}

function setIpv4(words: Int32Array, address: number): void {
  words[0] = 0;
  words[1] = 0;
  words[2] = MAPPED;
  words[3] = address;
}

/** Neither 0.0.0.0/8, 127.0.0.0/8, a group nor reserved. */
function isStation4(address: number): boolean {
  const first = address >>> 24;
  return first !== 0 && first !== 127 && first < 224;
}
