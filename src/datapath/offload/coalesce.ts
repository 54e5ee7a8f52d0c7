/**
 * Joins received UDP frames of one flow into a UDP super-frame (USO), so that one TAP write carries many.
 *
 * Frames join when cutting the super-frame again would give the very same frames: equal headers but for what the
 * cut counts on by itself, equal payload lengths but for a shorter last one, partial checksums all along.
 */
import { readU16 } from '../../base/bytes.js';
import { VNET_HEADER, WRITE } from '../../contract/ops.js';
import { type HeaderInfo, PROTOCOL_UDP, parseHeaders } from '../../switch/headers.js';
import { isIpv4ChecksumValid } from './checksum.js';
import { segmentHeader, UDP_CHECKSUM } from './superframe.js';
import { MAX_UDP_SEGMENTS, VIRTIO_FLAG, writeGsoVirtio, writePlainVirtio } from './virtio.js';

/** A frame to deliver and its virtio-net facts. Words of a row. */
export const FRAME = { OFFSET: 0, LENGTH: 1, FLAGS: 2, CSUM_START: 3, CSUM_OFFSET: 4, WORDS: 5 } as const;

/** A run of consecutive frames that go out by one write. Words of a row. */
export const RUN = { START: 0, COUNT: 1, WORDS: 2 } as const;

/** Most bytes that `writeRun` writes at `headOffset`: virtio-net, Ethernet with two tags, IPv6 and UDP headers. */
export const RUN_HEAD = VNET_HEADER + 22 + 40 + 8;

const IPV4_HEADER = 20;
const IPV6_HEADER = 40;
const DONT_FRAGMENT = 0x40;
const MAX_L3_LENGTH = 65_535;

/** Words of a `WRITE` record for a run of `count` frames. */
export function writeWords(count: number): number {
  return WRITE.PARTS + 2 * (count + 1);
}

/**
 * Divides `count` rows of `FRAME` into runs, in order: rows of `RUN` in `runs`, which needs room for `count` of
 * them. Frames that cannot join are runs of one. Returns how many runs. `info` is scratch space.
 */
export function findRuns(
  bytes: Uint8Array,
  frames: Int32Array,
  count: number,
  runs: Int32Array,
  info: HeaderInfo,
): number {
  let found = 0;
  for (let start = 0; start < count; found++) {
    const length = isJoinable(bytes, frames, start, info) ? runFrom(bytes, frames, start, count, info) : 1;
    runs[found * RUN.WORDS + RUN.START] = start;
    runs[found * RUN.WORDS + RUN.COUNT] = length;
    start += length;
  }
  return found;
}

/**
 * Describes the TAP write of a run: its virtio-net header and, for several frames, the headers of the super-frame go
 * to `headOffset` (`RUN_HEAD` bytes), the `WRITE` record to `ops` at word `at` (`writeWords` words). Payloads
 * stay where they are. Returns the word behind the record.
 */
export function writeRun(
  bytes: Uint8Array,
  frames: Int32Array,
  start: number,
  count: number,
  headOffset: number,
  info: HeaderInfo,
  ops: Int32Array,
  at: number,
): number {
  const first = start * FRAME.WORDS;
  const offset = frames[first + FRAME.OFFSET];
  const length = frames[first + FRAME.LENGTH];
  let headers = 0;
  if (count === 1) {
    const { FLAGS, CSUM_START, CSUM_OFFSET } = FRAME;
    writePlainVirtio(
      bytes,
      headOffset,
      frames[first + FLAGS],
      frames[first + CSUM_START],
      frames[first + CSUM_OFFSET],
    );
  } else {
    parseHeaders(bytes, offset, length, info);
    headers = info.headerLength;
    const size = length - headers;
    const last = frames[(start + count - 1) * FRAME.WORDS + FRAME.LENGTH] - headers;
    bytes.copyWithin(headOffset + VNET_HEADER, offset, offset + headers);
    segmentHeader(bytes, headOffset + VNET_HEADER, info, 0, size, size * (count - 1) + last, true);
    writeGsoVirtio(bytes, headOffset, info, size, false);
  }
  ops[at + WRITE.COUNT] = count + 1;
  ops[at + WRITE.RESULT] = 0;
  let part = at + WRITE.PARTS;
  ops[part++] = headOffset;
  ops[part++] = VNET_HEADER + headers;
  for (let row = first; row < first + count * FRAME.WORDS; row += FRAME.WORDS) {
    ops[part++] = frames[row + FRAME.OFFSET] + headers;
    ops[part++] = frames[row + FRAME.LENGTH] - headers;
  }
  return part;
}

/** Whether a frame can begin a run: UDP without IP options or padding, its checksum partial. Fills `info`. */
function isJoinable(bytes: Uint8Array, frames: Int32Array, index: number, info: HeaderInfo): boolean {
  const row = index * FRAME.WORDS;
  if (frames[row + FRAME.FLAGS] !== VIRTIO_FLAG.NEEDS_CSUM) return false;
  const offset = frames[row + FRAME.OFFSET];
  const length = frames[row + FRAME.LENGTH];
  if (!parseHeaders(bytes, offset, length, info) || info.protocol !== PROTOCOL_UDP) return false;
  if (info.payloadLength === 0 || info.headerLength + info.payloadLength !== length) return false;
  if (frames[row + FRAME.CSUM_START] !== info.l4 || frames[row + FRAME.CSUM_OFFSET] !== UDP_CHECKSUM)
    return false;
  if (info.version === 6) return info.l4 - info.l3 === IPV6_HEADER;
  return info.l4 - info.l3 === IPV4_HEADER && isIpv4ChecksumValid(bytes, offset + info.l3, IPV4_HEADER);
}

/** How many frames from `start` on join the first, whose headers `info` describes. */
function runFrom(
  bytes: Uint8Array,
  frames: Int32Array,
  start: number,
  count: number,
  info: HeaderInfo,
): number {
  const size = info.payloadLength;
  let room = MAX_L3_LENGTH - (info.headerLength - info.l3) - size;
  let length = 1;
  while (length < MAX_UDP_SEGMENTS && start + length < count) {
    const payload = frames[(start + length) * FRAME.WORDS + FRAME.LENGTH] - info.headerLength;
    if (payload <= 0 || payload > size || payload > room) break;
    if (!continues(bytes, frames, start, length, info)) break;
    length++;
    room -= payload;
    if (payload < size) break;
  }
  return length;
}

/** Whether frame `start + index` is what segment `index` of a super-frame headed by frame `start` would be. */
function continues(
  bytes: Uint8Array,
  frames: Int32Array,
  start: number,
  index: number,
  info: HeaderInfo,
): boolean {
  const head = start * FRAME.WORDS;
  const row = head + index * FRAME.WORDS;
  if (
    frames[row + FRAME.FLAGS] !== frames[head + FRAME.FLAGS] ||
    frames[row + FRAME.CSUM_START] !== frames[head + FRAME.CSUM_START] ||
    frames[row + FRAME.CSUM_OFFSET] !== frames[head + FRAME.CSUM_OFFSET]
  ) {
    return false;
  }
  const a = frames[head + FRAME.OFFSET];
  const b = frames[row + FRAME.OFFSET];
  const length = frames[row + FRAME.LENGTH];
  const ipA = a + info.l3;
  const ipB = b + info.l3;
  if (readU16(bytes, b + info.l4 + 4) !== length - info.l4) return false;
  if (!areEqual(bytes, a, b, info.l3) || !areEqual(bytes, a + info.l4, b + info.l4, 4)) return false;
  if (info.version === 6) {
    return (
      readU16(bytes, ipB + 4) === length - info.l4 &&
      areEqual(bytes, ipA, ipB, 4) &&
      areEqual(bytes, ipA + 6, ipB + 6, IPV6_HEADER - 6)
    );
  }
  return (
    readU16(bytes, ipB + 2) === length - info.l3 &&
    areEqual(bytes, ipA, ipB, 2) &&
    areEqual(bytes, ipA + 6, ipB + 6, 4) &&
    areEqual(bytes, ipA + 12, ipB + 12, 8) &&
    isIpv4ChecksumValid(bytes, ipB, IPV4_HEADER) &&
    isNextId(bytes, frames, start, index, info)
  );
}

/**
 * Whether the IPv4 id follows: counted on by one a frame, or the same in all when they may not be fragmented,
 * for then it has no meaning (RFC 6864 section 4.1). A run keeps to what its second frame began.
 */
function isNextId(
  bytes: Uint8Array,
  frames: Int32Array,
  start: number,
  index: number,
  info: HeaderInfo,
): boolean {
  const head = frames[start * FRAME.WORDS + FRAME.OFFSET] + info.l3;
  const id = readU16(bytes, head + 4);
  const ahead = (idOf(bytes, frames, start + index, info) - id) & 0xffff;
  if (index === 1) return ahead === 1 || (ahead === 0 && (bytes[head + 6] & DONT_FRAGMENT) !== 0);
  const step = (idOf(bytes, frames, start + 1, info) - id) & 0xffff;
  return ahead === step * index;
}

function idOf(bytes: Uint8Array, frames: Int32Array, index: number, info: HeaderInfo): number {
  return readU16(bytes, frames[index * FRAME.WORDS + FRAME.OFFSET] + info.l3 + 4);
}

function areEqual(bytes: Uint8Array, a: number, b: number, length: number): boolean {
  for (let index = 0; index < length; index++) {
    if (bytes[a + index] !== bytes[b + index]) return false;
  }
  return true;
}
