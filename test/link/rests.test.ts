import { expect, it } from 'vitest';
import { Rests } from '../../src/link/lane/rests.js';

const SECOND = 1_000_000;
const LINK = 3;
const OTHER = 4;

it('a link rests for 30 s, then for 60, and others do not', () => {
  const rests = new Rests();
  expect(rests.isUntried(LINK)).toBe(true);
  let now = 5 * SECOND;
  for (const seconds of [30, 60]) {
    rests.begin(LINK, 1, now);
    expect([LINK, OTHER].map((link) => rests.isOver(link, 1, now))).toEqual([false, true]);
    now += seconds * SECOND;
    expect(rests.isOver(LINK, 1, now - 1)).toBe(false);
    expect(rests.isOver(LINK, 1, now)).toBe(true);
  }
  expect(rests.isUntried(LINK)).toBe(false);
});

it('twice as many transfers end the rest', () => {
  const rests = new Rests();
  rests.begin(LINK, 3, SECOND);
  expect([1, 3, 5, 6, 60].map((flows) => rests.isOver(LINK, flows, SECOND))).toEqual([
    false,
    false,
    false,
    true,
    true,
  ]);
  rests.begin(LINK, 6, SECOND);
  expect(rests.isOver(LINK, 11, SECOND)).toBe(false);
});
