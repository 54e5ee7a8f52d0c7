/**
 * Frames of peers on their way to other peers: the switch has decided that they go there, by themselves or, when they are
 * flooded, as well as to the TAP.
 *
 * Segments of one super-frame that arrive one after another become one super-frame again, in a stretch of the arena of
 * their own, and leave like one that came from the TAP: cut to fit the next path and sealed as one run.
 */

import { INTERFACE, type SharedStats } from '../../contract/stats.js';
import { type Arena, SLOT_BYTES } from '../../state/arena.js';
import { Frame } from '../../switch/frame.js';
import { HeaderInfo } from '../../switch/headers.js';
import { SELECTED } from '../../switch/verdicts.js';
import { completeChecksum } from '../offload/checksum.js';
import { checksumOffset, completeTunnelChecksum, SegmentRun, segmentHeader } from '../offload/superframe.js';
import { gsoTypeOf, VIRTIO_FLAG } from '../offload/virtio.js';
import { OpenRun } from './open-run.js';
import type { Outbound } from './outbound.js';
import { isSound, type Segment } from './segment.js';
import { type Shares, WORK } from './shares.js';
import type { Talks } from './talks.js';

export class Forwarder {
  /** Whether anything was forwarded since `finish`. */
  private isBusy = false;
  /** The run of segments being gathered, and the peer that it goes to. */
  private readonly run = new OpenRun();
  private runTo = -1;
  private runNow = 0;
  /** Where it begins in the arena, and where the next one will. */
  private start = 0;
  private end: number;
  private readonly frame = new Frame();
  /** A segment by itself. */
  private readonly alone = new SegmentRun();
  private readonly headers = new HeaderInfo();

  constructor(
    private readonly arena: Arena,
    private readonly outbound: Outbound,
    private readonly shares: Shares,
    private readonly stats: SharedStats,
    private readonly talks: Talks,
  ) {
    this.end = arena.gatherBase;
  }

  // --- segments of super-frames ---------------------------------------------------------------------

  /** Whether a segment continues the open run, so that nothing of it needs to be looked at again. */
  continues(segment: Segment): boolean {
    return this.run.continues(segment);
  }

  /** Adds the payload of a segment that `continues` the run. */
  extend(segment: Segment): void {
    const { payload } = segment;
    this.append(segment.offset + segment.headerLength, payload);
    if (this.run.extend(payload)) this.closeRun();
  }

  /** Starts a run to a peer with a segment. Returns false when headers and facts do not belong together. */
  begin(segment: Segment, to: number, now: number): boolean {
    this.closeRun();
    if (!isSound(this.arena.bytes, segment, this.run.headers)) return false;
    if (this.end + SLOT_BYTES > this.arena.gatherBase + this.arena.gatherBytes) this.reuse();
    this.isBusy = true;
    if (this.talks.isOn) this.talks.heard(segment.peer, to, now);
    this.start = this.end;
    this.append(segment.offset, segment.headerLength + segment.payload);
    this.runTo = to;
    this.runNow = now;
    this.shares.charge(segment.peer, WORK.FRAME);
    if (this.run.begin(segment, segment.count)) this.closeRun();
    return true;
  }

  /**
   * Makes a segment, whose super-frame is to be flooded, a frame of its own in `out`. Returns false when headers and
   * facts do not belong together.
   */
  single(segment: Segment, out: Frame): boolean {
    const { headers, alone } = this;
    const { bytes } = this.arena;
    this.closeRun();
    if (!isSound(bytes, segment, headers)) return false;
    alone.index = segment.index;
    alone.gsoSize = segment.gsoSize;
    alone.payload = segment.payload;
    alone.isLast = segment.index === segment.count - 1;
    segmentHeader(bytes, segment.offset, headers, alone);
    completeTunnelChecksum(bytes, segment.offset, headers);
    out
      .place(segment.offset, segment.headerLength + segment.payload)
      .describe(VIRTIO_FLAG.NEEDS_CSUM, headers.l4, checksumOffset(headers));
    return true;
  }

  private append(from: number, length: number): void {
    this.arena.bytes.copyWithin(this.end, from, from + length);
    this.end += length;
  }

  /** Ends the open run and sends it as a super-frame. */
  private closeRun(): void {
    const { run, frame, start } = this;
    if (!run.isOpen) return;
    run.close();
    const { headers, joined } = run;
    segmentHeader(this.arena.bytes, start, headers, joined);
    frame
      .place(start, headers.headerLength + joined.payload)
      .describe(VIRTIO_FLAG.NEEDS_CSUM, headers.l4, checksumOffset(headers));
    frame.gsoType = gsoTypeOf(headers, run.hasEcn);
    frame.tunnelL4 = headers.tunnelL4;
    frame.innerL3 = headers.l3;
    frame.gsoSize = joined.gsoSize;
    this.stats.interface[INTERFACE.forwardedFrames] += run.segments;
    this.outbound.sendOn(this.runTo, frame, this.runNow);
  }

  /** What was gathered leaves, so that its room can be used again. */
  private reuse(): void {
    this.outbound.finish();
    this.end = this.arena.gatherBase;
  }

  // --- whole frames ---------------------------------------------------------------------------------

  /** Takes one whole frame of a peer for another. */
  toPeer(from: number, to: number, frame: Frame, now: number): void {
    this.closeRun();
    this.isBusy = true;
    if (this.talks.isOn) this.talks.heard(from, to, now);
    this.shares.charge(from, WORK.FRAME);
    this.stats.interface[INTERFACE.forwardedFrames]++;
    this.outbound.sendOn(to, frame, now);
  }

  /** Takes one whole frame of a peer for all others that it may pass to, or for those selected; it is ready for the TAP afterwards. */
  flood(from: number, verdict: number, frame: Frame, now: number): void {
    this.closeRun();
    this.isBusy = true;
    // The same bytes go to peers and to the TAP, which might have to complete the checksum in place.
    if ((frame.flags & VIRTIO_FLAG.NEEDS_CSUM) !== 0) {
      completeChecksum(this.arena.bytes, frame.offset, frame.length, frame.csumStart, frame.csumOffset);
      frame.describe(0, 0, 0);
    }
    const copies =
      verdict === SELECTED
        ? this.outbound.sendSelected(frame, now)
        : this.outbound.floodFrom(from, frame, now);
    this.shares.charge(from, WORK.FRAME * copies);
    this.stats.interface[INTERFACE.forwardedFrames] += copies;
  }

  /** Sends what is still being gathered, and everything that refers to bytes of the batch. */
  finish(): void {
    if (!this.isBusy) return;
    this.closeRun();
    this.isBusy = false;
    this.reuse();
  }
}
