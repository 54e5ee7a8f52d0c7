import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { Allowance, stretchesOf } from '../../src/daemon/base/slices.js';

it('long work takes a third of the time after a short while, and short work never rests', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0.1, max: 4, noNaN: true }), { minLength: 1, maxLength: 200 }),
      (slices) => {
        let now = 0;
        let [worked, rested] = [0, 0];
        const allowance = new Allowance(() => now);
        for (const slice of slices) {
          now += slice;
          worked += slice;
          const rest = allowance.worked();
          if (worked <= 10) expect(rest).toBe(0);
          now += rest;
          rested += rest;
          allowance.idled();
        }
        expect(rested).toBeCloseTo(Math.max(0, 2 * worked - 20), 6);
      },
    ),
  );
});

it('what was saved up while nobody worked is no more than a short while', () => {
  let now = 0;
  const allowance = new Allowance(() => now);
  now += 60_000;
  allowance.idled();
  for (let slice = 0; slice < 3; slice++) {
    now += 3.5;
    expect(allowance.worked()).toBeCloseTo(slice < 2 ? 0 : 1);
  }
});

it('time without the processor is not rested for', () => {
  let now = 0;
  const allowance = new Allowance(() => now);
  now += 500;
  expect(allowance.worked()).toBe(0);
});

it('a long table is asked for from where each stretch ends, until there is no more or the worker has ended', async () => {
  const rowsOf = async (answers: readonly ({ next: number } | null)[]): Promise<[number[], number]> => {
    const asked: number[] = [];
    let told = 0;
    for await (const _ of stretchesOf(async (from) => answers[asked.push(from) - 1])) told++;
    return [asked, told];
  };
  expect(await rowsOf([{ next: 500 }, { next: 1000 }, { next: -1 }])).toEqual([[0, 500, 1000], 3]);
  expect(await rowsOf([{ next: 500 }, null])).toEqual([[0, 500], 1]);
  expect(await rowsOf([null])).toEqual([[0], 0]);
});
