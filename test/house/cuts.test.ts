import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CutsResult } from '../../bench/cuts.js';
import { cutsReport, percentile, summarize } from '../../bench/cuts-report.js';
import { parseOptions } from '../../bench/options.js';

const sample = (silenceMs: number, lost = 0, duplicated = 0) => ({
  link: 0,
  sent: 50,
  lost,
  duplicated,
  silenceMs,
});

function result(samples: CutsResult['samples']): CutsResult {
  return {
    cuts: samples.length,
    kind: 'black hole',
    links: 2,
    timers: { interval: 10, hold: 30 },
    pingIntervalMs: 2,
    undisturbed: { sent: 500, lost: 0, duplicated: 0, silenceMs: 2.5 },
    samples,
    lateness: [{ host: 'h1', scheduling: 'normal', maxUs: 1234 }],
  };
}

describe('percentile', () => {
  it('is the nearest rank: of a hundred values, all but one are at most the 99th', () => {
    const values = Array.from({ length: 100 }, (_, i) => 100 - i);
    expect([50, 95, 99, 100].map((percent) => percentile(values, percent))).toEqual([50, 95, 99, 100]);
  });

  it('of one value is that value', () => expect(percentile([7], 99)).toBe(7));

  it('is one of the values and is not exceeded by that share of them', () => {
    const numbers = fc.array(fc.double({ noNaN: true }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(numbers, fc.integer({ min: 1, max: 100 }), (values, percent) => {
        const found = percentile(values, percent);
        expect(values).toContain(found);
        const within = values.filter((value) => value <= found).length;
        expect(within * 100).toBeGreaterThanOrEqual(values.length * percent);
      }),
    );
  });

  it('refuses to speak of no values', () => expect(() => percentile([], 50)).toThrow('no values'));
});

describe('the summary of cuts', () => {
  const quick = Array.from({ length: 99 }, () => sample(30));

  it('holds when 99 of 100 cuts stay within 50 ms and nothing is lost', () => {
    const found = summarize(result([...quick, sample(400)]));
    expect(found).toMatchObject({ sent: 5000, lost: 0, held: true });
    expect(found.outageMs).toEqual({ p50: 30, p95: 30, p99: 30, max: 400 });
  });

  it.each([
    ['two of 100 cuts are longer', [...quick.slice(1), sample(51), sample(51)]],
    ['a frame is lost', [...quick, sample(30, 1)]],
    ['a frame comes twice', [...quick, sample(30, 0, 1)]],
  ])('does not hold when %s', (_, samples) => expect(summarize(result(samples)).held).toBe(false));
});

describe('the report of cuts', () => {
  it('names the cut in which frames were lost, and no other', () => {
    const cuts = result([sample(30), sample(45, 3)]);
    const lines = cutsReport(cuts, summarize(cuts)).split('\n');
    expect(lines.filter((line) => line.startsWith('cut '))).toEqual([
      'cut 2 (link 0): 3 lost, 0 duplicated, 45.0 ms',
    ]);
  });

  it('shows how late the datapath thread itself was', () => {
    const cuts = result([sample(30)]);
    expect(cutsReport(cuts, summarize(cuts))).toContain(
      'h1: the datapath thread (normal) was at most 1.2 ms late',
    );
  });
});

describe('the options of cuts', () => {
  it('are black holes between two links by default', () => {
    expect(parseOptions(['--cuts', '100']).cuts).toEqual({ cuts: 100, kind: 'black hole', links: 2 });
  });

  it('are absent when none are asked for', () => expect(parseOptions([]).cuts).toBeUndefined());

  it.each([
    [['--cuts', '0'], '--cuts takes a whole number from 1'],
    [['--cuts', '5', '--kind', 'axe'], "not 'axe'"],
    [['--cuts', '5', '--kind', 'toString'], "not 'toString'"],
    [['--cuts', '5', '--links', '1'], 'from 2 to 8'],
    [['--cuts', '5', '--links', '9'], 'from 2 to 8'],
  ])('refuse %j', (args, message) => expect(() => parseOptions(args)).toThrow(message));
});
