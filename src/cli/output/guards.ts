/** Guards of peers as text. */
import type { GuardBinding, GuardStatus } from '../../api/index.js';
import { duration, plural } from './format.js';
import { type BlockLayout, type Column, table } from './table.js';

const COLUMNS: Column<GuardBinding>[] = [
  { title: '  Address', cell: ({ address }) => `  ${address}` },
  { title: 'MAC address', cell: ({ mac }) => mac },
  {
    title: 'Expires',
    cell: ({ expiresSeconds }) => (expiresSeconds === null ? 'never' : duration(expiresSeconds)),
    align: 'right',
  },
];

export const GUARDS: BlockLayout<GuardStatus> = { block: guardText, whenEmpty: 'No peer is guarded.' };

function guardText(status: GuardStatus): string[] {
  const { drops, bindings } = status;
  const isGuarded = status.source || status.dhcpServer || status.ra || status.multicastRouter;
  return [
    `${status.peer === null ? 'TAP' : `Peer ${status.peer}`} on ${status.interface}`,
    ...(status.source ? [`  Source: ${drops.source} dropped`] : []),
    ...(status.dhcpServer ? [`  DHCP server: ${drops.dhcpServer} dropped`] : []),
    ...(status.ra ? [`  Router advertisements: ${drops.ra} dropped`] : []),
    ...(status.multicastRouter ? [`  Multicast routers: ${drops.multicastRouter} dropped`] : []),
    ...(isGuarded ? [`  Not to be looked through: ${drops.opaque} dropped`] : []),
    ...(status.macLimit === null
      ? []
      : [`  Stations beyond ${status.macLimit}: ${plural(drops.macLimit, 'frame')} dropped`]),
    ...(drops.staticMac === 0
      ? []
      : [`  MAC addresses that are static elsewhere: ${drops.staticMac} dropped`]),
    ...(bindings.length === 0 ? [] : table(COLUMNS, bindings, '')),
  ];
}
