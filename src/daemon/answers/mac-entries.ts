/** The MAC tables of interfaces, with the names of peers. */
import type { MacCount, MacEntry, MacFilter, Page, PageParams } from '../../api/index.js';
import { effectiveInterface } from '../../config/defaults.js';
import type { MacRow, MacWanted } from '../../contract/answers.js';
import { PORT } from '../../contract/port-settings.js';
import { fits } from '../../grammar/pattern.js';
import { Slices } from '../base/slices.js';
import { formatMac } from '../interfaces/addresses.js';
import type { Finder } from '../interfaces/finder.js';
import type { InterfaceRuntime } from '../interfaces/runtime.js';
import { allOf, ROWS_AT_ONCE, tablePageOf } from './pages.js';

/** Answers about more entries than this are given in pages only. */
const MAX_UNPAGED_ENTRIES = 65_536;
/** Rows that a worker looks at between two batches of frames when it need not make entries of them. */
const COUNTED_AT_ONCE = 4096;

/** The table of one interface, and what is wanted of it. */
export interface MacSource {
  runtime: InterfaceRuntime;
  wanted: MacWanted;
  /** Pattern of the addresses wanted; null: any. */
  address: string | null;
}

/** The tables that have something of what is wanted; throws `RequestError` where a peer is named that there is not. */
export function macSources(
  find: Finder,
  filter: { [Field in keyof MacFilter]: MacFilter[Field] | undefined },
): MacSource[] {
  const { vlan = null, peer, local, address = null, state, interface: name } = filter;
  const isStatic = state === undefined ? null : state === 'static';
  const source = (runtime: InterfaceRuntime, port: number | null): MacSource => ({
    runtime,
    wanted: { vlan, port, isStatic },
    address,
  });
  if (peer === undefined)
    return find.interfaces(name).map((runtime) => source(runtime, local ? PORT.TAP : null));
  return find
    .peers({ peer, ...(name !== undefined && { interface: name }) })
    .map(({ runtime, peer: { row } }) => source(runtime, row));
}

/** The next entries after `cursor`, `limit` at most; fewer where the table has holes or other entries. */
export function macPage(sources: readonly MacSource[], page: PageParams): Promise<Page<MacEntry>> {
  const named = sources.map((source) => ({ ...source, name: source.runtime.name }));
  return tablePageOf(named, page, async ({ runtime, wanted, address }, row, count) => {
    const stretch = await runtime.datapath.macTable(row, count, wanted);
    if (stretch === null) return null;
    const entries = stretch.rows.map((one) => entryOf(runtime, one));
    return {
      rows: entries.filter(({ mac }) => address === null || fits(address, mac)),
      next: stretch.next,
    };
  });
}

/** All entries; throws `RequestError` when they are too many for one answer. */
export function macEntries(sources: readonly MacSource[]): Promise<MacEntry[]> {
  return allOf((page) => macPage(sources, page), MAX_UNPAGED_ENTRIES, 'the entries of the MAC table are');
}

/** How many entries are wanted of each table. */
export async function macCounts(sources: readonly MacSource[]): Promise<MacCount[]> {
  const counts: MacCount[] = [];
  const slices = new Slices();
  for (const { runtime, wanted, address } of sources) {
    // Without a pattern nobody needs to see the addresses.
    const isCounted = address === null;
    let count = 0;
    for (let row = 0; row >= 0; ) {
      const most = isCounted ? COUNTED_AT_ONCE : ROWS_AT_ONCE;
      const stretch = await runtime.datapath.macTable(row, most, wanted, isCounted);
      slices.begun();
      const found = stretch?.rows.filter(({ high, low }) => fits(address ?? '*', formatMac(high, low))) ?? [];
      count += isCounted ? (stretch?.count ?? 0) : found.length;
      row = stretch?.next ?? -1;
      await slices.pause();
    }
    counts.push({ interface: runtime.name, count, limit: effectiveInterface(runtime.config).macLimit });
  }
  return counts;
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
