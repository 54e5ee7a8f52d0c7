/** What the switch knows of multicast, as text. */
import type { MulticastQuerier, MulticastStatus } from '../../api/index.js';
import { duration } from './format.js';
import { type Column, table } from './table.js';

interface Row {
  vlan: number;
  group: string;
  peer: string | null;
  expiresSeconds: number;
}

const COLUMNS: Column<Row>[] = [
  { title: '  VLAN', cell: ({ vlan }) => `  ${vlan === 0 ? '-' : vlan}` },
  { title: 'Group', cell: ({ group }) => group },
  { title: 'Port', cell: ({ peer }) => portText(peer) },
  { title: 'Expires', cell: ({ expiresSeconds }) => duration(expiresSeconds), align: 'right' },
];

export function multicastText(statuses: MulticastStatus[]): string[] {
  if (statuses.length === 0) return ['No interfaces.'];
  return statuses.flatMap((status, index) => [...(index === 0 ? [] : ['']), ...interfaceText(status)]);
}

function interfaceText(status: MulticastStatus): string[] {
  const { queriers, routerPorts, unsettled, groups } = status;
  if (!status.snooping) return [`Multicast on ${status.interface}: to all ports, snooping is off`];
  const rows = groups.flatMap(({ vlan, group, members }) =>
    members.map((member) => ({ vlan, group, ...member })),
  );
  const pruned = queriers.some(({ settled }) => settled);
  return [
    `Multicast on ${status.interface}: ${pruned ? 'to the ports that want it' : 'to all ports, for want of a querier whose questions were answered'}`,
    `  Groups that nobody wants go to ${status.unregistered === 'flood' ? 'all ports' : 'routers only'}`,
    ...(status.fastLeave ? ['  A leave ends a membership at once'] : []),
    ...(status.querierInterval === null
      ? []
      : [`  This switch asks every ${status.querierInterval} s while nobody else does`]),
    ...queriers.map(querierText),
    ...routerPorts.map(
      ({ peer, families, static: isStatic }) =>
        `  Router at ${portText(peer)} (${families.join(', ')}${isStatic ? ', configured' : ''})`,
    ),
    ...(unsettled.length === 0 ? [] : [`  Everything goes to ${unsettled.map(portText).join(', ')} as well`]),
    ...(rows.length === 0 ? ['  No groups.'] : table(COLUMNS, rows, '')),
  ];
}

function querierText({ vlan, family, address, port, peer, settled }: MulticastQuerier): string {
  const where = port === 'self' ? 'this switch' : portText(peer);
  const vlanText = vlan === 0 ? '' : ` in VLAN ${vlan}`;
  return `  Querier for ${family}${vlanText}: ${address} at ${where}${settled ? '' : ', answers are awaited'}`;
}

function portText(peer: string | null): string {
  return peer === null ? 'TAP' : peer;
}
