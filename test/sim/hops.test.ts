/** The nodes of the virtual wire do what their names say: everything else in the simulator rests on them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ipUdpOverhead } from '../../src/wire/overhead.js';
import type { Endpoint } from './endpoint.js';
import { addressOf } from './endpoint.js';
import type { Datagram, Hop } from './hop.js';
import { burstLoss, burstsOf } from './hops/burst-loss.js';
import { corrupt } from './hops/corrupt.js';
import { delay } from './hops/delay.js';
import { duplicate } from './hops/duplicate.js';
import { fading } from './hops/fading.js';
import { Gate } from './hops/gate.js';
import { jitter } from './hops/jitter.js';
import { loss } from './hops/loss.js';
import { mtu } from './hops/mtu.js';
import { Bottleneck, mbit } from './hops/rate.js';
import { reorder } from './hops/reorder.js';
import { seededRandom, withSeed } from './random.js';

const FAMILY = 4;
const MANY = 40_000;

function datagram(size: number): Datagram {
  const place = { ...addressOf(0, 0), port: 7700 };
  const from = { family: FAMILY } as Endpoint;
  return { bytes: new Uint8Array(size - ipUdpOverhead(FAMILY)), from, source: place, target: place };
}

interface Passed {
  /** Its place in the order of sending. */
  readonly number: number;
  readonly at: number;
  readonly bytes: Uint8Array;
}

/** Sends `count` datagrams of `size` bytes, headers included, `periodUs` apart; what came out, by time of arrival. */
function send(hop: Hop, count: number, periodUs: number, size = 1000): Passed[] {
  const passed: Passed[] = [];
  for (let number = 0; number < count; number++) {
    const now = number * periodUs;
    hop.pass(datagram(size), now, ({ bytes }, delayUs) => passed.push({ number, at: now + delayUs, bytes }));
  }
  return passed.sort((a, b) => a.at - b.at);
}

/** Lengths of the runs of datagrams that did not come through. */
function gaps(passed: Passed[]): number[] {
  return passed
    .slice(1)
    .map(({ number }, at) => number - passed[at].number - 1)
    .filter((gap) => gap > 0);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

describe('a bottleneck', () => {
  it('passes what its rate allows, evenly spaced and in order, and drops the rest', () => {
    const hop = new Bottleneck(mbit(8), { bytes: 20_000 });
    const passed = send(hop, 1000, 500);
    // 8 Mbit/s is a datagram of 1000 bytes a millisecond; twice that is sent for half a second; 20 wait at the end.
    expect(passed).toHaveLength(520);
    expect(hop.dropped).toBe(1000 - 520);
    expect(hop.passedBytes).toBe(520_000);
    expect(passed.slice(1).map(({ at }, place) => at - passed[place].at)).toEqual(Array(519).fill(1000));
    expect(passed.map(({ number }) => number)).toEqual(
      [...passed].map(({ number }) => number).sort((a, b) => a - b),
    );
  });

  it('holds a queue as long as asked for, in bytes or in milliseconds', () => {
    for (const queue of [{ bytes: 50_000 }, { ms: 50 }]) {
      const hop = new Bottleneck(mbit(8), queue);
      const delays = send(hop, 2000, 100).map(({ at, number }) => at - number * 100);
      // What is being sent, and what may wait before it.
      expect(Math.max(...delays)).toBeGreaterThan(50_000);
      expect(Math.max(...delays)).toBeLessThanOrEqual(52_000);
    }
  });

  it('that is idle delays a datagram by its own length', () => {
    const passed = send(new Bottleneck(mbit(8), { bytes: 0 }), 10, 5000);
    expect(passed.map(({ at, number }) => at - number * 5000)).toEqual(Array(10).fill(1000));
  });

  it('changes its rate while traffic flows', () => {
    const hop = new Bottleneck(mbit(80), { ms: 20 });
    expect(send(hop, 100, 100)).toHaveLength(100);
    hop.bytesPerSecond = mbit(0.8);
    const passed = send(hop, 100, 100);
    expect(passed.length).toBeLessThan(5);
  });

  it('shared by two wires divides its rate among them', () => {
    const hop = new Bottleneck(mbit(8), { ms: 5 });
    const counts = [0, 0];
    for (let number = 0; number < 2000; number++) {
      hop.pass(datagram(1000), number * 500, () => counts[number % 2]++);
    }
    expect(counts[0] + counts[1]).toBe(1005);
  });
});

describe('loss', () => {
  it('at random takes its share, in runs no longer than chance makes them', () =>
    withSeed((seed) => {
      const passed = send(loss(0.1, seededRandom(seed)), MANY, 1);
      expect(1 - passed.length / MANY).toBeCloseTo(0.1, 1);
      expect(mean(gaps(passed))).toBeCloseTo(1 / 0.9, 1);
    }));

  it('in bursts takes the share and the length asked for', () =>
    withSeed((seed) => {
      const passed = send(burstLoss(burstsOf(0.05, 10), seededRandom(seed)), MANY * 4, 1);
      expect(1 - passed.length / (MANY * 4)).toBeGreaterThan(0.035);
      expect(1 - passed.length / (MANY * 4)).toBeLessThan(0.065);
      expect(mean(gaps(passed))).toBeGreaterThan(8);
      expect(mean(gaps(passed))).toBeLessThan(12);
    }));

  it('of two states loses in each what is asked for', () =>
    withSeed((seed) => {
      const bursts = { start: 0.01, end: 0.01, goodLoss: 0.02, badLoss: 0.4 };
      const passed = send(burstLoss(bursts, seededRandom(seed)), MANY * 4, 1);
      expect(1 - passed.length / (MANY * 4)).toBeGreaterThan(0.17);
      expect(1 - passed.length / (MANY * 4)).toBeLessThan(0.25);
    }));

  it('by fading lasts as long however much is sent', () =>
    withSeed((seed) => {
      for (const periodUs of [500, 2000]) {
        const hop = fading(90_000, 10_000, seededRandom(seed));
        const passed = send(hop, 60_000_000 / periodUs, periodUs);
        const lost = 1 - (passed.length * periodUs) / 60_000_000;
        expect(lost).toBeGreaterThan(0.07);
        expect(lost).toBeLessThan(0.135);
        expect(mean(gaps(passed)) * periodUs).toBeGreaterThan(7_000);
        expect(mean(gaps(passed)) * periodUs).toBeLessThan(13_500);
      }
    }));
});

describe('what changes time and order', () => {
  it('delay is the same for all', () => {
    for (const { at, number } of send(delay(3000), 50, 10)) expect(at).toBe(number * 10 + 3000);
  });

  it('jitter stays within its bound and keeps the order', () =>
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 5000 }), (seed, mostUs) => {
        const passed = send(jitter(mostUs, seededRandom(seed)), 300, 100);
        expect(passed.map(({ number }) => number)).toEqual([...Array(300).keys()]);
        for (const { at, number } of passed) expect(at - number * 100).toBeLessThanOrEqual(mostUs);
      }),
    ));

  it('reorder lets others overtake its share', () =>
    withSeed((seed) => {
      const passed = send(reorder(0.2, 1000, seededRandom(seed)), MANY, 100);
      expect(passed).toHaveLength(MANY);
      const late = passed.filter(({ at, number }) => at > number * 100).length;
      expect(late / MANY).toBeCloseTo(0.2, 1);
    }));
});

describe('what changes datagrams', () => {
  it('duplicate repeats its share, the same bytes a little later', () =>
    withSeed((seed) => {
      const passed = send(duplicate(0.25, 50, seededRandom(seed)), MANY, 100);
      expect(passed.length / MANY).toBeCloseTo(1.25, 1);
    }));

  it('corrupt flips one bit, and leaves the original as it was', () =>
    withSeed((seed) => {
      const flipped = send(corrupt(1, seededRandom(seed)), 200, 1).map(({ bytes }) =>
        bytes.reduce((bits, byte) => bits + byte.toString(2).replaceAll('0', '').length, 0),
      );
      expect(flipped).toEqual(Array(200).fill(1));
    }));

  it('mtu swallows what is larger, and nothing else', () => {
    expect(send(mtu(1400), 3, 1, 1400)).toHaveLength(3);
    expect(send(mtu(1400), 3, 1, 1401)).toHaveLength(0);
  });

  it('a gate swallows everything while it is closed', () => {
    const gate = new Gate();
    gate.isOpen = false;
    expect(send(gate, 5, 1)).toHaveLength(0);
    gate.isOpen = true;
    expect(send(gate, 5, 1)).toHaveLength(5);
  });
});
