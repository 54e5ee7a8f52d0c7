/**
 * Bundles: several small frames for one peer in one datagram.
 *
 * A bundle is a kind byte and then, for every frame: length u16, flags u8, csum start u8, csum offset u8, frame.
 * The flags and checksum facts are those of the frame's virtio-net header.
 */
import { readU16, writeU16 } from '../../base/bytes.js';
import { type Frame, isRunt } from '../../switch/frame.js';
import { isChecksumInside, VIRTIO_FLAG } from '../offload/virtio.js';

/** Bytes in front of every frame of a bundle. */
export const BUNDLE_FRAME_HEADER = 5;

const KNOWN_FLAGS = VIRTIO_FLAG.NEEDS_CSUM | VIRTIO_FLAG.DATA_VALID;

/** Negative answers of `nextFrame`: why the rest of a bundle is dropped. */
export const BUNDLE = {
  /** A frame header or a frame reaches beyond the end. */
  TRUNCATED: -1,
  /** A frame shorter than an Ethernet header. */
  RUNT: -2,
  /** Flag bits without a meaning. */
  FLAGS: -3,
  /** The checksum field would lie outside the frame. */
  CHECKSUM: -4,
} as const;

/** Bytes that a frame takes in a bundle. */
export function bundledLength(frameLength: number): number {
  return BUNDLE_FRAME_HEADER + frameLength;
}

/**
 * Appends a frame of the same arena to the bundle that ends at `at` (for the first frame: right after the kind byte).
 * The checksum facts must be below 256. Returns the new end; the caller has made sure of room by `bundledLength`.
 */
export function appendFrame(bytes: Uint8Array, at: number, frame: Frame): number {
  const { offset, length } = frame;
  writeU16(bytes, at, length);
  bytes[at + 2] = frame.flags;
  bytes[at + 3] = frame.csumStart;
  bytes[at + 4] = frame.csumOffset;
  const start = at + BUNDLE_FRAME_HEADER;
  bytes.copyWithin(start, offset, offset + length);
  return start + length;
}

/**
 * Reads the frame at `at` of a bundle that ends at `end` into `out`; the bundle is read when the answer equals `end`.
 * Returns where the next frame begins, or a `BUNDLE` code.
 */
export function nextFrame(bytes: Uint8Array, at: number, end: number, out: Frame): number {
  const start = at + BUNDLE_FRAME_HEADER;
  if (start > end) return BUNDLE.TRUNCATED;
  const length = readU16(bytes, at);
  if (start + length > end) return BUNDLE.TRUNCATED;
  if (isRunt(length)) return BUNDLE.RUNT;
  const flags = bytes[at + 2];
  if ((flags & ~KNOWN_FLAGS) !== 0) return BUNDLE.FLAGS;
  const csumStart = bytes[at + 3];
  const csumOffset = bytes[at + 4];
  if ((flags & VIRTIO_FLAG.NEEDS_CSUM) !== 0 && !isChecksumInside(csumStart, csumOffset, length)) {
    return BUNDLE.CHECKSUM;
  }
  out.place(start, length).describe(flags, csumStart, csumOffset);
  return start + length;
}
