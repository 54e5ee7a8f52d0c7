/** Uplink groups as text. */
import type { UplinkCause, UplinkMemberStatus, UplinkStatus } from '../../api/index.js';
import { duration, plural } from './format.js';
import { type Column, table } from './table.js';

/** Why a server carries, as a part of a sentence. */
export const UPLINK_CAUSES: Record<UplinkCause, string> = {
  'first-reachable': 'the first one reached',
  'active-lost': 'the one before cannot be reached',
  'active-silent': 'the one before fell silent',
  'active-drains': 'the one before drains',
  preempted: 'of higher priority, and ready again',
  reconfigured: 'the one before left the group',
};

const COLUMNS: Column<UplinkMemberStatus>[] = [
  { title: '  Peer', cell: ({ peer }) => `  ${peer}` },
  { title: 'Priority', cell: ({ priority }) => String(priority), align: 'right' },
  { title: 'State', cell: ({ role }) => role },
];

export function uplinksText(groups: UplinkStatus[]): string[] {
  if (groups.length === 0) return ['No uplink groups.'];
  return groups.flatMap((group, index) => [
    ...(index === 0 ? [] : ['']),
    `Uplink group ${group.group} on ${group.interface}: ${carrierText(group)}`,
    `  ${plural(group.moves, 'move')}; ${preemptText(group)}`,
    ...table(COLUMNS, group.members, ''),
  ]);
}

function carrierText({ active, cause, activeSeconds }: UplinkStatus): string {
  if (active === null) return 'no server has been reached yet';
  return `${active} carries for ${duration(activeSeconds)} (${UPLINK_CAUSES[cause]})`;
}

function preemptText({ preemptDelay }: UplinkStatus): string {
  if (preemptDelay === null) return 'the server that carries is kept';
  return `a server of higher priority takes over once it has been ready for ${preemptDelay} s`;
}
