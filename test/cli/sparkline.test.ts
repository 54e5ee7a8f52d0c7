import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sparkline } from '../../src/cli/output/sparkline.js';

describe('a sparkline', () => {
  it('rises with its values, from the smallest to the largest', () => {
    expect(sparkline([0, 1, 2, 3, 4, 5, 6, 7])).toBe('▁▂▃▄▅▆▇█');
    expect(sparkline([10, 20, 15])).toBe('▁█▅');
  });

  it('leaves a gap where nothing was measured', () => {
    expect(sparkline([1, null, 2])).toBe('▁ █');
    expect(sparkline([null, null])).toBe('  ');
    expect(sparkline([])).toBe('');
  });

  it('is flat for a flat series, and keeps to a scale it is given', () => {
    expect(sparkline([5, 5, 5])).toBe('▁▁▁');
    expect(sparkline([5, 5], 2, { low: 0 })).toBe('██');
    expect(sparkline([-1, 50, 200], 3, { low: 0, high: 100 })).toBe('▁▅█');
  });

  it('shows the peaks of a series that is longer than its width', () => {
    expect(sparkline([0, 0, 0, 7, 0, null], 3)).toBe('▁█▁');
    expect(sparkline([null, null, 1, 2], 2)).toBe(' ▁');
    expect(sparkline([1, 2, 3], 0)).toBe('');
  });

  it('never takes more columns than it may', () => {
    const series = fc.array(fc.option(fc.double({ min: -1e12, max: 1e12, noNaN: true })));
    fc.assert(
      fc.property(series, fc.nat(40), (values, width) => {
        const drawn = sparkline(values, width);
        expect(drawn).toHaveLength(Math.min(values.length, width));
        expect(drawn).toMatch(/^[ ▁▂▃▄▅▆▇█]*$/);
      }),
    );
  });
});
