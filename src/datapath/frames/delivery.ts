/**
 * The last stage of the way in: frames for the TAP, written in batches.
 *
 * Segments of one super-frame that arrive one after another are joined again, across receive calls of a batch too, by the
 * super-frame's id and index; UDP frames of one flow are joined by their headers. Every virtio header is made here from a
 * frame's own headers: an authentic peer may still be hostile.
 */

import { DROP } from '../../contract/drops.js';
import { INTERFACE, type SharedStats } from '../../contract/stats.js';
import { VNET_HEADER, WRITE } from '../../native/ops.js';
import { type Arena, HEAD_BYTES } from '../../state/arena.js';
import type { Drops } from '../../state/drops.js';
import type { DatapathIo } from '../../state/io.js';
import { AT, type Observer } from '../../state/observer.js';
import { Frame } from '../../switch/frame.js';
import { HeaderInfo, PROTOCOL_TCP } from '../../switch/headers.js';
import { LOCAL_PORT } from '../../switch/mac-table.js';
import type { Vlans } from '../../switch/vlans.js';
import { completeChecksum } from '../offload/checksum.js';
import { Coalescer, writeWords } from '../offload/coalesce.js';
import { checksumOffset, completeTunnelChecksum, segmentHeader } from '../offload/superframe.js';
import {
  checkVirtio,
  MAX_UDP_SEGMENTS,
  readVirtio,
  VIRTIO_CHECK,
  VIRTIO_FLAG,
  writeGsoVirtio,
  writePlainVirtio,
} from '../offload/virtio.js';
import { OpenRun } from './open-run.js';
import { isSound, type Segment } from './segment.js';

const OPS_WORDS = 16_384;
/** Parts of one write: the kernel's IOV_MAX is 1024. */
const MAX_PARTS = 512;
/** Plain frames collected before they are joined and queued. */
const FRAME_ROWS = 512;

export class Delivery {
  /** What the TAP was granted; frames are finished in software for the rest. */
  tapChecksum = true;
  tapTso = true;
  tapUso = true;
  tapTunnel = true;
  private readonly ops = new Int32Array(OPS_WORDS);
  private opsEnd = 0;
  private queued = 0;
  private queuedBytes = 0;
  private headRow = 0;
  private readonly frames: Coalescer;
  private readonly scratch = new HeaderInfo();

  /** The run of segments being joined, where its first frame lies and where its write is recorded. */
  private readonly run = new OpenRun();
  private runFrame = 0;
  private runRecord = 0;
  /** A frame as it was written, for captures. */
  private readonly written = new Frame();
  /** Headers of a segment. */
  private readonly head = new Frame();

  constructor(
    private readonly arena: Arena,
    private readonly io: DatapathIo,
    private readonly stats: SharedStats,
    private readonly drops: Drops,
    private readonly observer: Observer,
    private readonly vlans: Vlans,
  ) {
    this.frames = new Coalescer(arena.bytes, FRAME_ROWS);
  }

  // --- segments of super-frames ---------------------------------------------------------------------

  /** Whether a segment continues the open run, so that nothing of it needs to be looked at again. */
  continues(segment: Segment): boolean {
    return this.run.continues(segment);
  }

  /** Adds the payload of a segment that `continues` the run. */
  extend(segment: Segment): void {
    const { payload } = segment;
    this.part(segment.offset + segment.headerLength, payload);
    this.ops[this.runRecord + WRITE.COUNT]++;
    if (this.run.extend(payload)) this.closeRun();
  }

  /**
   * Starts a run with a segment; the last bytes of the message's header make room for the virtio header. Returns false
   * when headers and facts do not belong together.
   */
  start(segment: Segment): boolean {
    this.closeRun();
    this.queueFrames();
    if (this.vlans.isOn) this.untag(segment);
    const { headers } = this.run;
    if (!isSound(this.arena.bytes, segment, headers)) return false;
    this.makeRoom(WRITE.PARTS + 2 * MAX_PARTS);
    this.runRecord = this.opsEnd;
    this.opsEnd += WRITE.PARTS;
    this.ops[this.runRecord + WRITE.COUNT] = 1;
    // With a tag pushed this begins a byte before the datagram: there a seal ended that has been opened.
    this.part(segment.offset - VNET_HEADER, VNET_HEADER + segment.headerLength + segment.payload);
    this.runFrame = segment.offset;
    const isTcp = headers.protocol === PROTOCOL_TCP;
    const joins = (isTcp ? this.tapTso : this.tapUso) && (headers.tunnelL4 === 0 || this.tapTunnel);
    const isComplete = this.run.begin(segment, isTcp ? MAX_PARTS : MAX_UDP_SEGMENTS);
    if (!joins || isComplete) this.closeRun();
    return true;
  }

  private untag(segment: Segment): void {
    const { head } = this;
    head.place(segment.offset, segment.headerLength).describe(0, 0, 0);
    if (this.vlans.leave(LOCAL_PORT, head)) segment.moveTo(head);
  }

  /** Ends the open run: its headers become those of what was joined, and are checked like a stranger's. */
  closeRun(): void {
    const { run, runFrame: frame } = this;
    if (!run.isOpen) return;
    run.close();
    const { bytes } = this.arena;
    const { headers, joined, segments } = run;
    const vnet = frame - VNET_HEADER;
    const length = headers.headerLength + joined.payload;
    segmentHeader(bytes, frame, headers, joined);
    if (segments > 1) writeGsoVirtio(bytes, vnet, headers, joined.gsoSize, run.hasEcn);
    else this.writeSegmentVirtio(vnet, frame, length);
    if (checkVirtio(bytes, vnet, length, this.scratch) !== VIRTIO_CHECK.OK) {
      this.drops.counted(DROP['bad-offload'], segments);
      this.opsEnd = this.runRecord;
      return;
    }
    this.stats.interface[INTERFACE.joinedSegments] += segments;
    this.queued++;
    this.queuedBytes += length;
  }

  /** The virtio header of a segment by itself. */
  private writeSegmentVirtio(vnet: number, frame: number, length: number): void {
    const { bytes } = this.arena;
    const { headers } = this.run;
    const csumOffset = checksumOffset(headers);
    completeTunnelChecksum(bytes, frame, headers);
    if (this.tapChecksum) {
      writePlainVirtio(bytes, vnet, VIRTIO_FLAG.NEEDS_CSUM, headers.l4, csumOffset);
    } else {
      completeChecksum(bytes, frame, length, headers.l4, csumOffset);
      writePlainVirtio(bytes, vnet, 0, 0, 0);
    }
  }

  // --- whole frames ---------------------------------------------------------------------------------

  /** Takes one whole frame whose checksum facts have been found to lie inside it; `frame` is written to. */
  frame(frame: Frame): void {
    this.closeRun();
    if (this.frames.count === FRAME_ROWS) this.queueFrames();
    if (this.vlans.isOn) this.vlans.leave(LOCAL_PORT, frame);
    const needs = frame.flags & VIRTIO_FLAG.NEEDS_CSUM;
    if (needs === 0) frame.describe(0, 0, 0);
    else if (this.tapChecksum) frame.flags = needs;
    else {
      completeChecksum(this.arena.bytes, frame.offset, frame.length, frame.csumStart, frame.csumOffset);
      frame.describe(0, 0, 0);
    }
    this.frames.add(frame);
  }

  /** Joins the frames collected where that can be done and queues their writes. */
  private queueFrames(): void {
    const { frames } = this;
    if (frames.count === 0) return;
    frames.join(this.tapUso && frames.count > 1);
    for (let run = 0; run < frames.runs; run++) {
      this.makeRoom(writeWords(frames.lengthOf(run)));
      const head = this.arena.headBase + this.headRow++ * HEAD_BYTES;
      this.opsEnd = frames.write(run, head, this.ops, this.opsEnd);
      this.queued++;
    }
    this.queuedBytes += frames.totalBytes;
    frames.clear();
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
      if ((this.observer.points & AT.TAP_OUT) !== 0) this.showWritten();
      this.stats.interface[INTERFACE.tapTxFrames] += written;
      this.stats.interface[INTERFACE.tapTxBytes] += this.queuedBytes;
      this.drops.counted(DROP['tap-write-error'], this.queued - written);
    }
    this.queued = 0;
    this.queuedBytes = 0;
    this.opsEnd = 0;
    this.headRow = 0;
  }

  private showWritten(): void {
    const { ops, written } = this;
    let at = 0;
    for (let row = 0; row < this.queued; row++) {
      readVirtio(this.arena.bytes, ops[at + WRITE.PARTS], written);
      this.observer.tapOut(written, ops, at);
      at += WRITE.PARTS + 2 * ops[at + WRITE.COUNT];
    }
  }

  /** Writes everything queued. */
  flush(): void {
    this.closeRun();
    this.queueFrames();
    this.write();
  }
}
