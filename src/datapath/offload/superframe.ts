/**
 * Cutting and joining of GSO super-frames: one set of headers over many segments of equal size.
 *
 * The segments of a super-frame travel each with a copy of its headers. At the far end any run of consecutive
 * segments, a single one included, becomes a frame again by rewriting that copy for the run.
 */
import { readU16, readU32, writeU16, writeU32 } from '../../base/bytes.js';
import { addBytes, fold } from '../../base/checksum.js';
import { type HeaderInfo, PROTOCOL_TCP, PROTOCOL_UDP } from '../../switch/headers.js';
import { pseudoHeaderSum, writeIpv4Checksum } from './checksum.js';

/** Offset of the checksum field in the TCP and UDP headers. */
export const TCP_CHECKSUM = 16;
export const UDP_CHECKSUM = 6;

const UDP_LENGTH = 4;
const TCP_SEQUENCE = 4;
const TCP_FLAGS = 13;
const FIN_PSH = 0x09;
const CWR = 0x80;
const IPV6_HEADER = 40;

/** A run of consecutive segments of a super-frame. Made once and filled again for each use. */
export class SegmentRun {
  /** Index of its first segment. */
  index = 0;
  /** Payload bytes of every segment of the super-frame but the last. */
  gsoSize = 0;
  /** Payload bytes of the run. */
  payload = 0;
  /** Whether it holds the super-frame's last segment. */
  isLast = false;
}

/** How many segments a payload is cut into; a frame without payload is one segment. */
export function segmentCount(payloadLength: number, gsoSize: number): number {
  return payloadLength <= gsoSize ? 1 : Math.ceil(payloadLength / gsoSize);
}

/** Where the checksum lies in the TCP or UDP header. */
export function checksumOffset(info: HeaderInfo): number {
  return info.protocol === PROTOCOL_TCP ? TCP_CHECKSUM : UDP_CHECKSUM;
}

/**
 * Rewrites the headers of a super-frame at `headOffset` into those of a run of its segments. Lengths, IPv4 id and header
 * checksum and TCP sequence number become the run's; FIN and PSH stay only when the run holds the last segment, CWR only
 * when it holds the first (RFC 3168 section 6.1.2). The checksum field becomes partial: the pseudo-header sum, to be
 * completed by `completeChecksum` or by whoever gets the frame with NEEDS_CSUM. A tunnel's headers follow, see
 * `completeTunnelChecksum` for what they lack then.
 */
export function segmentHeader(
  bytes: Uint8Array,
  headOffset: number,
  info: HeaderInfo,
  run: SegmentRun,
): void {
  const ip = headOffset + info.l3;
  const l4 = headOffset + info.l4;
  const l4Length = info.headerLength - info.l4 + run.payload;
  rewriteIp(bytes, ip, info.version, info.l4 - info.l3, l4Length, run.index);
  const partial = pseudoHeaderSum(bytes, ip, info.version, info.protocol, l4Length);
  if (info.protocol === PROTOCOL_TCP) {
    writeU32(bytes, l4 + TCP_SEQUENCE, readU32(bytes, l4 + TCP_SEQUENCE) + run.index * run.gsoSize);
    if (!run.isLast) bytes[l4 + TCP_FLAGS] &= ~FIN_PSH;
    if (run.index !== 0) bytes[l4 + TCP_FLAGS] &= ~CWR;
    writeU16(bytes, l4 + TCP_CHECKSUM, partial);
  } else {
    writeU16(bytes, l4 + UDP_LENGTH, l4Length);
    writeU16(bytes, l4 + UDP_CHECKSUM, partial);
  }
  if (info.tunnelL4 !== 0) tunnelHeader(bytes, headOffset, info, run);
}

function rewriteIp(
  bytes: Uint8Array,
  ip: number,
  version: number,
  headerLength: number,
  payload: number,
  index: number,
): void {
  if (version === 4) {
    writeU16(bytes, ip + 2, headerLength + payload);
    writeU16(bytes, ip + 4, readU16(bytes, ip + 4) + index);
    writeIpv4Checksum(bytes, ip, headerLength);
  } else {
    writeU16(bytes, ip + 4, headerLength - IPV6_HEADER + payload);
  }
}

/** The tunnel's headers; a checksum of its UDP header becomes partial as well, and none stays none (RFC 6935). */
function tunnelHeader(bytes: Uint8Array, headOffset: number, info: HeaderInfo, run: SegmentRun): void {
  const { tunnelL3, tunnelL4, tunnelVersion } = info;
  const ip = headOffset + tunnelL3;
  const udp = headOffset + tunnelL4;
  const udpLength = info.headerLength - tunnelL4 + run.payload;
  rewriteIp(bytes, ip, tunnelVersion, tunnelL4 - tunnelL3, udpLength, run.index);
  writeU16(bytes, udp + UDP_LENGTH, udpLength);
  if (hasTunnelChecksum(bytes, headOffset, info)) {
    writeU16(bytes, udp + UDP_CHECKSUM, pseudoHeaderSum(bytes, ip, tunnelVersion, PROTOCOL_UDP, udpLength));
  }
}

/** Whether the UDP header of a tunnel has a checksum. */
export function hasTunnelChecksum(bytes: Uint8Array, headOffset: number, info: HeaderInfo): boolean {
  return readU16(bytes, headOffset + info.tunnelL4 + UDP_CHECKSUM) !== 0;
}

/**
 * Completes the tunnel's checksum of a frame that is no super-frame, after `segmentHeader`. The payload need not be looked
 * at: with its partial checksum completed, the inner segment adds up to what that does not count, its pseudo header (local
 * checksum offload).
 */
export function completeTunnelChecksum(bytes: Uint8Array, headOffset: number, info: HeaderInfo): void {
  if (info.tunnelL4 === 0 || !hasTunnelChecksum(bytes, headOffset, info)) return;
  const udp = headOffset + info.tunnelL4;
  const innerPseudo = readU16(bytes, headOffset + info.l4 + checksumOffset(info));
  const sum = fold(addBytes(bytes, udp, info.l4 - info.tunnelL4, ~innerPseudo & 0xffff));
  writeU16(bytes, udp + UDP_CHECKSUM, sum === 0xffff ? 0xffff : ~sum & 0xffff);
}
