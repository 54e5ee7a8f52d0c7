/** What is known of multicast, for `show multicast`. */
import type { MulticastStretch } from '../../contract/answers.js';
import { FAMILIES, FAMILY } from './address.js';
import type { Snooping } from './snooping.js';

/** The memberships of `count` rows from `from`; with the first ones queriers, router ports and open ports. */
export function multicastStretch(
  snooping: Snooping,
  from: number,
  count: number,
  now: number,
): MulticastStretch {
  const { isOn, groups } = snooping;
  const stretch: MulticastStretch = { rows: [], next: -1, isOn, queriers: [], routers: [], open: [] };
  stretch.next = groups.entries(now, from, count, (vlan, words, port, leftUs) => {
    stretch.rows.push({ vlan, group: [...words], port, leftUs });
  });
  if (from > 0) return stretch;
  addQueriers(snooping, stretch, now);
  addPorts(snooping, stretch, now);
  return stretch;
}

function addQueriers({ queriers }: Snooping, stretch: MulticastStretch, now: number): void {
  for (let row = 0; row < queriers.rows; row++) {
    if (!queriers.isPresent(row, now)) continue;
    stretch.queriers.push({
      vlan: Math.floor(row / FAMILIES),
      isIpv6: row % FAMILIES === FAMILY.IPV6,
      port: queriers.port[row],
      address: [...queriers.address.subarray(4 * row, 4 * row + 4)],
      high: queriers.macHigh[row],
      low: queriers.macLow[row] >>> 0,
      holdUs: queriers.hold(row),
      isSettled: queriers.isSettled(row, now),
      leftUs: queriers.presentUntil[row] - now,
    });
  }
}

function addPorts(snooping: Snooping, stretch: MulticastStretch, now: number): void {
  const { routers, open } = snooping;
  for (let index = 0; index < routers.size; index++) {
    const port = routers.at(index);
    const isIpv4 = snooping.isRouterPort(port, FAMILY.IPV4, now);
    const isIpv6 = snooping.isRouterPort(port, FAMILY.IPV6, now);
    if (isIpv4 || isIpv6) {
      stretch.routers.push({ port, isIpv4, isIpv6, isStatic: snooping.isStaticRouter(port) });
    }
  }
  for (let index = 0; index < open.size; index++) stretch.open.push(open.at(index));
}
