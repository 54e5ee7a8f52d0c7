import fc from 'fast-check';
import { expect, it } from 'vitest';
import { mixed, RowIndex } from '../../src/base/row-index.js';

it('an index finds the rows of a hash, whatever was done before', () => {
  const step = fc.record({
    row: fc.nat(200),
    hash: fc.constantFrom(0, 1, 2, 33, 65, -1),
    isThere: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const index = new RowIndex('others');
      let model: { row: number; hash: number }[] = [];
      for (const { row, hash, isThere } of steps) {
        index.remove(row);
        model = model.filter((other) => other.row !== row);
        if (isThere) {
          index.add(row, hash);
          model.push({ row, hash });
        }
        for (const asked of [0, 1, 2, 33, 65, -1, 7]) {
          const found: number[] = [];
          for (let at = index.first(asked); at >= 0; at = index.after(at)) found.push(at);
          const expected = model.filter((other) => other.hash === asked).map((other) => other.row);
          expect(found.sort()).toEqual(expected.sort());
        }
      }
    }),
  );
});

it('words that differ little have hashes whose low bits differ', () => {
  const low = new Set(Array.from({ length: 256 }, (_, word) => mixed(0, word << 16) & 0xffff));
  expect(low.size).toBeGreaterThan(250);
});
