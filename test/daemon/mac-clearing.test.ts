import { expect, it } from 'vitest';
import type { MacClearing } from '../../src/contract/answers.js';
import { clearMacs } from '../../src/daemon/answers/mac-clearing.js';
import type { Finder } from '../../src/daemon/interfaces/finder.js';
import type { InterfaceRuntime } from '../../src/daemon/interfaces/runtime.js';
import { clearMacs as clearSlots } from '../../src/switch/mac-rows.js';
import { LOCAL_PORT, MacTable } from '../../src/switch/mac-table.js';

const ROWS = 20_000;

/** An interface with a long table, a static entry among it; `asked`: how many slots the worker was to look at each time. */
function scene() {
  const macs = new MacTable({ limit: ROWS, seed: [1, 2] });
  for (let low = 1; low < ROWS; low++) macs.learn(low % 3, 0x0200, low, low % 1000 === 0 ? 7 : LOCAL_PORT, 0);
  macs.addStatic(2, 0x0200, 0x10000001, 7);
  const asked: number[] = [];
  const datapath = {
    clearMacs: async (clearing: MacClearing) => {
      asked.push(clearing.slots);
      return structuredClone(clearSlots(macs, structuredClone(clearing), 0));
    },
  };
  const runtime = { name: 'octo0', datapath } as unknown as InterfaceRuntime;
  const find = {
    interfaces: () => [runtime],
    peers: () => [{ runtime, peer: { row: 7 } }],
  } as unknown as Finder;
  return { macs, asked, find };
}

const never = new AbortController().signal;

it.each([
  [{}, ROWS - 1],
  [{ peer: 'osaka' }, 19],
  [{ local: true }, ROWS - 1 - 19],
  [{ vlan: 1 }, 6667],
  [{ vlan: 1, peer: 'osaka' }, 7],
  [{ address: '0200.0000.0011' }, 1],
  [{ address: '02:00:10:00:00:01' }, 0],
])('of a table of 20,000 %j removes %i, some at a time', async (filter, removed) => {
  const { macs, asked, find } = scene();
  expect(await clearMacs(find, filter, never)).toEqual([{ interface: 'octo0', removed }]);
  expect(macs.size).toBe(ROWS - removed);
  expect(Math.max(...asked)).toBeLessThanOrEqual(1024);
});

it('ends when the user gives up, and with the worker', async () => {
  const { macs, asked, find } = scene();
  const stop = new AbortController();
  stop.abort();
  await clearMacs(find, {}, stop.signal);
  expect(asked).toHaveLength(1);
  expect(macs.size).toBeGreaterThan(ROWS / 2);
  const dead = { name: 'octo0', datapath: { clearMacs: async () => null } } as unknown as InterfaceRuntime;
  const none = { interfaces: () => [dead] } as unknown as Finder;
  expect(await clearMacs(none, {}, never)).toEqual([{ interface: 'octo0', removed: 0 }]);
});
