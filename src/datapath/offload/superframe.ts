/**
 * Cutting and joining of GSO super-frames: one set of headers over many segments of equal size.
 *
 * The segments of a super-frame travel each with a copy of its headers. At the far end any run of consecutive
 * segments, a single one included, becomes a frame again by rewriting that copy for the run.
 */
import { readU16, readU32, writeU16, writeU32 } from '../../base/bytes.js';
import { type HeaderInfo, PROTOCOL_TCP } from '../../switch/headers.js';
import { pseudoHeaderSum, writeIpv4Checksum } from './checksum.js';

/** Offset of the checksum field in the TCP and UDP headers. */
export const TCP_CHECKSUM = 16;
export const UDP_CHECKSUM = 6;

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

/**
 * Rewrites the headers of a super-frame at `headOffset` into those of a run of its segments. Lengths, IPv4 id and header
 * checksum and TCP sequence number become the run's; FIN and PSH stay only when the run holds the last segment, CWR only
 * when it holds the first (RFC 3168 section 6.1.2). The checksum field becomes partial: the pseudo-header sum, to be
 * completed by `completeChecksum` or by whoever gets the frame with NEEDS_CSUM.
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
  const l3Length = info.l4 - info.l3 + l4Length;
  if (info.version === 4) {
    writeU16(bytes, ip + 2, l3Length);
    writeU16(bytes, ip + 4, readU16(bytes, ip + 4) + run.index);
    writeIpv4Checksum(bytes, ip, info.l4 - info.l3);
  } else {
    writeU16(bytes, ip + 4, l3Length - IPV6_HEADER);
  }
  const partial = pseudoHeaderSum(bytes, headOffset, info, l4Length);
  if (info.protocol === PROTOCOL_TCP) {
    writeU32(bytes, l4 + TCP_SEQUENCE, readU32(bytes, l4 + TCP_SEQUENCE) + run.index * run.gsoSize);
    if (!run.isLast) bytes[l4 + TCP_FLAGS] &= ~FIN_PSH;
    if (run.index !== 0) bytes[l4 + TCP_FLAGS] &= ~CWR;
    writeU16(bytes, l4 + TCP_CHECKSUM, partial);
  } else {
    writeU16(bytes, l4 + 4, l4Length);
    writeU16(bytes, l4 + UDP_CHECKSUM, partial);
  }
}
