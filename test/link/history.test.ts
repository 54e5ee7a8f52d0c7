import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SERIES } from '../../src/api/history.js';
import { LINK, LINK_WIDTH } from '../../src/contract/stats.js';
import {
  COARSE_SECONDS,
  COARSE_STEPS,
  emptySample,
  FINE_STEPS,
  HISTORY_BYTES,
  LinkHistory,
  type Sample,
} from '../../src/daemon/observe/link-history.js';
import { LinkSampler } from '../../src/daemon/observe/link-sampler.js';

interface Point {
  second: number;
  value: number;
  weight: number;
}

function sampleOf(value: number, weight: number): Sample {
  const sample = emptySample();
  sample.values.fill(value);
  sample.weights.fill(weight);
  return sample;
}

function recorded(points: readonly Point[]): LinkHistory {
  const history = new LinkHistory();
  for (const { second, value, weight } of points) history.add(second, sampleOf(value, weight));
  return history;
}

/** Samples in rising seconds, most of them neighbours, with holes of any length. */
const points = fc
  .array(
    fc.record({
      step: fc.oneof(
        { weight: 20, arbitrary: fc.constant(1) },
        { weight: 2, arbitrary: fc.integer({ min: 2, max: 200 }) },
        { weight: 1, arbitrary: fc.integer({ min: 201, max: 200_000 }) },
      ),
      value: fc.oneof(fc.integer({ min: 0, max: 1_000_000 }), fc.constant(Number.NaN)),
      weight: fc.integer({ min: 0, max: 1000 }),
    }),
    { minLength: 1, maxLength: 400 },
  )
  .chain((steps) =>
    fc.integer({ min: 0, max: 1_000_000 }).map((start): Point[] => {
      let second = start;
      return steps.map(({ step, value, weight }) => {
        second += step;
        return { second, value, weight };
      });
    }),
  );

describe('seconds of history', () => {
  it('hold what was put in, and gaps where nothing was', () => {
    fc.assert(
      fc.property(points, fc.integer({ min: -700, max: 700 }), (given, offset) => {
        const newest = given[given.length - 1].second;
        const last = newest + offset;
        const told = recorded(given).seconds('rttUs', last, FINE_STEPS);
        const bySecond = new Map(given.map(({ second, value }) => [second, value]));
        const expected = Array.from({ length: FINE_STEPS }, (_, index) => {
          const second = last - FINE_STEPS + 1 + index;
          return second > newest - FINE_STEPS ? (bySecond.get(second) ?? Number.NaN) : Number.NaN;
        });
        expect(told).toEqual(expected);
      }),
    );
  });
});

describe('minutes of history', () => {
  it('hold the weighted mean and the largest of their seconds', () => {
    fc.assert(
      fc.property(points, (given) => {
        const newest = Math.floor(given[given.length - 1].second / COARSE_SECONDS);
        const history = recorded(given);
        const means = history.minutes('rttUs', 'mean', newest, COARSE_STEPS);
        const largest = history.minutes('rttUs', 'largest', newest, COARSE_STEPS);
        for (let index = 0; index < COARSE_STEPS; index++) {
          const minute = newest - COARSE_STEPS + 1 + index;
          const within = given.filter(
            ({ second, value, weight }) =>
              Math.floor(second / COARSE_SECONDS) === minute && !Number.isNaN(value) && weight > 0,
          );
          if (within.length === 0) {
            expect([means[index], largest[index]]).toEqual([Number.NaN, Number.NaN]);
            continue;
          }
          const weight = within.reduce((sum, point) => sum + point.weight, 0);
          const mean = within.reduce((sum, point) => sum + point.value * point.weight, 0) / weight;
          expect(Math.abs(means[index] - mean)).toBeLessThanOrEqual(mean * 1e-6);
          expect(largest[index]).toBe(Math.max(...within.map(({ value }) => value)));
        }
      }),
      { numRuns: 50 },
    );
  });

  it('are there only when they are over', () => {
    const history = recorded([{ second: 120, value: 7, weight: 1 }]);
    expect(history.minutes('rttUs', 'mean', 1, 1)).toEqual([Number.NaN]);
    history.add(121, sampleOf(9, 1));
    expect(history.minutes('rttUs', 'mean', 2, 1)).toEqual([8]);
  });
});

describe('memory of history', () => {
  it('is what the configuration says of it', () => {
    expect(HISTORY_BYTES).toBe(139_200);
  });
});

/** The statistics of a table in which only the row of one link is looked at. */
class Stats {
  readonly links = new Float64Array(3 * LINK_WIDTH);
  constructor(readonly row: number) {}

  set(values: Partial<Record<keyof typeof LINK, number>>): this {
    for (const [name, value] of Object.entries(values)) {
      this.links[this.row * LINK_WIDTH + LINK[name as keyof typeof LINK]] = value;
    }
    return this;
  }
}

function told(sample: Sample | null): Record<string, number> {
  if (sample === null) throw new Error('there is no sample yet');
  return Object.fromEntries(SERIES.map((name, index) => [name, sample.values[index]]));
}

describe('a sample', () => {
  const SECOND = 1_000_000;

  it('is the growth of counters over the time that has passed', () => {
    const sampler = new LinkSampler();
    const stats = new Stats(1).set({
      txBytes: 1000,
      rttSumUs: 100,
      rttSamples: 1,
      dueOut: 50,
      arrivedOut: 50,
    });
    expect(sampler.take(stats.links, 1, true, SECOND)).toBeNull();
    stats.set({ txBytes: 4000, rxBytes: 500, rxCopyBytes: 100, rttSumUs: 700, rttSamples: 3 });
    stats.set({ dueOut: 150, arrivedOut: 130, dueIn: 10, arrivedIn: 10, jitterUs: 9, deliveredOutBps: 1234 });
    expect(told(sampler.take(stats.links, 1, true, 3 * SECOND))).toEqual({
      downPermille: 0,
      rttUs: 300,
      jitterUs: 9,
      lossOutPermille: expect.closeTo(200, 6) as number,
      lossInPermille: 0,
      sentBytesPerSecond: 1500,
      deliveredBytesPerSecond: 1234,
      receivedBytesPerSecond: 300,
      queueUs: Number.NaN,
      capacityBytesPerSecond: Number.NaN,
    });
  });

  it('knows nothing of what was not measured', () => {
    const sampler = new LinkSampler();
    const stats = new Stats(0);
    sampler.take(stats.links, 0, true, 0);
    const { rttUs, jitterUs, lossOutPermille, lossInPermille } = told(
      sampler.take(stats.links, 0, true, SECOND),
    );
    expect([rttUs, jitterUs, lossOutPermille, lossInPermille]).toEqual(new Array(4).fill(Number.NaN));
  });

  it('takes a second with a flap in it for one of being down', () => {
    const sampler = new LinkSampler();
    const stats = new Stats(0).set({ transitions: 1 });
    sampler.take(stats.links, 0, true, 0);
    stats.set({ transitions: 3 });
    expect(told(sampler.take(stats.links, 0, true, SECOND))['downPermille']).toBe(1000);
    expect(told(sampler.take(stats.links, 0, true, 2 * SECOND))['downPermille']).toBe(0);
    expect(told(sampler.take(stats.links, 0, false, 3 * SECOND))['downPermille']).toBe(1000);
  });

  it('never shows a negative rate when counters are cleared or the row gets another link', () => {
    const sampler = new LinkSampler();
    const stats = new Stats(2).set({ txBytes: 1e9, dueOut: 1e6, arrivedOut: 1e6 });
    sampler.take(stats.links, 2, true, 0);
    stats.set({ txBytes: 300, dueOut: 10, arrivedOut: 10 });
    const after = told(sampler.take(stats.links, 2, true, SECOND));
    expect(after).toMatchObject({ sentBytesPerSecond: 300, lossOutPermille: 0 });
  });
});
