import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Narrowing, narrowed } from '../../src/cli/commands/narrowing.js';
import { fits } from '../../src/grammar/pattern.js';

async function* pages(given: number[][]): AsyncGenerator<number[]> {
  yield* given;
}

async function rows(given: number[][], narrowing: Partial<Narrowing<number>>): Promise<number[]> {
  const whole = { keep: () => true, order: null, limit: Number.POSITIVE_INFINITY, ...narrowing };
  const found: number[] = [];
  for await (const part of narrowed(pages(given), whole)) found.push(...part);
  return found;
}

describe('what narrows a listing', () => {
  it('keeps, sorts and limits the same however the rows are cut into pages', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.integer({ min: 0, max: 9 }))),
        fc.integer({ min: 1, max: 12 }),
        fc.boolean(),
        async (given, limit, isSorted) => {
          const order = isSorted ? (a: number, b: number) => a - b : null;
          const kept = given.flat().filter((row) => row % 2 === 0);
          const expected = (order === null ? kept : [...kept].sort(order)).slice(0, limit);
          expect(await rows(given, { keep: (row) => row % 2 === 0, order, limit })).toEqual(expected);
        },
      ),
    ));

  it('asks for no page after the last row that is wanted', async () => {
    const untouched = async function* (): AsyncGenerator<number[]> {
      yield [1, 2];
      throw new Error('one page too many');
    };
    const found: number[] = [];
    for await (const part of narrowed(untouched(), { keep: () => true, order: null, limit: 2 }))
      found.push(...part);
    expect(found).toEqual([1, 2]);
  });

  it.each([
    ['osaka', 'osaka', true],
    ['osaka', 'osaka2', false],
    ['p?', 'p?', true],
    ['p?', 'p1', false],
    ['*-dc1', 'web-dc1', true],
    ['a.c', 'abc', false],
    ['(x+[', '(x+[', true],
  ])('pattern %s and name %s: %s', (pattern, name, expected) => {
    expect(fits(pattern, name)).toBe(expected);
  });
});
