/**
 * The last stage of the way in: frames for the TAP, written in batches.
 *
 * Segments of one super-frame that arrive one behind the other are joined again, across receive calls of a
 * batch too, by the super-frame's id and index; UDP frames of one flow are joined by their headers. Every virtio
 * header is made here from a frame's own headers: an authentic peer may still be hostile.
 */

import { DROP } from '../../contract/drops.js';
import { VNET_HEADER, WRITE } from '../../contract/ops.js';
import { INTERFACE, type SharedStats } from '../../contract/stats.js';
import { type Arena, HEAD_BYTES } from '../../state/arena.js';
import { HeaderInfo, PROTOCOL_TCP, parseHeaders } from '../../switch/headers.js';
import type { DatapathIo } from '../io.js';
import { completeChecksum } from '../offload/checksum.js';
import { FRAME, findRuns, RUN, writeRun, writeWords } from '../offload/coalesce.js';
import { segmentHeader, TCP_CHECKSUM, UDP_CHECKSUM } from '../offload/superframe.js';
import {
  checkVirtio,
  GSO,
  MAX_UDP_SEGMENTS,
  VIRTIO_CHECK,
  VIRTIO_FLAG,
  writeGsoVirtio,
  writePlainVirtio,
} from '../offload/virtio.js';

const OPS_WORDS = 16_384;
/** Parts of one write: the kernel's IOV_MAX is 1024. */
const MAX_PARTS = 512;
/** Plain frames collected before they are joined and queued. */
const FRAME_ROWS = 512;
/** Largest super-frame that the kernel takes, its Ethernet header aside. */
const MAX_SUPER_FRAME = 65_535;

export class Delivery {
  /** What the TAP was granted; frames are finished in software for the rest. */
  tapChecksum = true;
  tapTso = true;
  tapUso = true;
  private readonly ops = new Int32Array(OPS_WORDS);
  private opsEnd = 0;
  private queued = 0;
  private queuedBytes = 0;
  private headRow = 0;

  private readonly frames = new Int32Array(FRAME_ROWS * FRAME.WORDS);
  private readonly runs = new Int32Array(FRAME_ROWS * RUN.WORDS);
  private frameCount = 0;
  private readonly scratch = new HeaderInfo();

  /** The run of segments being joined; its peer is -1 when none is open. */
  private runPeer = -1;
  private runSuperId = 0;
  private runFirst = 0;
  private runNext = 0;
  private runCount = 0;
  /** Most segments that may be joined. */
  private runLimit = 0;
  private runGsoType = 0;
  private runGsoSize = 0;
  private runFrame = 0;
  private runPayload = 0;
  private runRecord = 0;
  private readonly headers = new HeaderInfo();

  constructor(
    private readonly arena: Arena,
    private readonly io: DatapathIo,
    private readonly stats: SharedStats,
  ) {}

  // --- segments of super-frames ---------------------------------------------------------------------

  /** Whether a segment continues the open run, so that nothing of it needs to be looked at again. */
  continues(peer: number, superId: number, index: number, headerLength: number, payload: number): boolean {
    return (
      this.runPeer === peer &&
      this.runSuperId === superId &&
      this.runNext === index &&
      this.headers.headerLength === headerLength &&
      payload <= this.runGsoSize &&
      this.runNext - this.runFirst < this.runLimit &&
      this.runPayload + payload + headerLength <= MAX_SUPER_FRAME
    );
  }

  /** Adds the payload of a segment that `continues` the run. A short segment ends it. */
  extend(payloadOffset: number, payload: number): void {
    this.part(payloadOffset, payload);
    this.ops[this.runRecord + WRITE.COUNT]++;
    this.runPayload += payload;
    this.runNext++;
    if (payload < this.runGsoSize || this.runNext === this.runCount) this.closeRun();
  }

  /**
   * Starts a run with a segment: the super-frame's headers at `frame`, behind a SEGMENT body whose last bytes
   * make room for the virtio header, and its slice of the payload behind them. Returns false when headers and
   * facts do not belong together.
   */
  start(
    peer: number,
    superId: number,
    index: number,
    count: number,
    gsoType: number,
    gsoSize: number,
    headerLength: number,
    frame: number,
    payload: number,
  ): boolean {
    this.closeRun();
    this.queueFrames();
    const headers = this.headers;
    // The headers are the super-frame's: their length fields speak of more than this segment holds.
    if (!parseHeaders(this.arena.bytes, frame, MAX_SUPER_FRAME + headerLength, headers)) return false;
    if (headers.headerLength !== headerLength || gsoSize === 0 || payload > gsoSize || index >= count)
      return false;
    if (index < count - 1 && payload !== gsoSize) return false;
    if (index * gsoSize + payload > headers.payloadLength) return false;
    this.makeRoom(WRITE.PARTS + 2 * MAX_PARTS);
    this.runRecord = this.opsEnd;
    this.opsEnd += WRITE.PARTS;
    this.ops[this.runRecord + WRITE.COUNT] = 1;
    this.part(frame - VNET_HEADER, VNET_HEADER + headerLength + payload);
    this.runPeer = peer;
    this.runSuperId = superId;
    this.runFirst = index;
    this.runNext = index + 1;
    this.runCount = count;
    this.runGsoType = gsoType;
    this.runGsoSize = gsoSize;
    this.runFrame = frame;
    this.runPayload = payload;
    const isTcp = headers.protocol === PROTOCOL_TCP;
    this.runLimit = isTcp ? MAX_PARTS : MAX_UDP_SEGMENTS;
    const joins = isTcp ? this.tapTso : this.tapUso;
    if (!joins || this.runNext === count) this.closeRun();
    return true;
  }

  /** Ends the open run: its headers become those of what was joined, and are checked like a stranger's. */
  closeRun(): void {
    if (this.runPeer < 0) return;
    this.runPeer = -1;
    const { bytes } = this.arena;
    const { headers, runFrame: frame } = this;
    const vnet = frame - VNET_HEADER;
    const segments = this.runNext - this.runFirst;
    const last = this.runNext === this.runCount;
    const length = headers.headerLength + this.runPayload;
    const csumOffset = headers.protocol === PROTOCOL_TCP ? TCP_CHECKSUM : UDP_CHECKSUM;
    segmentHeader(bytes, frame, headers, this.runFirst, this.runGsoSize, this.runPayload, last);
    if (segments > 1)
      writeGsoVirtio(bytes, vnet, headers, this.runGsoSize, (this.runGsoType & GSO.ECN) !== 0);
    else if (this.tapChecksum) writePlainVirtio(bytes, vnet, VIRTIO_FLAG.NEEDS_CSUM, headers.l4, csumOffset);
    else {
      completeChecksum(bytes, frame, length, headers.l4, csumOffset);
      writePlainVirtio(bytes, vnet, 0, 0, 0);
    }
    if (checkVirtio(bytes, vnet, length, this.scratch) !== VIRTIO_CHECK.OK) {
      this.stats.drops[DROP['bad-offload']] += segments;
      this.opsEnd = this.runRecord;
      return;
    }
    this.stats.interface[INTERFACE.joinedSegments] += segments;
    this.queued++;
    this.queuedBytes += length;
  }

  // --- whole frames ---------------------------------------------------------------------------------

  /** Takes one whole frame whose checksum facts have been found to lie inside it. */
  frame(frame: number, length: number, flags: number, csumStart: number, csumOffset: number): void {
    this.closeRun();
    if (this.frameCount === FRAME_ROWS) this.queueFrames();
    let needs = flags & VIRTIO_FLAG.NEEDS_CSUM;
    if (needs !== 0 && !this.tapChecksum) {
      completeChecksum(this.arena.bytes, frame, length, csumStart, csumOffset);
      needs = 0;
    }
    const at = this.frameCount++ * FRAME.WORDS;
    this.frames[at + FRAME.OFFSET] = frame;
    this.frames[at + FRAME.LENGTH] = length;
    this.frames[at + FRAME.FLAGS] = needs;
    this.frames[at + FRAME.CSUM_START] = needs === 0 ? 0 : csumStart;
    this.frames[at + FRAME.CSUM_OFFSET] = needs === 0 ? 0 : csumOffset;
  }

  /** Joins the frames collected where that can be done and queues their writes. */
  private queueFrames(): void {
    const count = this.frameCount;
    if (count === 0) return;
    this.frameCount = 0;
    const { bytes } = this.arena;
    const joined = this.tapUso && count > 1;
    const runs = joined ? findRuns(bytes, this.frames, count, this.runs, this.scratch) : count;
    for (let run = 0; run < runs; run++) {
      const first = joined ? this.runs[run * RUN.WORDS + RUN.START] : run;
      const length = joined ? this.runs[run * RUN.WORDS + RUN.COUNT] : 1;
      this.makeRoom(writeWords(length));
      const head = this.arena.headBase + this.headRow++ * HEAD_BYTES;
      this.opsEnd = writeRun(bytes, this.frames, first, length, head, this.scratch, this.ops, this.opsEnd);
      this.queued++;
    }
    for (let row = 0; row < count; row++) this.queuedBytes += this.frames[row * FRAME.WORDS + FRAME.LENGTH];
  }

  // --- writing --------------------------------------------------------------------------------------

  private part(offset: number, length: number): void {
    this.ops[this.opsEnd++] = offset;
    this.ops[this.opsEnd++] = length;
  }

  /** Makes sure that a record of `words` words and a row for its headers are free. */
  private makeRoom(words: number): void {
    if (this.opsEnd + words > OPS_WORDS || this.headRow === this.arena.headRows) this.write();
  }

  private write(): void {
    if (this.queued > 0) {
      const written = this.io.writeFrames(this.ops, this.queued);
      this.stats.interface[INTERFACE.tapTxFrames] += written;
      this.stats.interface[INTERFACE.tapTxBytes] += this.queuedBytes;
      this.stats.drops[DROP['tap-write-error']] += this.queued - written;
    }
    this.queued = 0;
    this.queuedBytes = 0;
    this.opsEnd = 0;
    this.headRow = 0;
  }

  /** Writes everything queued. */
  flush(): void {
    this.closeRun();
    this.queueFrames();
    this.write();
  }
}
