/** Guards of peers with their names. */
import type { GuardStatus, Page, PageParams } from '../../api/index.js';
import type { GuardRow } from '../../contract/answers.js';
import { addressText, formatMac } from '../interfaces/addresses.js';
import { MAX_UNPAGED_PEERS } from '../interfaces/finder.js';
import type { InterfaceRuntime } from '../interfaces/runtime.js';
import { allOf, tablePageOf } from './pages.js';

/** The next guarded ports after the cursor. */
export function guardPage(
  runtimes: readonly InterfaceRuntime[],
  page: PageParams,
): Promise<Page<GuardStatus>> {
  return tablePageOf(runtimes, page, async (runtime, port, ports) => {
    const stretch = await runtime.datapath.guards(port, ports);
    return stretch && { rows: stretch.rows.map((row) => statusOf(runtime, row)), next: stretch.next };
  });
}

/** All of them; throws `RequestError` when they are too many for one answer. */
export function guardStatus(runtimes: readonly InterfaceRuntime[]): Promise<GuardStatus[]> {
  return allOf((page) => guardPage(runtimes, page), MAX_UNPAGED_PEERS, 'the guarded peers are');
}

function statusOf(runtime: InterfaceRuntime, row: GuardRow): GuardStatus {
  const { port, settings, bindings, pinned, most, excess } = row;
  const [source, dhcpServer, ra, multicastRouter, opaque] = row.drops;
  return {
    interface: runtime.name,
    peer: runtime.peers.atRow(port)?.config.name ?? null,
    source: settings?.source ?? false,
    dhcpServer: settings?.dhcpServer ?? false,
    ra: settings?.ra ?? false,
    multicastRouter: settings?.multicastRouter ?? false,
    macLimit: most || null,
    drops: { source, dhcpServer, ra, multicastRouter, opaque, staticMac: pinned, macLimit: excess },
    bindings: bindings.map(({ words, leftUs }) => ({
      address: addressText(words.slice(0, 4)),
      mac: formatMac(words[4], words[5] >>> 0),
      expiresSeconds: leftUs === null || !Number.isFinite(leftUs) ? null : Math.round(leftUs / 1e6),
    })),
  };
}
