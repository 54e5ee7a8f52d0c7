/** A stream of numbered frames at a steady rate from one host to another, and the account of what arrived. */
import { VNET_HEADER } from '../../src/native/ops.js';
import { EXPERIMENTAL, EXPERIMENTAL_2, ethernet, stationOf, withVirtio } from './frames.js';
import type { SimNode } from './node.js';
import type { World } from './world.js';

const SEQUENCE_AT = VNET_HEADER + 14;

export interface StreamReport {
  sent: number;
  lost: number;
  duplicated: number;
  /** Frames that came after one sent later. */
  reordered: number;
  /** By how many frames the latest of them was overtaken, at most. */
  displacement: number;
  /** Longest time without a new frame between the first and the last, in µs. */
  longestGapUs: number;
  /** From the sending of a frame to its first arrival, in µs; 0 while nothing has arrived. */
  latencyP50Us: number;
  latencyP99Us: number;
}

export class Stream {
  private readonly arrivals: number[] = [];
  private readonly counts: number[] = [];
  private readonly sentAt: number[] = [];
  private readonly latencies: number[] = [];
  private readonly payload: Uint8Array;
  private readonly addresses: readonly [Uint8Array, Uint8Array];
  private sent = 0;
  private stopped = false;
  private lastAt = Number.NaN;
  private longestGap = 0;

  constructor(
    private readonly world: World,
    private readonly from: SimNode,
    to: SimNode,
    private readonly periodUs: number,
    payloadBytes = 64,
  ) {
    this.payload = new Uint8Array(payloadBytes);
    this.addresses = [stationOf(to.id), stationOf(from.id)];
    to.tap.listener = (record, now) => this.arrived(record, now);
    // The receiver's station speaks once, so that the stream is not flooded.
    const hello = ethernet(stationOf(from.id), stationOf(to.id), EXPERIMENTAL_2, new Uint8Array(46));
    to.fromKernel(withVirtio(hello));
    world.at(world.now + periodUs, () => this.next());
  }

  /** When each frame was sent that has not arrived. */
  lostTimes(): number[] {
    return this.sentAt.filter((_, sequence) => this.counts[sequence] === undefined);
  }

  /** Forgets the longest silence so far: what is counted from now on begins with the next frame. */
  forgetSilence(): void {
    this.longestGap = 0;
    this.lastAt = Number.NaN;
  }

  /** No more frames from now on. */
  stop(): void {
    this.stopped = true;
  }

  report(): StreamReport {
    let last = -1;
    let reordered = 0;
    let displacement = 0;
    for (const sequence of this.arrivals) {
      if (sequence < last) reordered++;
      displacement = Math.max(displacement, last - sequence);
      last = Math.max(last, sequence);
    }
    const latencies = [...this.latencies].sort((a, b) => a - b);
    const latency = (share: number): number =>
      latencies[Math.max(0, Math.ceil(share * latencies.length) - 1)] ?? 0;
    const present = this.counts.filter((count) => count > 0).length;
    return {
      sent: this.sent,
      lost: this.sent - present,
      duplicated: this.counts.filter((count) => count > 1).length,
      reordered,
      displacement,
      longestGapUs: this.longestGap,
      latencyP50Us: latency(0.5),
      latencyP99Us: latency(0.99),
    };
  }

  private arrived(record: Uint8Array, now: number): void {
    const view = new DataView(record.buffer, record.byteOffset);
    if (view.getUint16(SEQUENCE_AT - 2) !== EXPERIMENTAL || !this.isBetweenOurStations(record)) return;
    const sequence = view.getUint32(SEQUENCE_AT);
    if (this.counts[sequence] === undefined) this.latencies.push(now - this.sentAt[sequence]);
    this.counts[sequence] = (this.counts[sequence] ?? 0) + 1;
    this.arrivals.push(sequence);
    if (now - this.lastAt > this.longestGap) this.longestGap = now - this.lastAt;
    this.lastAt = now;
  }

  private isBetweenOurStations(record: Uint8Array): boolean {
    const [destination, source] = this.addresses;
    const bytes = record.subarray(VNET_HEADER);
    return (
      destination.every((byte, at) => byte === bytes[at]) &&
      source.every((byte, at) => byte === bytes[6 + at])
    );
  }

  private next(): void {
    if (this.stopped) return;
    this.sentAt.push(this.world.now);
    new DataView(this.payload.buffer).setUint32(0, this.sent++);
    const [destination, source] = this.addresses;
    this.from.fromKernel(withVirtio(ethernet(destination, source, EXPERIMENTAL, this.payload)));
    this.world.at(this.world.now + this.periodUs, () => this.next());
  }
}
