import { describe, expect, it } from 'vitest';
import { Line } from '../../src/link/life/line.js';
import { seededRandom, withSeed } from '../sim/random.js';

function lineThrough(values: readonly number[]): Line {
  const sums = [0, 0, 0];
  values.forEach((value, place) => {
    sums[0] += value;
    sums[1] += value * value;
    sums[2] += place * value;
  });
  return new Line().through(values.length, sums[0], sums[1], sums[2]);
}

describe('the straight line through values', () => {
  it('goes through those that lie on one', () => {
    const { slope, scatter } = lineThrough([5, 8, 11, 14, 17]);
    expect(slope).toBeCloseTo(3, 9);
    expect(scatter).toBeCloseTo(0, 5);
    expect(lineThrough([4, 6]).slope).toBeCloseTo(2, 9);
  });

  it('is as steep as a noisy one, and says how noisy that is', () =>
    withSeed((seed) => {
      const random = seededRandom(seed);
      const values = Array.from({ length: 2000 }, (_, place) => 7 * place + 100 * random());
      const { slope, scatter } = lineThrough(values);
      expect(slope).toBeCloseTo(7, 1);
      // Of an even distribution: its width by the root of 12.
      expect(Math.abs(scatter - 100 / Math.sqrt(12))).toBeLessThan(3);
    }));
});
