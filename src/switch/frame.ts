/**
 * Ethernet view: reads the fields the switch decides by, straight from the arena.
 *
 * A MAC address is two numbers, the first 16 bits (`high`) and the last 32 bits (`low`, unsigned), so that no
 * reader allocates. Readers of addresses need a frame that is not a runt; the others check lengths themselves.
 * Tags after IEEE 802.1Q-2022 section 9, reserved addresses after its table 8-1.
 */
import { readU16, readU32 } from '../base/bytes.js';

/** Destination, source and EtherType of an untagged frame. */
export const ETHERNET_HEADER = 14;

/** Bytes of a VLAN tag. */
export const VLAN_TAG = 4;
const MAX_TAGS = 2;
/** EtherType of a customer's VLAN tag. */
export const TPID_CUSTOMER = 0x8100;
const TPID_SERVICE = 0x88a8;
const VLAN_ID_MASK = 0x0fff;

export const ETHERTYPE_IPV4 = 0x0800;
export const ETHERTYPE_IPV6 = 0x86dd;

/**
 * The frame in hand: where it lies in the arena and what its virtio-net header says of it. One object, filled again for
 * each frame, so that nothing is allocated.
 */
export class Frame {
  /** Byte offset in the arena of its destination address. */
  offset = 0;
  /** Bytes, without the virtio-net header. */
  length = 0;
  /** Virtio-net flags, and where a partial checksum is summed from and stored at; offsets count from the frame. */
  flags = 0;
  csumStart = 0;
  csumOffset = 0;
  /** Virtio-net GSO type, and the payload bytes of a segment, of a super-frame. */
  gsoType = 0;
  gsoSize = 0;
  /** Of a super-frame inside a UDP tunnel: where the tunnel's UDP header and the IP header inside it lie. */
  tunnelL4 = 0;
  innerL3 = 0;

  /** A frame of which nothing is known but its place. */
  place(offset: number, length: number): this {
    this.offset = offset;
    this.length = length;
    return this;
  }

  /** The facts of a frame that is no super-frame. */
  describe(flags: number, csumStart: number, csumOffset: number): this {
    this.flags = flags;
    this.csumStart = csumStart;
    this.csumOffset = csumOffset;
    this.gsoType = 0;
    this.gsoSize = 0;
    return this;
  }
}

/** Whether the frame is too short to hold an Ethernet header. */
export function isRunt(length: number): boolean {
  return length < ETHERNET_HEADER;
}

export function destinationHigh(bytes: Uint8Array, offset: number): number {
  return readU16(bytes, offset);
}

export function destinationLow(bytes: Uint8Array, offset: number): number {
  return readU32(bytes, offset + 2);
}

export function sourceHigh(bytes: Uint8Array, offset: number): number {
  return readU16(bytes, offset + 6);
}

export function sourceLow(bytes: Uint8Array, offset: number): number {
  return readU32(bytes, offset + 8);
}

/** Whether an address is a group (multicast or broadcast) address, by its first 16 bits. */
export function isGroup(high: number): boolean {
  return (high & 0x0100) !== 0;
}

export function isBroadcast(high: number, low: number): boolean {
  return high === 0xffff && low >>> 0 === 0xffffffff;
}

/** Whether an address is one of 01-80-C2-00-00-00 … -0F, which a bridge keeps to itself. */
export function isReserved(high: number, low: number): boolean {
  return high === 0x0180 && (low & ~0x0f) >>> 0 === 0xc2000000;
}

/**
 * Length of the Ethernet header with up to two VLAN tags: 14, 18 or 22.
 * Returns 0 when the frame ends before its EtherType.
 */
export function ethernetHeaderLength(bytes: Uint8Array, offset: number, length: number): number {
  let header = ETHERNET_HEADER;
  for (let tags = 0; tags < MAX_TAGS && header <= length; tags++) {
    if (!isTag(readU16(bytes, offset + header - 2))) return header;
    header += VLAN_TAG;
  }
  return header <= length ? header : 0;
}

/** EtherType after up to two VLAN tags, or 0 when the frame ends before it. */
export function etherType(bytes: Uint8Array, offset: number, length: number): number {
  const header = ethernetHeaderLength(bytes, offset, length);
  return header === 0 ? 0 : readU16(bytes, offset + header - 2);
}

/** VLAN id of the outer tag; 0 for an untagged, priority-tagged or truncated frame. */
export function vlanId(bytes: Uint8Array, offset: number, length: number): number {
  if (length < ETHERNET_HEADER + VLAN_TAG || !isTag(readU16(bytes, offset + 12))) return 0;
  return readU16(bytes, offset + 14) & VLAN_ID_MASK;
}

/** Whether an EtherType is that of a VLAN tag. */
export function isTag(type: number): boolean {
  return type === TPID_CUSTOMER || type === TPID_SERVICE;
}
