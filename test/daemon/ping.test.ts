import { expect, it } from 'vitest';
import { ReadersPace } from '../../src/daemon/methods/ping.js';

it('however many readers ping, few probes go out in a second', () => {
  const pace = new ReadersPace();
  let sent = 0;
  for (let ms = 0; ms < 10_000; ms++) {
    for (let reader = 0; reader < 20; reader++) if (pace.waitMs(ms) === 0) sent++;
  }
  expect(sent).toBe(500);
  const wait = pace.waitMs(10_000 - 1);
  expect(wait).toBeGreaterThan(0);
  expect(pace.waitMs(10_000 - 1 + wait)).toBe(0);
});
