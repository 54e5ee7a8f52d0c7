import { expect, it } from 'vitest';
import type { MacStretch } from '../../src/contract/answers.js';
import { macEntries, macPage } from '../../src/daemon/answers/mac-entries.js';
import type { InterfaceRuntime } from '../../src/daemon/interfaces/runtime.js';

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
    return { rows, next: end < size ? end : -1 };
  };
  const runtime = { name, datapath: { macTable }, peers: { atRow: () => undefined } };
  return { runtime: runtime as unknown as InterfaceRuntime, asked };
}

it('a MAC table is listed in pages, each entry once, and the worker asked for little at a time', async () => {
  const tables = [fake('octo0', 50_000, 7), fake('octo1', 10, 1), fake('octo2', 5000, 4999)];
  const runtimes = tables.map(({ runtime }) => runtime);
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
  await expect(macEntries([fake('octo0', 1_000_000, 1).runtime])).rejects.toThrow('ask for pages');
  const dead = { name: 'octo0', datapath: { macTable: async () => null } } as unknown as InterfaceRuntime;
  expect(await macEntries([dead])).toEqual([]);
});
