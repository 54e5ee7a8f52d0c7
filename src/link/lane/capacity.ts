/**
 * What a link gives, estimated by its sender from the receiver's reports: delivered rate, queueing delay, loss, and
 * from them capacity and the backlog that waits at the bottleneck.
 *
 * - Queueing delay is a one-way delay less the least one seen (RFC 6817 section 2); the two clocks' difference
 *   cancels, and is the same for all links of a peer, so that base delays of links compare too. The least of a few
 *   samples is taken, so that jitter is not mistaken for a queue that stands.
 * - The rate delivered while a queue stands is the capacity (as BBR has it); without a queue it is a lower bound.
 * - The backlog is modelled between reports: bytes sent add to it, capacity drains it, a report puts it right.
 *
 * Pure: rates in bytes per µs (1 is 8 Mbit/s), times in µs.
 */
import { Losses } from './losses.js';
import type { Arrival } from './report.js';

/** A queueing delay from which a link counts as filled, and the share of the jitter that is added to it. */
const STANDING_US = 4_000;
const JITTER_SHARE = 2;
/** A rate is taken over this time and this many datagrams at least. */
const RATE_WINDOW_US = 25_000;
const RATE_DATAGRAMS = 8;
/** After this long without traffic the window starts over. */
const IDLE_US = 500_000;
/** After this long without reports heartbeats have measured the jitter without queues of our own. */
const CALM_US = 1_000_000;
/** Base delays are the least of the last one to two periods: paths change. */
const BASE_PERIOD_US = 10_000_000;
const CAPACITY_GAIN = 0.3;
const RATE_GAIN = 0.3;
/** By this factor more is assumed at each report that finds no queue. */
const ASSUMED_GROWTH = 1.2;
/** Queue samples of which the least counts. */
const SAMPLES = 3;
/** Share of the longest queue seen from which it counts as full; shorter ones drop nothing. */
const FULL_SHARE = 0.5;
/** A queue shorter than this many times what counts as standing is full of nothing: jitter looks like it. */
const LEAST_FULL = 2;
/** This many lost at once, and more than this share, so soon after a queue stood, were its overflow. */
const OVERFLOW_LOST = 3;
const OVERFLOW_SHARE = 0.05;
const OVERFLOW_US = 250_000;
/** A queue that may have dropped something counts as full for so long. */
const FULL_US = 250_000;
/** Share of the capacity from which a link may be full without a queue that can be seen. */
const NEAR_SHARE = 0.8;
/** Share of the longest queue seen that each report keeps: half is left after about 1400. */
const PEAK_KEPT = 0.9995;

export class LinkCapacity {
  /** 0 while unknown. */
  capacity = 0;
  delivered = 0;
  /** Least one-way delay, the clocks' difference included; infinity while unknown. */
  baseUs = Number.POSITIVE_INFINITY;
  queueUs = 0;
  /** As measured while the link was idle, or less. */
  jitterUs = 0;
  readonly losses = new Losses();
  /** Datagrams that the far end has reported on. */
  observed = 0;
  /** When the queue last stood (or overflowed); 0 for never. */
  filledAt = 0;
  reportedAt = 0;
  /** Until when its queue counts as full. */
  private fullUntil = 0;
  private backlog = 0;
  private backlogAt = 0;
  private periodAt = 0;
  private periodLeast = Number.POSITIVE_INFINITY;
  private readonly samples = new Float64Array(SAMPLES);
  private sampleCount = 0;
  private windowAt = -1;
  private windowBytes = 0;
  private windowSent = 0;
  private windowArrived = 0;
  private wasFilled = false;
  private windowGap = 0;
  private windowWait = 0;
  private peakQueueUs = 0;

  /**
   * Heartbeats measure so much jitter; to be told before a report. Under traffic they measure our own queues as well,
   * but a link that came up just now starts with half of its round-trip time (RFC 6298), and what is less is believed.
   */
  observeJitter(us: number, now: number): void {
    this.jitterUs = now - this.reportedAt > CALM_US ? us : Math.min(this.jitterUs, us);
  }

  /** A report came at `now`. */
  report(arrival: Arrival, now: number): void {
    this.reportedAt = now;
    this.observeDelay(arrival.delay, now);
    const isFilled = this.queueUs > this.standingUs();
    if (isFilled) this.filledAt = now;
    if (this.longestUs() > Math.max(this.leastFullUs(), this.safeUs())) this.fullUntil = now + FULL_US;
    this.windowGap = Math.max(this.windowGap, arrival.gap);
    this.windowWait = Math.max(this.windowWait, arrival.wait);
    this.observeRate(arrival, isFilled, now);
    if (this.capacity === 0) return this.assumeMore(isFilled);
    const drained = this.capacity * (now - arrival.sentAt - this.queueUs);
    this.backlog = Math.max(0, arrival.sentSince - Math.max(0, drained));
    this.backlogAt = now;
  }

  /** Probes say that it carries `rate`; traffic will say it better. */
  probed(rate: number): void {
    if (this.capacity === 0) this.capacity = rate;
  }

  /** Nothing waits: a link of unknown capacity may carry more than was assumed. */
  private assumeMore(isFilled: boolean): void {
    if (isFilled) return;
    this.assumed *= ASSUMED_GROWTH;
    this.backlog = 0;
  }

  /** From which queueing delay on a queue is said to stand. */
  private standingUs(): number {
    return STANDING_US + JITTER_SHARE * this.jitterUs;
  }

  /** A shorter queue is full of nothing. */
  private leastFullUs(): number {
    return LEAST_FULL * this.standingUs();
  }

  /** Whether a queue stands that is no work of jitter. */
  private isBeyondJitter(): boolean {
    return this.queueUs > this.leastFullUs();
  }

  private observeDelay(delay: number, now: number): void {
    if (now - this.periodAt > BASE_PERIOD_US) {
      // The least of the period that ends stays in force; an older one is forgotten.
      if (this.periodAt !== 0 && this.periodLeast !== Number.POSITIVE_INFINITY)
        this.baseUs = this.periodLeast;
      this.periodAt = now;
      this.periodLeast = delay;
    }
    this.periodLeast = Math.min(this.periodLeast, delay);
    this.baseUs = Math.min(this.baseUs, delay);
    const queue = delay - this.baseUs;
    this.samples[this.sampleCount++ % SAMPLES] = queue;
    this.queueUs = queue;
    for (let index = 0; index < Math.min(SAMPLES, this.sampleCount); index++) {
      this.queueUs = Math.min(this.queueUs, this.samples[index]);
    }
    // Of what stood, not of single samples: a stall of either end looks like a long queue.
    this.peakQueueUs = Math.max(this.peakQueueUs * PEAK_KEPT, this.queueUs);
  }

  private observeRate(arrival: Arrival, isFilled: boolean, now: number): void {
    const { receivedAt, bytes, arrived, sent } = arrival;
    const elapsed = receivedAt - this.windowAt;
    const counted = bytes >= this.windowBytes && arrived >= this.windowArrived;
    if (this.windowAt < 0 || elapsed > IDLE_US || elapsed < 0 || !counted) {
      if (elapsed > IDLE_US) this.delivered = 0;
      return this.beginWindow(arrival, isFilled);
    }
    const count = arrived - this.windowArrived;
    if (elapsed < RATE_WINDOW_US || count < RATE_DATAGRAMS) return;
    const rate = (bytes - this.windowBytes) / elapsed;
    // A link was busy all the time only if it was fed before its queue could run dry.
    const wasBusy = this.isBeyondJitter() && this.wasFilled && this.windowGap <= this.queueUs;
    const lost = sent - this.windowSent - count;
    this.delivered += RATE_GAIN * (rate - this.delivered);
    if (this.delivered < rate && this.capacity === 0) this.delivered = rate;
    const isCrowded = this.isCrowded() || this.isBurst() || this.isOverflow(sent, lost, now);
    this.observed += sent - this.windowSent;
    this.losses.observe(sent - this.windowSent, lost, isCrowded);
    if (this.losses.endRound(arrival.rtt, now)) this.filledAt = now;
    if (this.capacity === 0) {
      // A first guess, perhaps too low: more will show when it is tried.
      if (isFilled || (isCrowded && lost > 0)) this.capacity = rate;
    } else if (wasBusy || rate > this.capacity) {
      this.capacity += CAPACITY_GAIN * (rate - this.capacity);
    }
    this.beginWindow(arrival, isFilled);
  }

  private beginWindow(arrival: Arrival, isFilled: boolean): void {
    this.windowAt = arrival.receivedAt;
    this.windowBytes = arrival.bytes;
    this.windowArrived = arrival.arrived;
    this.windowSent = arrival.sent;
    this.wasFilled = isFilled;
    this.windowGap = 0;
    this.windowWait = 0;
  }

  /** Whether a queue was lately long enough to have dropped what is lost. */
  private isCrowded(): boolean {
    const longest = this.longestUs();
    return longest > this.leastFullUs() && longest > FULL_SHARE * this.peakQueueUs;
  }

  /** The longest queue of the last samples. */
  private longestUs(): number {
    let longest = 0;
    for (let index = 0; index < Math.min(SAMPLES, this.sampleCount); index++) {
      longest = Math.max(longest, this.samples[index]);
    }
    return longest;
  }

  /** A queue that is no longer than this drops nothing, by what is known of it. */
  private safeUs(): number {
    return this.peakQueueUs > this.leastFullUs() ? FULL_SHARE * this.peakQueueUs : STANDING_US;
  }

  /** Whether its queue may drop now, or has of late: as measured, or as what was sent lets expect. */
  isFull(now: number): boolean {
    if (now < this.fullUntil) return true;
    // A queue that was never seen to stand may be too short to be seen: it overflows near the capacity.
    return this.peakQueueUs < this.leastFullUs() && this.delivered > NEAR_SHARE * this.capacity;
  }

  /** Whether our own sending filled a queue between two reports, by what is known of the capacity. */
  private isBurst(): boolean {
    return this.windowWait > this.leastFullUs();
  }

  /** Whether many were lost at once soon after a queue stood. */
  private isOverflow(sent: number, lost: number, now: number): boolean {
    const isMany = lost >= OVERFLOW_LOST && lost > OVERFLOW_SHARE * (sent - this.windowSent);
    return isMany && now - this.filledAt < OVERFLOW_US;
  }

  /** Whether it has stood full since then, or lost something that is not forgotten. */
  isBoundSince(at: number): boolean {
    return this.filledAt > at || this.losses.isAny;
  }

  /** Bytes leave by the link. */
  sent(bytes: number, now: number): void {
    this.drain(now);
    this.backlog += bytes;
    if (this.waitUs(now) > this.safeUs()) this.fullUntil = now + FULL_US;
  }

  private drain(now: number): void {
    const elapsed = now - this.backlogAt;
    this.backlogAt = now;
    const capacity = this.capacity === 0 ? this.assumed : this.capacity;
    if (capacity === 0) this.backlog = 0;
    else if (elapsed > 0) this.backlog = Math.max(0, this.backlog - elapsed * capacity);
  }

  /** While the capacity is unknown, bytes sent drain as fast as by a link of this capacity. */
  assumed = 0;

  /** How long a datagram sent now would wait at the bottleneck, in µs; 0 while nothing is known of the capacity. */
  waitUs(now: number): number {
    const capacity = this.capacity === 0 ? this.assumed : this.capacity;
    if (capacity === 0) return 0;
    return Math.max(0, this.backlog / capacity - (now - this.backlogAt));
  }
}
