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

it('an index of thousands finds each of them, in whatever order they came and went', () => {
  fc.assert(
    fc.property(fc.nat(1000), fc.nat(3000), fc.integer({ min: 1, max: 2000 }), (seed, rows, kinds) => {
      const index = new RowIndex('others');
      const order = Array.from({ length: rows }, (_, row) => row);
      order.sort((a, b) => mixed(seed, a) - mixed(seed, b));
      const hashOf = (row: number) => mixed(0, row % kinds);
      for (const row of order) index.add(row, hashOf(row));
      for (const row of order) if (row % 3 === 0) index.remove(row);
      const found = order.map((row) => {
        for (let at = index.first(hashOf(row)); at >= 0; at = index.after(at)) if (at === row) return true;
        return false;
      });
      expect(found).toEqual(order.map((row) => row % 3 !== 0));
    }),
    { numRuns: 30 },
  );
});

it('words that differ little have hashes whose low bits differ', () => {
  const low = new Set(Array.from({ length: 256 }, (_, word) => mixed(0, word << 16) & 0xffff));
  expect(low.size).toBeGreaterThan(250);
});
