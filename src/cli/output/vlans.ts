/** VLANs as text. */
import type { VlanMember, VlanStatus } from '../../api/index.js';
import { plural } from './format.js';
import { type Column, table } from './table.js';

const SHORT: Record<VlanMember['mode'], string> = { tagged: 'T', untagged: 'U', transparent: '=' };

const COLUMNS: Column<VlanStatus>[] = [
  { title: 'VLAN', cell: ({ vlan }) => (vlan === 0 ? '-' : String(vlan)), align: 'right' },
  { title: 'Interface', cell: (status) => status.interface },
  { title: 'MACs', cell: ({ macs }) => String(macs), align: 'right' },
  { title: 'Ports', cell: portsText, folds: true },
];

function portsText({ members, clients }: VlanStatus): string {
  const ports = members.map(({ peer, mode }) => `${peer ?? '(this host)'}:${SHORT[mode]}`);
  if (clients > 0) ports.push(plural(clients, 'client'));
  return ports.join(', ') || '-';
}

export function vlansText(vlans: VlanStatus[]): string[] {
  const lines = table(COLUMNS, vlans, 'No VLANs.');
  return vlans.length === 0
    ? lines
    : [...lines, '', 'U: without a tag, T: tagged, =: as frames come (transparent)'];
}
