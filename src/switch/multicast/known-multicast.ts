/** What was known of multicast before a restart, put back: who asks, and where routers are. Who wants what is asked anew. */
import type { KnownMulticast } from '../../contract/answers.js';
import { FAMILY, IpAddress } from './address.js';
import { isSwitchQuerier } from './own-querier.js';
import { OWN, querierRow } from './queriers.js';
import type { Snooping } from './snooping.js';

/**
 * Takes what is known of ports that are there. What has been heard since then knows better. Time in µs.
 * @param isThere Whether a port is.
 */
export function recallMulticast(
  snooping: Snooping,
  { queriers, routers }: KnownMulticast,
  isThere: (port: number) => boolean,
  now: number,
): void {
  if (!snooping.isOn) return;
  for (const { port, isIpv4, isIpv6 } of routers) {
    if (!isThere(port)) continue;
    if (isIpv4) snooping.routerHeard(port, querierRow(0, FAMILY.IPV4), now);
    if (isIpv6) snooping.routerHeard(port, querierRow(0, FAMILY.IPV6), now);
  }
  const source = new IpAddress();
  for (const querier of queriers) {
    const { vlan, isIpv6, port } = querier;
    const row = querierRow(vlan, isIpv6 ? FAMILY.IPV6 : FAMILY.IPV4);
    snooping.own.spokenIn(vlan);
    if (port === OWN || !isThere(port)) continue;
    snooping.queriers.recall(row, querier, now);
    source.words.set(querier.address);
    // A switch asks by itself when a port comes, and of two such the wrong one might fall silent.
    if (!isSwitchQuerier(source)) snooping.solicitation.want(row);
  }
}
