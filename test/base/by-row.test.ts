import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ByRow } from '../../src/base/by-row.js';

const ROWS = 2000;

it('holds what a map by number holds, in the order of rows', () => {
  const steps = fc.array(fc.tuple(fc.oneof(fc.nat(40), fc.nat(ROWS - 1)), fc.boolean()));
  fc.assert(
    fc.property(steps, (all) => {
      const map = new Map<number, object>();
      const rows = new ByRow<object>();
      for (const [row, isSet] of all) {
        const thing = { row };
        if (isSet) map.set(row, thing);
        else map.delete(row);
        if (isSet) rows.set(row, thing);
        else rows.delete(row);
      }
      expect(rows.size).toBe(map.size);
      expect(rows.end).toBe(Math.max(0, ...all.filter(([, isSet]) => isSet).map(([row]) => row + 1)));
      for (const row of [-1, ...all.flatMap(([row]) => [row, row + 1]), ROWS]) {
        expect(rows.get(row)).toBe(map.get(row));
        expect(rows.has(row)).toBe(map.has(row));
      }
      expect([...rows.values()]).toEqual([...map].sort(([a], [b]) => a - b).map(([, thing]) => thing));
    }),
  );
});
