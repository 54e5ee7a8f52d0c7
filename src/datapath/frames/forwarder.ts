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
import { GSO, gsoTypeOf, VIRTIO_FLAG } from '../offload/virtio.js';
import type { Outbound } from './outbound.js';
import { isSound, MAX_SUPER_FRAME, type Segment } from './segment.js';
import { type Shares, WORK } from './shares.js';
import type { Talks } from './talks.js';

export class Forwarder {
  /** Whether anything was forwarded since `finish`. */
  private isBusy = false;
  /** The run of segments being gathered, and the peer that it goes to; its peer is -1 when none is open. */
  private runPeer = -1;
  private runTo = -1;
  private runSuperId = 0;
  private runNext = 0;
  private runCount = 0;
  /** Bytes of the headers that its segments came with. */
  private runHeaderLength = 0;
  private runEcn = false;
  private runNow = 0;
  /** Where it begins in the arena, and where the next one will. */
  private start = 0;
  private end: number;
  private readonly run = new SegmentRun();
  private readonly headers = new HeaderInfo();
  private readonly frame = new Frame();

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
    const { payload, sentHeaderLength } = segment;
    return (
      this.runPeer === segment.peer &&
      this.runSuperId === segment.superId &&
      this.runNext === segment.index &&
      this.runHeaderLength === sentHeaderLength &&
      payload <= this.run.gsoSize &&
      this.run.payload + payload + sentHeaderLength <= MAX_SUPER_FRAME
    );
  }

  /** Adds the payload of a segment that `continues` the run. A short segment ends it. */
  extend(segment: Segment): void {
    const { payload } = segment;
    this.append(segment.offset + segment.headerLength, payload);
    this.run.payload += payload;
    this.runNext++;
    if (payload < this.run.gsoSize || this.runNext === this.runCount) this.closeRun();
  }

  /** Starts a run to a peer with a segment. Returns false when headers and facts do not belong together. */
  begin(segment: Segment, to: number, now: number): boolean {
    this.closeRun();
    const { index, count, payload, headerLength } = segment;
    if (!isSound(this.arena.bytes, segment, this.headers)) return false;
    if (this.end + SLOT_BYTES > this.arena.gatherBase + this.arena.gatherBytes) this.reuse();
    this.isBusy = true;
    if (this.talks.isOn) this.talks.heard(segment.peer, to, now);
    this.start = this.end;
    this.append(segment.offset, headerLength + payload);
    this.runPeer = segment.peer;
    this.runTo = to;
    this.runSuperId = segment.superId;
    this.runNext = index + 1;
    this.runHeaderLength = segment.sentHeaderLength;
    this.runCount = count;
    this.runEcn = (segment.gsoType & GSO.ECN) !== 0;
    this.runNow = now;
    this.run.index = index;
    this.run.gsoSize = segment.gsoSize;
    this.run.payload = payload;
    this.shares.charge(segment.peer, WORK.FRAME);
    if (this.runNext === count) this.closeRun();
    return true;
  }

  /**
   * Makes a segment, whose super-frame is to be flooded, a frame of its own in `out`. Returns false when headers and
   * facts do not belong together.
   */
  single(segment: Segment, out: Frame): boolean {
    const { headers, run } = this;
    const { bytes } = this.arena;
    this.closeRun();
    if (!isSound(bytes, segment, headers)) return false;
    run.index = segment.index;
    run.gsoSize = segment.gsoSize;
    run.payload = segment.payload;
    run.isLast = segment.index === segment.count - 1;
    segmentHeader(bytes, segment.offset, headers, run);
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
    const from = this.runPeer;
    if (from < 0) return;
    this.runPeer = -1;
    const { headers, run, frame, start } = this;
    run.isLast = this.runNext === this.runCount;
    segmentHeader(this.arena.bytes, start, headers, run);
    frame
      .place(start, headers.headerLength + run.payload)
      .describe(VIRTIO_FLAG.NEEDS_CSUM, headers.l4, checksumOffset(headers));
    frame.gsoType = gsoTypeOf(headers, this.runEcn);
    frame.tunnelL4 = headers.tunnelL4;
    frame.innerL3 = headers.l3;
    frame.gsoSize = run.gsoSize;
    this.stats.interface[INTERFACE.forwardedFrames] += this.runNext - run.index;
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
