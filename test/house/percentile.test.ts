import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseOptions } from '../../bench/options.js';
import { percentile } from '../../scripts/drill/summary.js';

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

describe('the cuts of the bench', () => {
  it('are black holes between two links under the policy passive', () => {
    expect(parseOptions(['--cuts', '100']).cuts).toMatchObject({
      times: 100,
      kinds: ['black-hole'],
      policies: ['passive'],
      loads: ['busy'],
      links: 2,
    });
  });

  it('have short words for a device that goes down', () => {
    expect(parseOptions(['--cuts', '1', '--kind', 'far-end']).cuts?.kinds).toEqual(['far-down']);
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
