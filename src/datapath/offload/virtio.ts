/**
 * The virtio-net header in front of every frame on the TAP (OASIS virtio 1.2 section 5.1.6), little-endian:
 * flags u8, gso_type u8, hdr_len u16, gso_size u16, csum_start u16, csum_offset u16.
 */
import { VNET_HEADER } from '../../native/ops.js';
import { ETHERNET_HEADER, type Frame, isRunt } from '../../switch/frame.js';
import { type HeaderInfo, PROTOCOL_TCP, PROTOCOL_UDP, parseHeaders } from '../../switch/headers.js';
import { segmentCount, TCP_CHECKSUM, UDP_CHECKSUM } from './superframe.js';

export const VIRTIO_FLAG = { NEEDS_CSUM: 1, DATA_VALID: 2 } as const;
export const GSO = { NONE: 0, TCPV4: 1, TCPV6: 4, UDP_L4: 5, ECN: 0x80 } as const;

/** Most segments of a UDP super-frame: what every kernel with UDP GSO accepts (UDP_MAX_SEGMENTS was 64, then 128). */
export const MAX_UDP_SEGMENTS = 64;
/** Smallest TCP segment: below it a hostile header would make the kernel cut a frame into thousands. */
const MIN_TCP_SEGMENT = 8;
/** The kernel takes this gso_size for a mark of its own (GSO_BY_FRAGS). */
const RESERVED_GSO_SIZE = 0xffff;

/** Answers of `checkVirtio`; everything but OK names the reason of a drop. */
export const VIRTIO_CHECK = {
  OK: 0,
  /** Shorter than an Ethernet header. */
  RUNT: 1,
  /** Flag bits without a meaning. */
  FLAGS: 2,
  /** A gso_type without a meaning, or ECN without TCP. */
  GSO_TYPE: 3,
  /** gso_size is 0, out of range, set without GSO, or cuts too many segments. */
  GSO_SIZE: 4,
  /** hdr_len is beyond the frame or, with GSO, not the length of its headers. */
  HEADER_LENGTH: 5,
  /** The checksum field would lie outside the frame or not where the protocol has it. */
  CHECKSUM: 6,
  /** Headers are malformed, fragmented or do not match gso_type. */
  HEADERS: 7,
} as const;

export function virtioFlags(bytes: Uint8Array, at: number): number {
  return bytes[at];
}

export function virtioGsoType(bytes: Uint8Array, at: number): number {
  return bytes[at + 1];
}

export function virtioHeaderLength(bytes: Uint8Array, at: number): number {
  return readLittle(bytes, at + 2);
}

export function virtioGsoSize(bytes: Uint8Array, at: number): number {
  return readLittle(bytes, at + 4);
}

export function virtioCsumStart(bytes: Uint8Array, at: number): number {
  return readLittle(bytes, at + 6);
}

export function virtioCsumOffset(bytes: Uint8Array, at: number): number {
  return readLittle(bytes, at + 8);
}

/** Fills `frame` with the facts of the header at `at`; of the flags, only that the checksum is partial. */
export function readVirtio(bytes: Uint8Array, at: number, frame: Frame): void {
  frame.flags = virtioFlags(bytes, at) & VIRTIO_FLAG.NEEDS_CSUM;
  frame.gsoType = virtioGsoType(bytes, at);
  frame.gsoSize = virtioGsoSize(bytes, at);
  frame.csumStart = virtioCsumStart(bytes, at);
  frame.csumOffset = virtioCsumOffset(bytes, at);
}

/** Writes the header of a plain frame; without NEEDS_CSUM the checksum facts are 0. */
export function writePlainVirtio(
  bytes: Uint8Array,
  at: number,
  flags: number,
  csumStart: number,
  csumOffset: number,
): void {
  bytes[at] = flags;
  bytes[at + 1] = GSO.NONE;
  writeLittle(bytes, at + 2, 0);
  writeLittle(bytes, at + 4, 0);
  writeLittle(bytes, at + 6, csumStart);
  writeLittle(bytes, at + 8, csumOffset);
}

/** The GSO type of a super-frame with these headers. `ecn` is for TCP only. */
export function gsoTypeOf(info: HeaderInfo, ecn: boolean): number {
  if (info.protocol !== PROTOCOL_TCP) return GSO.UDP_L4;
  return (info.version === 4 ? GSO.TCPV4 : GSO.TCPV6) | (ecn ? GSO.ECN : 0);
}

/** Writes the header of a super-frame whose headers `info` describes. `ecn` is for TCP only. */
export function writeGsoVirtio(
  bytes: Uint8Array,
  at: number,
  info: HeaderInfo,
  gsoSize: number,
  ecn: boolean,
): void {
  const tcp = info.protocol === PROTOCOL_TCP;
  writePlainVirtio(bytes, at, VIRTIO_FLAG.NEEDS_CSUM, info.l4, tcp ? TCP_CHECKSUM : UDP_CHECKSUM);
  bytes[at + 1] = gsoTypeOf(info, ecn);
  writeLittle(bytes, at + 2, info.headerLength);
  writeLittle(bytes, at + 4, gsoSize);
}

/**
 * Checks a virtio-net header and the `frameLength` bytes of frame after it as strictly as the kernel could want,
 * so that no peer can hand the kernel facts that contradict the frame. With GSO, `info` holds the headers after
 * an answer of OK. Meant for what goes to the TAP: the kernel's own hdr_len is a hint and may be longer.
 */
export function checkVirtio(
  bytes: Uint8Array,
  vnetOffset: number,
  frameLength: number,
  info: HeaderInfo,
): number {
  if (isRunt(frameLength)) return VIRTIO_CHECK.RUNT;
  const flags = virtioFlags(bytes, vnetOffset);
  if ((flags & ~(VIRTIO_FLAG.NEEDS_CSUM | VIRTIO_FLAG.DATA_VALID)) !== 0) return VIRTIO_CHECK.FLAGS;
  const needsChecksum = (flags & VIRTIO_FLAG.NEEDS_CSUM) !== 0;
  const type = virtioGsoType(bytes, vnetOffset);
  if (type !== GSO.NONE) return checkGso(bytes, vnetOffset, frameLength, info, needsChecksum);
  if (virtioGsoSize(bytes, vnetOffset) !== 0) return VIRTIO_CHECK.GSO_SIZE;
  if (virtioHeaderLength(bytes, vnetOffset) > frameLength) return VIRTIO_CHECK.HEADER_LENGTH;
  const csumStart = virtioCsumStart(bytes, vnetOffset);
  const csumOffset = virtioCsumOffset(bytes, vnetOffset);
  if (needsChecksum && !isChecksumInside(csumStart, csumOffset, frameLength)) return VIRTIO_CHECK.CHECKSUM;
  return VIRTIO_CHECK.OK;
}

/** Whether a checksum field at `csumStart + csumOffset` lies after the addresses and inside a frame. */
export function isChecksumInside(csumStart: number, csumOffset: number, frameLength: number): boolean {
  return csumStart >= ETHERNET_HEADER && csumStart + csumOffset + 2 <= frameLength;
}

function checkGso(
  bytes: Uint8Array,
  vnetOffset: number,
  frameLength: number,
  info: HeaderInfo,
  needsChecksum: boolean,
): number {
  const type = virtioGsoType(bytes, vnetOffset);
  const base = type & ~GSO.ECN;
  if (base !== GSO.TCPV4 && base !== GSO.TCPV6 && type !== GSO.UDP_L4) return VIRTIO_CHECK.GSO_TYPE;
  if (!parseHeaders(bytes, vnetOffset + VNET_HEADER, frameLength, info)) return VIRTIO_CHECK.HEADERS;
  if (info.protocol !== (base === GSO.UDP_L4 ? PROTOCOL_UDP : PROTOCOL_TCP)) return VIRTIO_CHECK.HEADERS;
  if (base === GSO.TCPV4 && info.version !== 4) return VIRTIO_CHECK.HEADERS;
  if (base === GSO.TCPV6 && info.version !== 6) return VIRTIO_CHECK.HEADERS;
  if (info.payloadLength === 0 || info.headerLength + info.payloadLength !== frameLength) {
    return VIRTIO_CHECK.HEADERS;
  }
  if (virtioHeaderLength(bytes, vnetOffset) !== info.headerLength) return VIRTIO_CHECK.HEADER_LENGTH;
  const csumOffset = info.protocol === PROTOCOL_TCP ? TCP_CHECKSUM : UDP_CHECKSUM;
  if (
    !needsChecksum ||
    virtioCsumStart(bytes, vnetOffset) !== info.l4 ||
    virtioCsumOffset(bytes, vnetOffset) !== csumOffset
  ) {
    return VIRTIO_CHECK.CHECKSUM;
  }
  return isSegmentSizeSane(virtioGsoSize(bytes, vnetOffset), info) ? VIRTIO_CHECK.OK : VIRTIO_CHECK.GSO_SIZE;
}

function isSegmentSizeSane(gsoSize: number, info: HeaderInfo): boolean {
  if (gsoSize === 0 || gsoSize === RESERVED_GSO_SIZE) return false;
  if (info.protocol === PROTOCOL_TCP) return gsoSize >= MIN_TCP_SEGMENT;
  return segmentCount(info.payloadLength, gsoSize) <= MAX_UDP_SEGMENTS;
}

function readLittle(bytes: Uint8Array, at: number): number {
  return bytes[at] | (bytes[at + 1] << 8);
}

function writeLittle(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
}
