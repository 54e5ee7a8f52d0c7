/**
 * The virtio-net header in front of every frame on the TAP (OASIS virtio 1.2 section 5.1.6), little-endian:
 * flags u8, gso_type u8, hdr_len u16, gso_size u16, csum_start u16, csum_offset u16, ten bytes without a meaning here, and
 * for tunnels over UDP (Linux 6.17, `struct virtio_net_hdr_v1_hash_tunnel`) outer_th_offset u16, inner_nh_offset u16.
 */
import { VNET_HEADER } from '../../native/ops.js';
import { ETHERNET_HEADER, type Frame, isRunt } from '../../switch/frame.js';
import { type HeaderInfo, PROTOCOL_TCP, parseHeaders, parseTunnel } from '../../switch/headers.js';
import { isTunnel, TUNNEL_TYPES } from '../../wire/segment.js';
import { checksumOffset, hasTunnelChecksum, segmentCount } from './superframe.js';

export const VIRTIO_FLAG = { NEEDS_CSUM: 1, DATA_VALID: 2, TUNNEL_CSUM: 8 } as const;
export const GSO = {
  NONE: 0,
  TCPV4: 1,
  TCPV6: 4,
  UDP_L4: 5,
  TUNNEL_V4: 0x20,
  TUNNEL_V6: 0x40,
  ECN: 0x80,
} as const;

const TUNNEL_L4 = 20;
const INNER_L3 = 22;

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
  if (!isTunnel(frame.gsoType)) return;
  frame.tunnelL4 = readLittle(bytes, at + TUNNEL_L4);
  frame.innerL3 = readLittle(bytes, at + INNER_L3);
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
  const tunnel = info.tunnelL4 === 0 ? 0 : info.tunnelVersion === 4 ? GSO.TUNNEL_V4 : GSO.TUNNEL_V6;
  if (info.protocol !== PROTOCOL_TCP) return GSO.UDP_L4 | tunnel;
  return (info.version === 4 ? GSO.TCPV4 : GSO.TCPV6) | (ecn ? GSO.ECN : 0) | tunnel;
}

/** Writes the header of a super-frame whose headers, which follow, `info` describes. `ecn` is for TCP only. */
export function writeGsoVirtio(
  bytes: Uint8Array,
  at: number,
  info: HeaderInfo,
  gsoSize: number,
  ecn: boolean,
): void {
  writePlainVirtio(bytes, at, VIRTIO_FLAG.NEEDS_CSUM, info.l4, checksumOffset(info));
  bytes[at + 1] = gsoTypeOf(info, ecn);
  writeLittle(bytes, at + 2, info.headerLength);
  writeLittle(bytes, at + 4, gsoSize);
  if (info.tunnelL4 === 0) return;
  if (hasTunnelChecksum(bytes, at + VNET_HEADER, info)) bytes[at] |= VIRTIO_FLAG.TUNNEL_CSUM;
  writeLittle(bytes, at + TUNNEL_L4, info.tunnelL4);
  writeLittle(bytes, at + INNER_L3, info.l3);
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
  const type = virtioGsoType(bytes, vnetOffset);
  const meant =
    VIRTIO_FLAG.NEEDS_CSUM | VIRTIO_FLAG.DATA_VALID | (isTunnel(type) ? VIRTIO_FLAG.TUNNEL_CSUM : 0);
  if ((flags & ~meant) !== 0) return VIRTIO_CHECK.FLAGS;
  const needsChecksum = (flags & VIRTIO_FLAG.NEEDS_CSUM) !== 0;
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
  const base = type & ~(GSO.ECN | TUNNEL_TYPES);
  if (base !== GSO.TCPV4 && base !== GSO.TCPV6 && base !== GSO.UDP_L4) return VIRTIO_CHECK.GSO_TYPE;
  const ecn = (type & GSO.ECN) !== 0;
  if (ecn && base === GSO.UDP_L4) return VIRTIO_CHECK.GSO_TYPE;
  if (!parseSuperFrame(bytes, vnetOffset, frameLength, info)) return VIRTIO_CHECK.HEADERS;
  if (gsoTypeOf(info, ecn) !== type) return VIRTIO_CHECK.HEADERS;
  if (info.payloadLength === 0 || info.headerLength + info.payloadLength !== frameLength) {
    return VIRTIO_CHECK.HEADERS;
  }
  if (virtioHeaderLength(bytes, vnetOffset) !== info.headerLength) return VIRTIO_CHECK.HEADER_LENGTH;
  if (
    !needsChecksum ||
    virtioCsumStart(bytes, vnetOffset) !== info.l4 ||
    virtioCsumOffset(bytes, vnetOffset) !== checksumOffset(info)
  ) {
    return VIRTIO_CHECK.CHECKSUM;
  }
  return isSegmentSizeSane(virtioGsoSize(bytes, vnetOffset), info) ? VIRTIO_CHECK.OK : VIRTIO_CHECK.GSO_SIZE;
}

function parseSuperFrame(bytes: Uint8Array, vnetOffset: number, length: number, info: HeaderInfo): boolean {
  const frame = vnetOffset + VNET_HEADER;
  if (!isTunnel(virtioGsoType(bytes, vnetOffset))) return parseHeaders(bytes, frame, length, info);
  const tunnelL4 = readLittle(bytes, vnetOffset + TUNNEL_L4);
  const innerL3 = readLittle(bytes, vnetOffset + INNER_L3);
  if (!parseTunnel(bytes, frame, length, tunnelL4, innerL3, info)) return false;
  const hasFlag = (virtioFlags(bytes, vnetOffset) & VIRTIO_FLAG.TUNNEL_CSUM) !== 0;
  return hasFlag === hasTunnelChecksum(bytes, frame, info);
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
