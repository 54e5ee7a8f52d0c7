import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Rows } from '../../src/daemon/interfaces/rows.js';

describe('rows', () => {
  it('are handed out lowest free first, whatever was given back in whatever order', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 200 }), (choices) => {
        const rows = new Rows();
        const used = new Set<number>();
        for (const choice of choices) {
          if (choice % 2 === 0 || used.size === 0) {
            let lowest = 0;
            while (used.has(lowest)) lowest++;
            expect(rows.take()).toBe(lowest);
            used.add(lowest);
          } else {
            const row = [...used][choice % used.size];
            used.delete(row);
            rows.release(row);
          }
          for (const row of used) expect(row).toBeLessThan(rows.end);
        }
      }),
    );
  });
});
