import { expect, test } from 'vitest';
import { workerCount } from '../../src/daemon/interfaces/worker-count.js';

test('by itself a datapath leaves a processor to others and takes four at most', () => {
  const counts = [1, 2, 3, 4, 5, 6, 64].map((processors) => workerCount('auto', processors));
  expect(counts).toEqual([1, 1, 2, 3, 4, 4, 4]);
});

test('a number counts whatever the processors', () => {
  expect(workerCount(8, 1)).toBe(8);
  expect(workerCount(1, 64)).toBe(1);
});
