/** How a bandwidth test makes way for users of its link. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { YieldingRate } from '../../src/daemon/interfaces/yielding-rate.js';

const CALM = { due: 100, arrived: 100, queueUs: 500 };
const CONGESTED = { due: 100, arrived: 80, queueUs: 500 };
const QUEUED = { due: 100, arrived: 100, queueUs: 50_000 };

function after(looks: number, rate: YieldingRate, look: Parameters<YieldingRate['look']>[0]): number {
  for (let count = 0; count < looks; count++) rate.look(look);
  return rate.kbps;
}

it('keeps its rate on a link without users, however full that is', () => {
  const rate = new YieldingRate(50_000);
  expect(after(40, rate, { frames: 0, ...CONGESTED })).toBe(50_000);
  // What an idle LAN says to itself is nobody who waits.
  expect(after(40, rate, { frames: 2, ...CONGESTED })).toBe(50_000);
  expect(rate.hasYielded).toBe(false);
});

it('keeps its rate beside users while there is room for all', () => {
  const rate = new YieldingRate(50_000);
  expect(after(40, rate, { frames: 1000, ...CALM })).toBe(50_000);
  expect(rate.hasYielded).toBe(false);
});

it.each([CONGESTED, QUEUED])(
  'gives way to users within a second and a half, and takes again what they leave',
  (bad) => {
    const rate = new YieldingRate(50_000);
    expect(after(6, rate, { frames: 1000, ...bad })).toBeLessThan(1000);
    expect(after(40, rate, { frames: 1000, ...bad })).toBe(128);
    expect(rate.hasYielded).toBe(true);
    expect(after(16, rate, { frames: 1000, ...CALM })).toBe(50_000);
    after(10, rate, { frames: 1000, ...bad });
    expect(after(4, rate, { frames: 0, ...bad })).toBe(50_000);
  },
);

it('never sends more than was asked for, nor nothing', () => {
  const look = fc.record({
    frames: fc.nat(1000),
    due: fc.nat(1000),
    arrived: fc.nat(1000),
    queueUs: fc.nat(100_000),
  });
  fc.assert(
    fc.property(fc.integer({ min: 8, max: 1_000_000 }), fc.array(look), (wanted, looks) => {
      const rate = new YieldingRate(wanted);
      for (const one of looks) {
        rate.look(one);
        expect(rate.kbps).toBeLessThanOrEqual(wanted);
        expect(rate.kbps).toBeGreaterThanOrEqual(Math.min(128, wanted));
      }
    }),
  );
});
