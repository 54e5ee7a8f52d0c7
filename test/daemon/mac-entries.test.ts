import { expect, it } from 'vitest';
import type { MacRow, MacStretch } from '../../src/contract/answers.js';
import { type MacSource, macCounts } from '../../src/daemon/answers/mac-entries.js';

const ROWS = 60_000;

/** An interface whose worker has so many addresses and answers at once. */
function sourceOf(addresses: number): MacSource {
  const row: MacRow = { high: 0x0200, low: 7, vlan: 0, port: -1, ageUs: 0, isStatic: false };
  const macTable = async (from: number, rows: number): Promise<MacStretch> => {
    const found = Math.min(rows, addresses - from);
    const next = from + found < addresses ? from + found : -1;
    return { rows: new Array<MacRow>(found).fill(row), count: found, next };
  };
  const runtime = { name: 'octo0', datapath: { macTable }, config: { name: 'octo0', peers: [] } };
  return {
    runtime: runtime as unknown as MacSource['runtime'],
    wanted: { vlan: null, port: null, isStatic: null },
    address: '*:07',
  };
}

it('a long table is counted while others have their turns', async () => {
  let [turns, isDone] = [0, false];
  const take = (): void => {
    turns++;
    if (!isDone) setImmediate(take);
  };
  setImmediate(take);
  const [{ count }] = await macCounts([sourceOf(ROWS)]);
  isDone = true;
  expect(count).toBe(ROWS);
  expect(turns).toBeGreaterThan(2);
});
