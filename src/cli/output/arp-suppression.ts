/** What the switch answers in place of stations, as text. */
import type { ArpSuppressionStatus, KnownAddress } from '../../api/index.js';
import { duration } from './format.js';
import { type Column, table } from './table.js';

const COLUMNS: Column<KnownAddress>[] = [
  { title: '  VLAN', cell: ({ vlan }) => `  ${vlan === 0 ? '-' : vlan}` },
  { title: 'Address', cell: ({ address }) => address },
  { title: 'MAC address', cell: ({ mac, state }) => (state === 'duplicate' ? 'duplicate' : mac) },
  { title: 'Port', cell: ({ peer }) => peer ?? 'TAP' },
  { title: 'Expires', cell: ({ expiresSeconds }) => duration(expiresSeconds), align: 'right' },
];

export function arpSuppressionText(statuses: ArpSuppressionStatus[]): string[] {
  if (statuses.length === 0) return ['No interfaces.'];
  return statuses.flatMap((status, index) => [...(index === 0 ? [] : ['']), ...interfaceText(status)]);
}

function interfaceText(status: ArpSuppressionStatus): string[] {
  if (!status.active) return [`ARP suppression on ${status.interface}: off, all questions are flooded`];
  return [
    `ARP suppression on ${status.interface}: ${status.answered} answered, ${status.duplicates} duplicates found`,
    ...(status.addresses.length === 0 ? ['  No addresses.'] : table(COLUMNS, status.addresses, '')),
  ];
}
