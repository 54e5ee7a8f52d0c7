/**
 * What happened to a numbered stream: what was lost when, what came twice, and when nothing came at all. Losses are
 * dated by the sender's clock, silences by the receiver's.
 */

import { LatencyHistogram, type LatencyReport } from './latency.js';

/** Silences shorter than this, in ms, are not listed. */
export const SHORTEST_SILENCE_MS = 1;
/** One sending time is kept per this many numbers; the others are interpolated, since the pace is steady. */
const ANCHOR_EVERY = 256;

/** The account of a stream, as the receiver prints it. Times are milliseconds since the epoch. */
export interface StreamReport {
  sent: number;
  lost: number;
  duplicated: number;
  /** From the first arrival to the last, in ms. */
  spanMs: number;
  /** From the sender's call to the receiver's, of what came for the first time; both clocks must be the same machine's. */
  latencyUs: LatencyReport | null;
  /** Datagrams that came after one sent later, and the largest number of others by which one was late. */
  reordered: number;
  displacement: number;
  /** From one arrival to the next. */
  silences: { from: number; to: number }[];
  /** Sending time and count, by the millisecond. */
  losses: [number, number][];
  duplicates: [number, number][];
  /** Number and sending time of some datagrams, in order. */
  anchors: [number, number][];
}

/** What happened to a stream between two moments. */
export interface StreamWindow {
  sent: number;
  lost: number;
  duplicated: number;
  /** Longest time without an arrival that overlaps the window; 0 if all were too short to be listed. */
  silenceMs: number;
}

export class StreamAccount {
  private counts = new Uint8Array(1 << 16);
  private readonly anchors: [number, number][] = [];
  private readonly silences: { from: number; to: number }[] = [];
  private readonly duplicates = new Map<number, number>();
  private highest = -1;
  private duplicated = 0;
  private reordered = 0;
  private displacement = 0;
  private firstAt = Number.NaN;
  private lastAt = Number.NaN;
  private readonly latency = new LatencyHistogram();

  /** A datagram arrived at `now`; both times in ms since the epoch. */
  arrived(sequence: number, sentAt: number, now: number): void {
    if (Number.isNaN(this.firstAt)) this.firstAt = now;
    if (now - this.lastAt >= SHORTEST_SILENCE_MS) this.silences.push({ from: this.lastAt, to: now });
    this.lastAt = now;
    while (sequence >= this.counts.length) this.grow();
    if (this.counts[sequence]++ > 0) {
      this.counts[sequence] = 2;
      this.duplicated++;
      addTo(this.duplicates, Math.floor(sentAt), 1);
      return;
    }
    this.latency.add((now - sentAt) * 1000);
    if (sequence < this.highest) {
      this.reordered++;
      this.displacement = Math.max(this.displacement, this.highest - sequence);
      return;
    }
    this.highest = sequence;
    if (sequence >= (this.anchors.at(-1)?.[0] ?? -ANCHOR_EVERY) + ANCHOR_EVERY)
      this.anchors.push([sequence, sentAt]);
  }

  /** The account; `sent` is how many were sent, if the sender has said so. */
  report(sent = this.highest + 1): StreamReport {
    const losses = new Map<number, number>();
    let lost = 0;
    for (let sequence = 0; sequence < sent; sequence++) {
      if (sequence < this.counts.length && this.counts[sequence] > 0) continue;
      lost++;
      addTo(losses, Math.floor(timeOf(this.anchors, sequence)), 1);
    }
    return {
      sent,
      lost,
      duplicated: this.duplicated,
      spanMs: this.lastAt - this.firstAt || 0,
      latencyUs: this.latency.report(),
      reordered: this.reordered,
      displacement: this.displacement,
      silences: this.silences,
      losses: [...losses],
      duplicates: [...this.duplicates],
      anchors: this.anchors,
    };
  }

  private grow(): void {
    const larger = new Uint8Array(this.counts.length * 2);
    larger.set(this.counts);
    this.counts = larger;
  }
}

/** What happened between `from` and `to`, in ms since the epoch. */
export function streamWindow(report: StreamReport, from: number, to: number): StreamWindow {
  const within = (entries: [number, number][]) =>
    entries.reduce((sum, [time, count]) => (time >= from && time < to ? sum + count : sum), 0);
  const silences = report.silences.filter((silence) => silence.to > from && silence.from < to);
  return {
    sent: Math.round(numberAt(report.anchors, to) - numberAt(report.anchors, from)),
    lost: within(report.losses),
    duplicated: within(report.duplicates),
    silenceMs: silences.reduce((longest, silence) => Math.max(longest, silence.to - silence.from), 0),
  };
}

function addTo(counts: Map<number, number>, key: number, count: number): void {
  counts.set(key, (counts.get(key) ?? 0) + count);
}

/** When a number was sent. */
function timeOf(anchors: [number, number][], sequence: number): number {
  return onLine(anchors, 0, sequence);
}

/** Which number was sent at a time; may be a fraction between two. */
function numberAt(anchors: [number, number][], time: number): number {
  return onLine(anchors, 1, time);
}

/** The other coordinate of the point whose coordinate `known` is `value`, on the line through the anchors. */
function onLine(anchors: [number, number][], known: 0 | 1, value: number): number {
  if (anchors.length < 2) return anchors[0]?.[1 - known] ?? 0;
  const end = Math.min(anchors.length - 1, Math.max(1, firstAbove(anchors, known, value)));
  const [a, b] = [anchors[end - 1], anchors[end]];
  const share = (value - a[known]) / (b[known] - a[known]);
  return a[1 - known] + share * (b[1 - known] - a[1 - known]);
}

/** Index of the first anchor whose coordinate `known` is above `value`; both coordinates grow from anchor to anchor. */
function firstAbove(anchors: [number, number][], known: 0 | 1, value: number): number {
  let low = 0;
  for (let high = anchors.length; low < high; ) {
    const middle = (low + high) >> 1;
    if (anchors[middle][known] > value) high = middle;
    else low = middle + 1;
  }
  return low;
}
