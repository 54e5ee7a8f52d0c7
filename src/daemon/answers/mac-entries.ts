/** The MAC tables of interfaces, with the names of peers. */
import type { MacEntry, Page, PageParams } from '../../api/index.js';
import type { MacRow } from '../../contract/answers.js';
import { RequestError } from '../base/request-errors.js';
import { formatMac } from '../interfaces/addresses.js';
import type { InterfaceRuntime } from '../interfaces/runtime.js';
import { readCursor } from './pages.js';

const ROWS_OF_A_PAGE = 1000;
/** Rows of the table that the worker looks at before it goes on with frames: a tenth of a millisecond. */
const ROWS_AT_ONCE = 128;
/** Answers about more entries than this are given in pages only. */
const MAX_UNPAGED_ENTRIES = 65_536;

/** The next entries after `cursor`, `limit` at most; fewer where the table has holes. */
export async function macPage(
  runtimes: readonly InterfaceRuntime[],
  { cursor, limit }: PageParams,
): Promise<Page<MacEntry>> {
  const from = cursor === undefined ? null : readCursor(cursor);
  let at = from === null ? 0 : runtimes.findIndex(({ name }) => name === from.name);
  let row = from?.row ?? 0;
  const half = Math.ceil(limit / 2);
  const rows: MacEntry[] = [];
  while (at >= 0 && at < runtimes.length) {
    const runtime = runtimes[at];
    const stretch = await runtime.datapath.macTable(row, Math.min(half, ROWS_AT_ONCE));
    rows.push(...(stretch?.rows ?? []).map((found) => entryOf(runtime, found)));
    row = stretch?.next ?? -1;
    if (row < 0) {
      at++;
      row = 0;
    }
    if (rows.length >= half && at < runtimes.length) return { rows, next: `${runtimes[at].name}:${row}` };
  }
  return { rows, next: null };
}

/** All entries; throws `RequestError` when they are too many for one answer. */
export async function macEntries(runtimes: readonly InterfaceRuntime[]): Promise<MacEntry[]> {
  const entries: MacEntry[] = [];
  let cursor: string | null = null;
  do {
    const params: PageParams = { limit: ROWS_OF_A_PAGE, ...(cursor !== null && { cursor }) };
    const page: Page<MacEntry> = await macPage(runtimes, params);
    entries.push(...page.rows);
    if (entries.length > MAX_UNPAGED_ENTRIES)
      throw new RequestError('the MAC table is too long for one answer: ask for pages');
    cursor = page.next;
  } while (cursor !== null);
  return entries;
}

function entryOf(runtime: InterfaceRuntime, row: MacRow): MacEntry {
  return {
    mac: formatMac(row.high, row.low),
    vlan: row.vlan,
    interface: runtime.name,
    peer: row.port < 0 ? null : (runtime.peers.atRow(row.port)?.config.name ?? null),
    ageSeconds: row.isStatic ? null : Math.round(row.ageUs / 1e6),
    static: row.isStatic,
  };
}
