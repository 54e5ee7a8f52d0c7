/**
 * Joins received UDP frames of one flow into a UDP super-frame (USO), so that one TAP write carries many.
 *
 * Frames join when cutting the super-frame again would give the very same frames: equal headers but for what the
 * cut counts on by itself, equal payload lengths but for a shorter last one, partial checksums all along.
 */
import { readU16 } from '../../base/bytes.js';
import { VNET_HEADER, WRITE } from '../../native/ops.js';
import type { Frame } from '../../switch/frame.js';
import { HeaderInfo, PROTOCOL_UDP, parseHeaders } from '../../switch/headers.js';
import { isIpv4ChecksumValid } from './checksum.js';
import { SegmentRun, segmentHeader, UDP_CHECKSUM } from './superframe.js';
import { MAX_UDP_SEGMENTS, VIRTIO_FLAG, writeGsoVirtio, writePlainVirtio } from './virtio.js';

/** A frame to deliver and its virtio-net facts. Words of a row. */
const ROW = { OFFSET: 0, LENGTH: 1, FLAGS: 2, CSUM_START: 3, CSUM_OFFSET: 4, WORDS: 5 } as const;

/** Most bytes that `write` writes at `headOffset`: virtio-net, Ethernet with two tags, IPv6 and UDP headers. */
export const RUN_HEAD = VNET_HEADER + 22 + 40 + 8;

const IPV4_HEADER = 20;
const IPV6_HEADER = 40;
const DONT_FRAGMENT = 0x40;
const MAX_L3_LENGTH = 65_535;

/** Words of a `WRITE` record for a run of `count` frames. */
export function writeWords(count: number): number {
  return WRITE.PARTS + 2 * (count + 1);
}

/** Whole frames in order, and the runs of them that one write each can carry. */
export class Coalescer {
  /** Frames held; bytes of all of them. */
  count = 0;
  totalBytes = 0;
  /** Runs found by `join`; run `n` has the frames from `starts[n]` up to `starts[n + 1]`. */
  runs = 0;
  readonly starts: Int32Array;
  private readonly frames: Int32Array;
  private readonly info = new HeaderInfo();
  private readonly whole = new SegmentRun();

  /** `bytes` is the arena; at most `capacity` frames are held. */
  constructor(
    private readonly bytes: Uint8Array,
    readonly capacity: number,
  ) {
    this.frames = new Int32Array(capacity * ROW.WORDS);
    this.starts = new Int32Array(capacity + 1);
  }

  clear(): void {
    this.count = 0;
    this.totalBytes = 0;
  }

  /** Takes a frame; the caller has made sure of room. */
  add(frame: Frame): void {
    const at = this.count++ * ROW.WORDS;
    this.frames[at + ROW.OFFSET] = frame.offset;
    this.frames[at + ROW.LENGTH] = frame.length;
    this.frames[at + ROW.FLAGS] = frame.flags;
    this.frames[at + ROW.CSUM_START] = frame.csumStart;
    this.frames[at + ROW.CSUM_OFFSET] = frame.csumOffset;
    this.totalBytes += frame.length;
  }

  /** Divides the frames into runs. Frames that cannot join, or may not, are runs of one. */
  join(mayJoin: boolean): void {
    let runs = 0;
    for (let start = 0; start < this.count; runs++) {
      this.starts[runs] = start;
      start += mayJoin && this.isJoinable(start) ? this.runFrom(start) : 1;
    }
    this.starts[runs] = this.count;
    this.runs = runs;
  }

  /** How many frames a run has. */
  lengthOf(run: number): number {
    return this.starts[run + 1] - this.starts[run];
  }

  /**
   * Describes the TAP write of a run: its virtio-net header and, for several frames, the headers of the super-frame go to
   * `headOffset` (`RUN_HEAD` bytes), the `WRITE` record to `ops` at word `at` (`writeWords` words). Payloads stay where
   * they are. Returns the word after the record.
   */
  write(run: number, headOffset: number, ops: Int32Array, at: number): number {
    const { frames } = this;
    const count = this.lengthOf(run);
    const first = this.starts[run] * ROW.WORDS;
    const headers = count === 1 ? this.plainHead(first, headOffset) : this.joinedHead(run, headOffset);
    ops[at + WRITE.COUNT] = count + 1;
    ops[at + WRITE.RESULT] = 0;
    let part = at + WRITE.PARTS;
    ops[part++] = headOffset;
    ops[part++] = VNET_HEADER + headers;
    for (let row = first; row < first + count * ROW.WORDS; row += ROW.WORDS) {
      ops[part++] = frames[row + ROW.OFFSET] + headers;
      ops[part++] = frames[row + ROW.LENGTH] - headers;
    }
    return part;
  }

  /** The virtio-net header of a frame by itself; no bytes of the frame are copied. */
  private plainHead(row: number, headOffset: number): number {
    const { bytes, frames } = this;
    const flags = frames[row + ROW.FLAGS];
    writePlainVirtio(bytes, headOffset, flags, frames[row + ROW.CSUM_START], frames[row + ROW.CSUM_OFFSET]);
    return 0;
  }

  /** The headers of a super-frame; returns how many bytes of each frame they replace. */
  private joinedHead(run: number, headOffset: number): number {
    const { bytes, frames, info, whole } = this;
    const count = this.lengthOf(run);
    const first = this.starts[run] * ROW.WORDS;
    const offset = frames[first + ROW.OFFSET];
    const length = frames[first + ROW.LENGTH];
    parseHeaders(bytes, offset, length, info);
    const headers = info.headerLength;
    const last = frames[first + (count - 1) * ROW.WORDS + ROW.LENGTH] - headers;
    whole.index = 0;
    whole.gsoSize = length - headers;
    whole.payload = whole.gsoSize * (count - 1) + last;
    whole.isLast = true;
    bytes.copyWithin(headOffset + VNET_HEADER, offset, offset + headers);
    segmentHeader(bytes, headOffset + VNET_HEADER, info, whole);
    writeGsoVirtio(bytes, headOffset, info, whole.gsoSize, false);
    return headers;
  }

  /** Whether a frame can begin a run: UDP without IP options or padding, its checksum partial. Fills `info`. */
  private isJoinable(index: number): boolean {
    const { bytes, frames, info } = this;
    const row = index * ROW.WORDS;
    if (frames[row + ROW.FLAGS] !== VIRTIO_FLAG.NEEDS_CSUM) return false;
    const offset = frames[row + ROW.OFFSET];
    const length = frames[row + ROW.LENGTH];
    if (!parseHeaders(bytes, offset, length, info) || info.protocol !== PROTOCOL_UDP) return false;
    if (info.payloadLength === 0 || info.headerLength + info.payloadLength !== length) return false;
    if (frames[row + ROW.CSUM_START] !== info.l4 || frames[row + ROW.CSUM_OFFSET] !== UDP_CHECKSUM)
      return false;
    if (info.version === 6) return info.l4 - info.l3 === IPV6_HEADER;
    return info.l4 - info.l3 === IPV4_HEADER && isIpv4ChecksumValid(bytes, offset + info.l3, IPV4_HEADER);
  }

  /** How many frames from `start` on join the first, whose headers `info` describes. */
  private runFrom(start: number): number {
    const { info } = this;
    const size = info.payloadLength;
    let room = MAX_L3_LENGTH - (info.headerLength - info.l3) - size;
    let length = 1;
    while (length < MAX_UDP_SEGMENTS && start + length < this.count) {
      const payload = this.frames[(start + length) * ROW.WORDS + ROW.LENGTH] - info.headerLength;
      if (payload <= 0 || payload > size || payload > room) break;
      if (!this.continues(start, length)) break;
      length++;
      room -= payload;
      if (payload < size) break;
    }
    return length;
  }

  /** Whether frame `start + index` is what segment `index` of a super-frame headed by frame `start` would be. */
  private continues(start: number, index: number): boolean {
    const { bytes, frames, info } = this;
    const head = start * ROW.WORDS;
    const row = head + index * ROW.WORDS;
    if (
      frames[row + ROW.FLAGS] !== frames[head + ROW.FLAGS] ||
      frames[row + ROW.CSUM_START] !== frames[head + ROW.CSUM_START] ||
      frames[row + ROW.CSUM_OFFSET] !== frames[head + ROW.CSUM_OFFSET]
    ) {
      return false;
    }
    const a = frames[head + ROW.OFFSET];
    const b = frames[row + ROW.OFFSET];
    const length = frames[row + ROW.LENGTH];
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
      this.isNextId(start, index)
    );
  }

  /**
   * Whether the IPv4 id follows: it grows by one a frame, or is the same in all when they may not be fragmented, for then
   * it has no meaning (RFC 6864 section 4.1). A run keeps to what its second frame began.
   */
  private isNextId(start: number, index: number): boolean {
    const { bytes, frames, info } = this;
    const head = frames[start * ROW.WORDS + ROW.OFFSET] + info.l3;
    const id = readU16(bytes, head + 4);
    const ahead = (this.idOf(start + index) - id) & 0xffff;
    if (index === 1) return ahead === 1 || (ahead === 0 && (bytes[head + 6] & DONT_FRAGMENT) !== 0);
    const step = (this.idOf(start + 1) - id) & 0xffff;
    return ahead === step * index;
  }

  private idOf(index: number): number {
    return readU16(this.bytes, this.frames[index * ROW.WORDS + ROW.OFFSET] + this.info.l3 + 4);
  }
}

function areEqual(bytes: Uint8Array, a: number, b: number, length: number): boolean {
  for (let index = 0; index < length; index++) {
    if (bytes[a + index] !== bytes[b + index]) return false;
  }
  return true;
}
