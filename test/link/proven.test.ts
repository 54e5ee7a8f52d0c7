import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { provenShare } from '../../src/link/lane/proven.js';

/** The chance that a path which loses `expected` datagrams on the average loses `lost` or more (Poisson). */
function chanceOf(lost: number, expected: number): number {
  let term = Math.exp(-expected);
  let fewer = 0;
  for (let count = 0; count < lost; count++) {
    fewer += term;
    term *= expected / (count + 1);
  }
  return 1 - fewer;
}

describe('what losses prove', () => {
  it('is nothing by one or two, whatever the number of datagrams', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 }), fc.nat(100_000), (lost, due) => {
        expect(provenShare(lost, due)).toBe(0);
      }),
    );
  });

  it('is less than was seen, and in five cases of six no more than the path does lose', () => {
    fc.assert(
      fc.property(fc.integer({ min: 3, max: 60 }), fc.integer({ min: 60, max: 100_000 }), (lost, due) => {
        const share = provenShare(lost, due);
        expect(share).toBeGreaterThan(0);
        expect(share).toBeLessThan(lost / due);
        expect(chanceOf(lost, share * due)).toBeLessThan(1 / 6);
      }),
    );
  });

  it('comes near to what was seen when much was', () => {
    expect(provenShare(10_000, 100_000)).toBeCloseTo(0.1, 2);
  });
});
