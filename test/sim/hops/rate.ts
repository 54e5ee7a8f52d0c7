import { ipUdpOverhead } from '../../../src/wire/overhead.js';
import type { Datagram, Forward, Hop } from '../hop.js';

/** How much may wait at a bottleneck: a number of bytes, or what leaves in a number of milliseconds. */
export type QueueLimit = { readonly bytes: number } | { readonly ms: number };

/** Bytes per second of a rate given in Mbit/s. */
export function mbit(megabits: number): number {
  return (megabits * 1e6) / 8;
}

/**
 * A bottleneck with a queue in front of it: datagrams leave one after another at its rate, IP and UDP headers counted,
 * and one that finds more than the limit waiting is dropped. The same bottleneck may be part of several wires, which
 * then share it.
 */
export class Bottleneck implements Hop {
  /** Datagrams that found the queue full. */
  dropped = 0;
  /** Datagrams and bytes that came through. */
  passed = 0;
  passedBytes = 0;
  private busyUntil = 0;

  /** `bytesPerSecond` may be changed at any time; what waits already still leaves at the old rate. */
  constructor(
    public bytesPerSecond: number,
    private readonly queue: QueueLimit,
  ) {}

  /** Bytes that wait at `now`. */
  waitingBytes(now: number): number {
    return (Math.max(0, this.busyUntil - now) * this.bytesPerSecond) / 1e6;
  }

  pass(datagram: Datagram, now: number, forward: Forward): void {
    if (this.waitingBytes(now) > this.limitBytes()) {
      this.dropped++;
      return;
    }
    const size = datagram.bytes.length + ipUdpOverhead(datagram.from.family);
    this.busyUntil = Math.max(this.busyUntil, now) + (size * 1e6) / this.bytesPerSecond;
    this.passed++;
    this.passedBytes += size;
    forward(datagram, this.busyUntil - now);
  }

  private limitBytes(): number {
    return 'bytes' in this.queue ? this.queue.bytes : (this.queue.ms * this.bytesPerSecond) / 1e3;
  }
}

/** A {@link Bottleneck} of `bytesPerSecond`. */
export function rate(bytesPerSecond: number, queue: QueueLimit): Bottleneck {
  return new Bottleneck(bytesPerSecond, queue);
}
