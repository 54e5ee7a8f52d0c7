import { expect, it } from 'vitest';
import { INTERFACE, SharedStats } from '../../src/contract/stats.js';
import type { InterfaceRuntime } from '../../src/daemon/interfaces/runtime.js';
import { InterfaceRates } from '../../src/daemon/observe/interface-rates.js';

function scene() {
  const stats = new SharedStats({ peers: 1, links: 1 });
  const runtime = { name: 'octo0', datapath: { stats } } as unknown as InterfaceRuntime;
  const rates = new InterfaceRates();
  const run = (from: number, to: number, bytesEach: number): void => {
    for (let second = from; second < to; second++) {
      stats.interface[INTERFACE.tapTxBytes] += bytesEach;
      rates.look([runtime], second);
    }
  };
  return { stats, rates, run };
}

it('gives means of the last five seconds and of the last five minutes, received and sent apart', () => {
  const { rates, run } = scene();
  run(0, 1, 0);
  expect(rates.of('octo0')).toEqual([]);
  run(1, 996, 100);
  run(996, 1001, 1000);
  const [short, long] = rates.of('octo0');
  expect(short).toMatchObject({ seconds: 5, rxBytesPerSecond: 1000, txBytesPerSecond: 0 });
  expect(long).toMatchObject({ seconds: 300, rxBytesPerSecond: (295 * 100 + 5 * 1000) / 300 });
});

it('takes counters that were cleared to have started from zero, and forgets interfaces that are gone', () => {
  const { stats, rates, run } = scene();
  run(0, 4, 100);
  stats.interface[INTERFACE.tapTxBytes] = 0;
  run(4, 6, 100);
  expect(rates.of('octo0')[0].rxBytesPerSecond).toBe(100);
  rates.look([], 6);
  expect(rates.of('octo0')).toEqual([]);
});
