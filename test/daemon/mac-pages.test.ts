import { describe, expect, it } from 'vitest';
import type { MacFilter } from '../../src/api/index.js';
import type { MacStretch, MacWanted } from '../../src/contract/answers.js';
import { macCounts, macEntries, macPage, macSources } from '../../src/daemon/answers/mac-entries.js';
import type { Finder } from '../../src/daemon/interfaces/finder.js';
import type { InterfaceRuntime } from '../../src/daemon/interfaces/runtime.js';
import { macStretch } from '../../src/switch/mac-rows.js';
import { LOCAL_PORT, MacTable } from '../../src/switch/mac-table.js';

/** An interface whose table has an entry in every `gap`-th of its rows; notes how much it was asked at once. */
function fake(name: string, size: number, gap: number) {
  const asked: number[] = [];
  const macTable = async (from: number, count: number): Promise<MacStretch> => {
    asked.push(count);
    const end = Math.min(from + count, size);
    const rows: MacStretch['rows'] = [];
    for (let row = from; row < end; row++)
      if (row % gap === 0)
        rows.push({ vlan: 0, high: 0x0200, low: row, port: -1, ageUs: 0, isStatic: false });
    return { rows, count: rows.length, next: end < size ? end : -1 };
  };
  const runtime = { name, datapath: { macTable }, peers: { atRow: () => undefined } };
  return { source: all(runtime as unknown as InterfaceRuntime), asked };
}

function all(runtime: InterfaceRuntime) {
  return { runtime, wanted: { vlan: null, port: null, isStatic: null }, address: null };
}

it('a MAC table is listed in pages, each entry once, and the worker asked for little at a time', async () => {
  const tables = [fake('octo0', 50_000, 7), fake('octo1', 10, 1), fake('octo2', 5000, 4999)];
  const runtimes = tables.map(({ source }) => source);
  const found = new Set<string>();
  let cursor: string | undefined;
  let count = 0;
  do {
    const page = await macPage(runtimes, { limit: 100, ...(cursor !== undefined && { cursor }) });
    expect(page.rows.length).toBeLessThanOrEqual(100);
    for (const entry of page.rows) found.add(`${entry.interface} ${entry.mac}`);
    count += page.rows.length;
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  expect([count, found.size]).toEqual([7143 + 10 + 2, 7143 + 10 + 2]);
  expect(Math.max(...tables.flatMap(({ asked }) => asked))).toBeLessThanOrEqual(100);
  expect(await macEntries(runtimes)).toHaveLength(count);
});

it('one answer does not hold a million entries, and an ended worker has none', async () => {
  await expect(macEntries([fake('octo0', 1_000_000, 1).source])).rejects.toThrow('ask for pages');
  const dead = { name: 'octo0', datapath: { macTable: async () => null } } as unknown as InterfaceRuntime;
  expect(await macEntries([all(dead)])).toEqual([]);
});

describe('of a table of 20,000', () => {
  const macs = new MacTable({ limit: 20_000, seed: [1, 2] });
  for (let low = 0; low < 20_000; low++)
    macs.learn(low % 3, 0x0200, low + 1, low % 1000 === 0 ? 7 : LOCAL_PORT, 0);
  macs.addStatic(2, 0x0200, 0x10000001, 7);
  const asked: { rows: number; isCounted: boolean }[] = [];
  const runtime = {
    name: 'octo0',
    config: { macLimit: 20_000 },
    datapath: {
      macTable: async (from: number, rows: number, wanted: MacWanted, isCounted = false) => {
        asked.push({ rows, isCounted });
        return macStretch(macs, { from, rows, wanted, isCounted }, 0);
      },
    },
    peers: { atRow: (row: number) => (row === 7 ? { config: { name: 'osaka' } } : undefined) },
  } as unknown as InterfaceRuntime;
  const find = {
    interfaces: () => [runtime],
    peers: () => [{ runtime, peer: { row: 7 } }],
  } as unknown as Finder;

  it.each<[MacFilter, number]>([
    [{ vlan: 2 }, 6667],
    [{ peer: 'osaka' }, 21],
    [{ local: true }, 19_979],
    [{ state: 'static' }, 1],
    [{ state: 'dynamic', peer: 'osaka', vlan: 1 }, 7],
    [{ address: '*:4e:1*' }, 16],
    [{ address: '02:00:10:00:00:01' }, 1],
    [{ address: '02:00:10:00:00:01', vlan: 1 }, 0],
    [{}, 20_000],
  ])('%j are %i, listed in pages or only counted', async (filter, wanted) => {
    const sources = macSources(find, filter);
    expect(await macCounts(sources)).toEqual([{ interface: 'octo0', count: wanted, limit: 20_000 }]);
    const entries = await macEntries(sources);
    expect(new Set(entries.map(({ mac, vlan }) => `${mac} ${vlan}`)).size).toBe(wanted);
    expect(entries.every(({ peer }) => filter.peer === undefined || peer === filter.peer)).toBe(true);
  });

  it('the worker never makes more than 500 rows at once, and a page ends though nothing was found', async () => {
    for (const { rows, isCounted } of asked) expect(rows).toBeLessThanOrEqual(isCounted ? 4096 : 500);
    asked.length = 0;
    const page = await macPage(macSources(find, { address: 'no:such:*' }), { limit: 200 });
    expect(page).toEqual({ rows: [], next: expect.stringMatching(/^octo0:\d+$/) });
    expect(asked).toHaveLength(64);
  });
});
