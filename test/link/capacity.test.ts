import { describe, expect, it } from 'vitest';
import { LinkCapacity } from '../../src/link/lane/capacity.js';
import { Arrival } from '../../src/link/lane/report.js';
import { seededRandom, withSeed } from '../sim/random.js';

const BYTES = 1500;
/** A path of `rate` bytes a µs and a base delay, its reports, and the estimator that hears them. */
class Path {
  readonly link = new LinkCapacity();
  private readonly arrival = new Arrival();
  busyUntil = 0;
  now = 0;
  sent = 0;
  arrived = 0;
  private longestWait = 0;
  /** Reports come every so many datagrams. */
  every = 64;
  /** How much longer than it must a datagram takes; order is kept. */
  jitter = () => 0;
  private cameAt = 0;

  constructor(
    public rate: number,
    private readonly delayUs = 20_000,
    private readonly queueUs = 50_000,
  ) {}

  /** Offers `rate` bytes a µs for a while; `lose` says which datagrams vanish. */
  run(us: number, rate: number, lose: (index: number) => boolean = () => false): void {
    const gap = BYTES / rate;
    for (const end = this.now + us; this.now < end; this.now += gap) {
      this.sent++;
      this.link.sent(BYTES, this.now);
      this.longestWait = Math.max(this.longestWait, this.link.waitUs(this.now));
      const waits = Math.max(0, this.busyUntil - this.now);
      if (waits > this.queueUs || lose(this.sent)) continue;
      this.busyUntil = this.now + waits + BYTES / this.rate;
      this.arrived++;
      if (this.arrived % this.every !== 0) continue;
      this.cameAt = Math.max(this.cameAt, this.busyUntil + this.delayUs + this.jitter());
      const came = this.cameAt;
      const { arrived, sent, now } = this;
      const delay = came - now;
      const report = { delay, receivedAt: came, bytes: arrived * BYTES, arrived, sent, sentAt: now, gap };
      this.link.report(Object.assign(this.arrival, report, { wait: this.longestWait }), now);
      this.longestWait = 0;
    }
  }
}

describe('capacity of a link', () => {
  it('is unknown while nothing waits, and what is delivered is known', () => {
    const path = new Path(2.5);
    path.run(2e6, 1);
    expect(path.link.capacity).toBe(0);
    expect(path.link.delivered).toBeCloseTo(1, 1);
    expect(path.link.queueUs).toBeLessThan(1000);
  });

  it('is what is delivered while there is a standing queue', () => {
    const path = new Path(2.5);
    path.run(2e6, 3.5);
    expect(path.link.capacity).toBeCloseTo(2.5, 1);
    expect(path.link.queueUs).toBeGreaterThan(30_000);
  });

  it('follows a path that becomes slower, and one that becomes faster', () => {
    const path = new Path(2.5);
    path.run(2e6, 3);
    path.rate = 1;
    path.run(2e6, 3);
    expect(path.link.capacity).toBeCloseTo(1, 1);
    path.rate = 5;
    path.run(2e6, 4);
    expect(path.link.capacity).toBeGreaterThan(3.8);
  });

  it('is not lowered by a path that jitters', () =>
    withSeed((seed) => {
      const random = seededRandom(seed);
      const path = new Path(1.6);
      path.jitter = () => 20_000 * random();
      path.every = 8;
      path.link.probed(1.6);
      // The mean deviation that heartbeats measure of as much.
      path.link.observeJitter(5_000, 2e6);
      path.run(10e6, 0.8);
      expect(path.link.capacity).toBeGreaterThan(1.5);
    }));

  it('tells what a full queue drops from what is lost on the way', () => {
    const crowded = new Path(2.5);
    crowded.run(3e6, 3);
    expect(1 - crowded.arrived / crowded.sent).toBeGreaterThan(0.1);
    expect(crowded.link.losses.share).toBeLessThan(0.01);
    const lossy = new Path(2.5);
    lossy.run(10e6, 2, (index) => index % 100 === 0);
    expect(lossy.link.losses.share).toBeCloseTo(0.01, 3);
  });

  it('takes what a burst of our own drops from a short queue for no random loss', () => {
    const path = new Path(1, 50_000, 15_000);
    path.link.probed(1);
    // 64 KB at once into a queue of 15 KB, then little; queues of a few ms are no longer there when a report comes.
    for (let round = 0; round < 5; round++) {
      path.run(5_000, 12.8);
      path.run(300_000, 0.5);
    }
    expect(path.arrived).toBeLessThan(path.sent - 5 * 20);
    expect(path.link.losses.share).toBe(0);
  });

  it('says how long a datagram would wait, from one report to the next', () => {
    const path = new Path(2.5);
    path.run(2e6, 2.6);
    const { link, now } = path;
    const before = link.waitUs(now);
    for (let index = 0; index < 10; index++) link.sent(2500, now);
    expect(link.waitUs(now) - before).toBeCloseTo(25_000 / link.capacity, 0);
    expect(link.waitUs(now + 1e6)).toBe(0);
  });
});
