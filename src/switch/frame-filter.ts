/**
 * Filters of captures: which frames match. A filter is a small program, made in the control thread, that only jumps
 * forward, so that a frame costs no more than its length in instructions (as the filters of BSD are; McCanne and Jacobson,
 * "The BSD Packet Filter", 1993).
 */
import { readU16, readU32 } from '../base/bytes.js';
import {
  destinationHigh,
  destinationLow,
  ETHERTYPE_IPV4,
  ETHERTYPE_IPV6,
  ethernetHeaderLength,
  isBroadcast,
  isGroup,
  isRunt,
  isTag,
  sourceHigh,
  sourceLow,
  vlanId,
} from './frame.js';

export const ETHERTYPE_ARP = 0x0806;

/** Tests. `MAC`, `HOST` and `PORT` look at the ends that `FILTER.ENDS` names. */
export const TEST = {
  ETHERTYPE: 0,
  VLAN: 1,
  MAC: 2,
  GROUP: 3,
  BROADCAST: 4,
  PROTOCOL: 5,
  HOST4: 6,
  HOST6: 7,
  PORT: 8,
} as const;

/** Ends of a frame; a test of both is met by either. */
export const ENDS = { SOURCE: 1, DESTINATION: 2, EITHER: 3 } as const;

/** An instruction: a test, its operands, and where to go on when it is met or not. */
export const FILTER = {
  TEST: 0,
  ENDS: 1,
  /** Address, number or id; a MAC is 16 and 32 bits. */
  VALUE: 2,
  /** Bits of `VALUE` that count. */
  MASK: 6,
  THEN: 10,
  ELSE: 11,
  WORDS: 12,
} as const;

/** Where to go on: a later instruction, or the end. */
export const ACCEPT = -1;
export const REJECT = -2;

/** Longest program. */
export const MAX_INSTRUCTIONS = 64;

export const ANY_VLAN = -1;
const IPV4_HEADER = 20;
const IPV6_HEADER = 40;
const FRAGMENT_OFFSET = 0x1fff;
const HOP_BY_HOP = 0;
const FRAGMENT = 44;
const DESTINATION_OPTIONS = 60;
const MAX_EXTENSION_HEADERS = 4;
const NONE = -1;

export class FrameFilter {
  /** Of the frame in hand: EtherType, place of the IP or ARP header, protocol, and place of the ports; -1: it has none. */
  private type = 0;
  private l3 = 0;
  private protocol = NONE;
  private ports = NONE;

  constructor(private readonly program: Int32Array) {}

  /** Whether a frame of `length` bytes at `offset` matches. */
  matches(bytes: Uint8Array, offset: number, length: number): boolean {
    if (isRunt(length)) return false;
    this.dissect(bytes, offset, length);
    let at = 0;
    while (at >= 0) {
      const row = at * FILTER.WORDS;
      at = this.program[row + (this.isMet(row, bytes, offset, length) ? FILTER.THEN : FILTER.ELSE)];
    }
    return at === ACCEPT;
  }

  private isMet(row: number, bytes: Uint8Array, offset: number, length: number): boolean {
    const value = this.program[row + FILTER.VALUE];
    switch (this.program[row + FILTER.TEST]) {
      case TEST.ETHERTYPE:
        return this.type === value;
      case TEST.VLAN:
        return (
          isTag(readU16(bytes, offset + 12)) &&
          (value === ANY_VLAN || vlanId(bytes, offset, length) === value)
        );
      case TEST.MAC:
        return this.hasMac(row, bytes, offset);
      case TEST.GROUP:
        return isGroup(destinationHigh(bytes, offset));
      case TEST.BROADCAST:
        return isBroadcast(destinationHigh(bytes, offset), destinationLow(bytes, offset));
      case TEST.PROTOCOL:
        return this.protocol === value;
      case TEST.HOST4:
        return this.hasHost4(row, bytes, offset + length);
      case TEST.HOST6:
        return this.type === ETHERTYPE_IPV6 && this.hasHost6(row, bytes, offset + length);
      default:
        return this.hasPort(row, bytes);
    }
  }

  /** Finds what tests look at; everything is checked against the end of the frame. */
  private dissect(bytes: Uint8Array, offset: number, length: number): void {
    this.protocol = NONE;
    this.ports = NONE;
    const header = ethernetHeaderLength(bytes, offset, length);
    this.l3 = offset + header;
    this.type = header === 0 ? 0 : readU16(bytes, offset + header - 2);
    const end = offset + length;
    if (this.type === ETHERTYPE_IPV4 && this.l3 + IPV4_HEADER <= end) this.dissect4(bytes, end);
    else if (this.type === ETHERTYPE_IPV6 && this.l3 + IPV6_HEADER <= end) this.dissect6(bytes, end);
  }

  private dissect4(bytes: Uint8Array, end: number): void {
    const { l3 } = this;
    this.protocol = bytes[l3 + 9];
    const ports = l3 + (bytes[l3] & 0x0f) * 4;
    if ((readU16(bytes, l3 + 6) & FRAGMENT_OFFSET) === 0 && ports + 4 <= end) this.ports = ports;
  }

  private dissect6(bytes: Uint8Array, end: number): void {
    let at = this.l3 + IPV6_HEADER;
    let next = bytes[this.l3 + 6];
    for (let count = 0; count < MAX_EXTENSION_HEADERS && at + 8 <= end; count++) {
      if (next === FRAGMENT) {
        this.protocol = bytes[at];
        if (readU16(bytes, at + 2) >> 3 === 0 && at + 12 <= end) this.ports = at + 8;
        return;
      }
      if (next !== HOP_BY_HOP && next !== DESTINATION_OPTIONS) break;
      next = bytes[at];
      at += (bytes[at + 1] + 1) * 8;
    }
    this.protocol = next;
    if (at + 4 <= end) this.ports = at;
  }

  private hasMac(row: number, bytes: Uint8Array, offset: number): boolean {
    const { program } = this;
    const ends = program[row + FILTER.ENDS];
    const high = program[row + FILTER.VALUE];
    const low = program[row + FILTER.VALUE + 1] >>> 0;
    if ((ends & ENDS.SOURCE) !== 0 && sourceHigh(bytes, offset) === high && sourceLow(bytes, offset) === low)
      return true;
    if ((ends & ENDS.DESTINATION) === 0) return false;
    return destinationHigh(bytes, offset) === high && destinationLow(bytes, offset) === low;
  }

  /** The hosts of an ARP message are those that it asks of. */
  private hasHost4(row: number, bytes: Uint8Array, end: number): boolean {
    const { l3, type } = this;
    const isArp = type === ETHERTYPE_ARP;
    if (!isArp && type !== ETHERTYPE_IPV4) return false;
    const source = l3 + (isArp ? 14 : 12);
    const destination = l3 + (isArp ? 24 : 16);
    if (destination + 4 > end) return false;
    const ends = this.program[row + FILTER.ENDS];
    if ((ends & ENDS.SOURCE) !== 0 && this.isWithin(row, bytes, source, 1)) return true;
    return (ends & ENDS.DESTINATION) !== 0 && this.isWithin(row, bytes, destination, 1);
  }

  private hasHost6(row: number, bytes: Uint8Array, end: number): boolean {
    if (this.l3 + IPV6_HEADER > end) return false;
    const ends = this.program[row + FILTER.ENDS];
    if ((ends & ENDS.SOURCE) !== 0 && this.isWithin(row, bytes, this.l3 + 8, 4)) return true;
    return (ends & ENDS.DESTINATION) !== 0 && this.isWithin(row, bytes, this.l3 + 24, 4);
  }

  /** Whether the address at `at`, of so many words, is in the network of an instruction. */
  private isWithin(row: number, bytes: Uint8Array, at: number, words: number): boolean {
    const { program } = this;
    for (let word = 0; word < words; word++) {
      const difference = readU32(bytes, at + word * 4) ^ program[row + FILTER.VALUE + word];
      if ((difference & program[row + FILTER.MASK + word]) !== 0) return false;
    }
    return true;
  }

  private hasPort(row: number, bytes: Uint8Array): boolean {
    const { program, ports } = this;
    if (ports === NONE) return false;
    const ends = program[row + FILTER.ENDS];
    const port = program[row + FILTER.VALUE];
    if ((ends & ENDS.SOURCE) !== 0 && readU16(bytes, ports) === port) return true;
    return (ends & ENDS.DESTINATION) !== 0 && readU16(bytes, ports + 2) === port;
  }
}
