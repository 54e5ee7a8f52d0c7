import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ByRow } from '../../src/base/by-row.js';

const ROWS = 40;

it('holds what a map by number holds, in the order of rows', () => {
  const steps = fc.array(fc.tuple(fc.nat(ROWS - 1), fc.boolean()));
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
      for (let row = 0; row < ROWS; row++) {
        expect(rows.get(row)).toBe(map.get(row));
        expect(rows.has(row)).toBe(map.has(row));
      }
      expect([...rows.values()]).toEqual([...map].sort(([a], [b]) => a - b).map(([, thing]) => thing));
    }),
  );
});
