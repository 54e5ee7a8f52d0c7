/** What the switch of an interface knows of multicast, with the names of peers. */
import type { MulticastGroup, MulticastStatus, Page, PageParams } from '../../api/index.js';
import { byVlan } from '../../base/order.js';
import { effectiveMulticast } from '../../config/defaults.js';
import type { MembershipRow, MulticastStretch, QuerierRow } from '../../contract/answers.js';
import { PORT } from '../../contract/port-settings.js';
import { stretchesOf } from '../base/slices.js';
import { addressText } from '../interfaces/addresses.js';
import type { InterfaceRuntime } from '../interfaces/runtime.js';
import { MAX_UNPAGED_ROWS, ROWS_AT_ONCE, tablePageOf, tooLong } from './pages.js';

/**
 * The next memberships after the cursor, as the groups of their interface: one of which members follow on another page stands there
 * again. What there is besides groups is on the first page of an interface only.
 */
export function multicastPage(
  runtimes: readonly InterfaceRuntime[],
  page: PageParams,
): Promise<Page<MulticastStatus>> {
  const ask = async (runtime: InterfaceRuntime, row: number, count: number) => {
    const stretch = await runtime.datapath.multicast(row, count);
    return { rows: [statusOf(runtime, stretch, stretch?.rows ?? [])], next: stretch?.next ?? -1 };
  };
  return tablePageOf(runtimes, page, ask, 1);
}

/** All of an interface; throws `RequestError` when its memberships are too many for one answer. */
export async function multicastStatus(runtime: InterfaceRuntime): Promise<MulticastStatus> {
  const rows: MembershipRow[] = [];
  let first: MulticastStretch | null = null;
  for await (const stretch of stretchesOf((from) => runtime.datapath.multicast(from, ROWS_AT_ONCE))) {
    first ??= stretch;
    rows.push(...stretch.rows);
    if (rows.length > MAX_UNPAGED_ROWS) throw tooLong('the members of multicast groups are');
  }
  return statusOf(runtime, first, rows);
}

/** `first`: the stretch with what there is besides the memberships; null: the worker has ended. */
function statusOf(
  runtime: InterfaceRuntime,
  first: MulticastStretch | null,
  rows: readonly MembershipRow[],
): MulticastStatus {
  const nameOf = (row: number): string | null => runtime.peers.atRow(row)?.config.name ?? null;
  const wanted = effectiveMulticast(runtime.config);
  return {
    interface: runtime.name,
    snooping: wanted.snooping,
    unregistered: wanted.unregistered,
    fastLeave: wanted.fastLeave,
    querierInterval: wanted.querier?.interval ?? null,
    queriers: (first?.queriers ?? []).map((row) => querierOf(row, nameOf)),
    routerPorts: (first?.routers ?? []).map(({ port, isIpv4, isIpv6, isStatic }) => ({
      peer: nameOf(port),
      families: [...(isIpv4 ? (['ipv4'] as const) : []), ...(isIpv6 ? (['ipv6'] as const) : [])],
      static: isStatic,
    })),
    unsettled: (first?.open ?? []).map(nameOf),
    groups: groupsOf(rows, nameOf),
  };
}

function querierOf(row: QuerierRow, nameOf: (row: number) => string | null): MulticastStatus['queriers'][0] {
  return {
    vlan: row.vlan,
    family: row.isIpv6 ? 'ipv6' : 'ipv4',
    address: addressText(row.address),
    port: row.port === PORT.SWITCH ? 'self' : row.port < 0 ? 'tap' : 'peer',
    peer: nameOf(row.port),
    settled: row.isSettled,
    expiresSeconds: Math.round(row.leftUs / 1e6),
  };
}

function groupsOf(rows: readonly MembershipRow[], nameOf: (row: number) => string | null): MulticastGroup[] {
  const groups = new Map<string, MulticastGroup>();
  for (const row of rows) {
    const key = `${row.vlan}/${row.group.join('/')}`;
    const group = groups.get(key) ?? { vlan: row.vlan, group: addressText(row.group), members: [] };
    groups.set(key, group);
    group.members.push({ peer: nameOf(row.port), expiresSeconds: Math.round(row.leftUs / 1e6) });
  }
  return [...groups.values()].sort(byVlan(({ group }) => group));
}
