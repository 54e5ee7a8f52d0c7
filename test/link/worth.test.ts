import { describe, expect, it } from 'vitest';
import { Worth } from '../../src/link/lane/worth.js';

interface Link {
  readonly capacity: number;
  readonly carried: number;
  readonly loss: number;
}

/** A link of so many Mbit/s. */
function link(mbit: number, loss = 0): Link {
  return { capacity: mbit / 8, carried: mbit / 8, loss };
}

/** Mbit/s that transfers get of links, each with such a round-trip time. */
function mbitFor(flows: number, rttMs: number, ...links: Link[]): number {
  const worth = new Worth();
  worth.begin();
  for (const { capacity, carried, loss } of links) worth.add(capacity, carried, loss, rttMs * 1000);
  return 8 * worth.of(flows);
}

function mbitOf(rttMs: number, ...links: Link[]): number {
  return mbitFor(1, rttMs, ...links);
}

describe('what TCP makes of links', () => {
  it('is what they carry as long as nothing is lost', () => {
    expect(mbitOf(50, link(10))).toBeCloseTo(10, 6);
    expect(mbitOf(50, link(10), link(5))).toBeCloseTo(15, 6);
  });

  it('is less the more is lost and the longer the way is, and more for several transfers', () => {
    const rates = [0.001, 0.01, 0.1].map((loss) => mbitOf(50, link(100, loss)));
    expect(rates).toEqual([...rates].sort((one, other) => other - one));
    expect(rates[0]).toBeLessThan(20);
    expect(mbitOf(500, link(100, 0.001))).toBeLessThan(rates[0]);
    expect(mbitFor(4, 50, link(100, 0.001))).toBeCloseTo(4 * rates[0], 6);
  });

  it('is more with a link beside them that loses a little, where that takes what the others cannot', () => {
    expect(mbitOf(90, link(11.5), link(17.8, 0.0005))).toBeGreaterThan(11.5);
    // Spread over both alike it would not be.
    expect(mbitOf(90, link(29.3, (0.0005 * 17.8) / 29.3))).toBeLessThan(11.5);
  });

  it('is less where little goes by such a link before the losses cost more', () => {
    expect(mbitOf(90, link(40), link(15, 0.002))).toBeLessThan(0.95 * 40);
    expect(mbitOf(90, link(15, 0.002), link(40))).toBeCloseTo(mbitOf(90, link(40), link(15, 0.002)), 6);
  });

  it('is what the losses allow of a link of unknown capacity', () => {
    const unknown = { capacity: Number.POSITIVE_INFINITY, carried: 0, loss: 0.01 };
    const alone = mbitOf(50, unknown);
    expect(alone).toBeLessThan(10);
    expect(mbitOf(50, link(20), unknown)).toBeGreaterThanOrEqual(0.85 * 20);
    expect(mbitOf(50, { ...unknown, loss: 0 })).toBe(Number.POSITIVE_INFINITY);
  });
});
