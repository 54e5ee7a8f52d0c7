import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RttHistograms } from '../../src/state/rtt-histogram.js';

const SECOND = 1_000_000;
/** A bucket is at most this part of its values wide. */
const BUCKET = 1 / 8;
/** Below it all values share a bucket. */
const FIRST_BUCKET_US = 72;

function filled(samples: readonly number[], atUs: (index: number) => number = () => 0): RttHistograms {
  const histograms = new RttHistograms();
  histograms.ensure(3);
  histograms.reset(1);
  samples.forEach((us, index) => {
    histograms.add(1, us, atUs(index));
  });
  return histograms;
}

/** The smallest value that at least `part` of the samples do not exceed. */
function exact(samples: readonly number[], part: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.max(1, Math.ceil(part * sorted.length)) - 1];
}

const rtt = fc.double({ min: 0, max: 4_000_000, noNaN: true });

describe('percentiles of round-trip times', () => {
  it('lie in the bucket of the exact one, whatever the samples', () => {
    fc.assert(
      fc.property(
        fc.array(rtt, { minLength: 1, maxLength: 500 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (samples, part) => {
          const told = filled(samples).percentile(1, part);
          const truth = exact(samples, part);
          const off = Math.abs(told - truth);
          expect(off).toBeLessThanOrEqual(Math.max(FIRST_BUCKET_US, truth * BUCKET * (1 + 1e-9)));
        },
      ),
    );
  });

  it('rise with the part asked for and stay between smallest and largest', () => {
    fc.assert(
      fc.property(fc.array(rtt, { minLength: 1, maxLength: 200 }), (samples) => {
        const histograms = filled(samples);
        const told = [0, 0.1, 0.5, 0.9, 0.95, 0.99, 1].map((part) => histograms.percentile(1, part));
        expect(told).toEqual([...told].sort((a, b) => a - b));
        expect(told[0]).toBeGreaterThanOrEqual(Math.min(...samples));
        expect(told[told.length - 1]).toBeLessThanOrEqual(Math.max(...samples));
      }),
    );
  });

  it('are exact when all samples are equal, however large', () => {
    for (const us of [0, 1, 63, 64, 12_345, 4_194_304, 60_000_000]) {
      expect(filled([us, us, us]).percentile(1, 0.99)).toBe(us);
    }
  });

  it('forget what is older than a minute, and remember the last half of one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 1, max: 20 }), (first, perSecond) => {
        const histograms = filled([]);
        const add = (us: number, from: number, seconds: number): void => {
          for (let index = 0; index < seconds * perSecond; index++) {
            histograms.add(1, us, (from + index / perSecond) * SECOND);
          }
        };
        add(1000, first, 40);
        add(9000, first + 40, 30);
        expect(histograms.percentile(1, 1)).toBe(9000);
        add(9000, first + 70, 31);
        expect(histograms.percentile(1, 0)).toBe(9000);
      }),
    );
  });

  it('start over after a long silence', () => {
    const histograms = filled([500_000, 500_000], (index) => index * SECOND);
    histograms.add(1, 1000, 1000 * SECOND);
    expect(histograms.percentile(1, 0.99)).toBe(1000);
  });

  it('of one row have nothing to do with those of others', () => {
    const histograms = filled([1000, 2000]);
    histograms.reset(0);
    histograms.reset(2);
    expect([histograms.percentile(0, 0.5), histograms.percentile(2, 0.5)]).toEqual([0, 0]);
  });

  it('survive growth of the table', () => {
    const histograms = filled([1000, 1000, 8000]);
    histograms.ensure(500);
    expect(histograms.percentile(1, 1)).toBe(8000);
  });

  it('survive more samples of one value than a bucket counts', () => {
    const samples = new Array<number>(70_000).fill(5000);
    expect(filled([...samples, 90_000]).percentile(1, 0.5)).toBe(5000);
  });
});
