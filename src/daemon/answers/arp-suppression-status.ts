/** The IP addresses that the switch of an interface answers for, with the names of peers. */
import type { ArpSuppressionStatus, KnownAddress, Page, PageParams } from '../../api/index.js';
import { byVlan } from '../../base/order.js';
import type { NeighbourRow, NeighbourStretch } from '../../contract/answers.js';
import { stretchesOf } from '../base/slices.js';
import { addressText, formatMac } from '../interfaces/addresses.js';
import type { InterfaceRuntime } from '../interfaces/runtime.js';
import { MAX_UNPAGED_ROWS, ROWS_AT_ONCE, tablePageOf, tooLong } from './pages.js';

/** The next addresses after the cursor, each time with what their interface has done. */
export function arpSuppressionPage(
  runtimes: readonly InterfaceRuntime[],
  page: PageParams,
): Promise<Page<ArpSuppressionStatus>> {
  const ask = async (runtime: InterfaceRuntime, row: number, count: number) => {
    const stretch = await runtime.datapath.neighbours(row, count);
    return { rows: [statusOf(runtime, stretch, stretch?.rows ?? [])], next: stretch?.next ?? -1 };
  };
  return tablePageOf(runtimes, page, ask, 1);
}

/** All of an interface; throws `RequestError` when its addresses are too many for one answer. */
export async function arpSuppressionStatus(runtime: InterfaceRuntime): Promise<ArpSuppressionStatus> {
  const rows: NeighbourRow[] = [];
  let last: NeighbourStretch | null = null;
  for await (const stretch of stretchesOf((from) => runtime.datapath.neighbours(from, ROWS_AT_ONCE))) {
    rows.push(...stretch.rows);
    last = stretch;
    if (rows.length > MAX_UNPAGED_ROWS) throw tooLong('the addresses are');
  }
  return statusOf(runtime, last, rows);
}

function statusOf(
  runtime: InterfaceRuntime,
  counts: Pick<NeighbourStretch, 'answered' | 'duplicates'> | null,
  rows: readonly NeighbourRow[],
): ArpSuppressionStatus {
  return {
    interface: runtime.name,
    active: runtime.config.arpSuppression ?? false,
    answered: counts?.answered ?? 0,
    duplicates: counts?.duplicates ?? 0,
    addresses: rows.map((row) => addressOf(runtime, row)).sort(byVlan(({ address }) => address)),
  };
}

function addressOf(runtime: InterfaceRuntime, row: NeighbourRow): KnownAddress {
  return {
    vlan: row.vlan,
    address: addressText(row.words),
    mac: formatMac(row.high, row.low),
    peer: runtime.peers.atRow(row.port)?.config.name ?? null,
    state: row.isDuplicate ? 'duplicate' : 'known',
    router: row.isRouter,
    expiresSeconds: Math.round(row.leftUs / 1e6),
  };
}
