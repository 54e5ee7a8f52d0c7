/** `show multicast`: which ports want which groups, and who asks. */
import type { MulticastGroup, MulticastStatus } from '../../api/index.js';
import { byName, byVlan } from '../../base/order.js';
import { keyword } from '../../grammar/command.js';
import { multicastText } from '../output/multicast.js';
import { type ExecCommand, OF_INTERFACE } from './command.js';
import { narrowedCall } from './listings.js';
import { larger } from './narrowing.js';

export const multicastCommands: ExecCommand[] = [
  narrowedCall<'show.multicast', MulticastGroup>({
    tokens: [keyword('multicast', 'Multicast groups, the ports that want them, routers and queriers')],
    groups: [OF_INTERFACE],
    ways: {
      name: { help: 'Only groups whose address fits a pattern', of: ({ group }) => group },
      sorts: {
        group: { help: 'By address', order: (a, b) => byName(a.group, b.group) },
        members: { help: 'Most members first', order: (a, b) => larger(a.members.length, b.members.length) },
      },
    },
    method: 'show.multicast',
    gather: { fetch: (client, page) => client.request('show.multicastPage', page), join: joined },
    narrow: (statuses, rows) => statuses.map((status) => ({ ...status, groups: rows(status.groups) })),
    text: multicastText,
  }),
];

/** The interfaces of all pages, and each group with all its members. */
function joined(parts: readonly MulticastStatus[]): MulticastStatus[] {
  const statuses = new Map<string, { first: MulticastStatus; groups: Map<string, MulticastGroup> }>();
  for (const part of parts) {
    const status = statuses.get(part.interface) ?? { first: part, groups: new Map<string, MulticastGroup>() };
    statuses.set(part.interface, status);
    for (const { vlan, group, members } of part.groups) {
      const key = `${vlan} ${group}`;
      const known = status.groups.get(key);
      if (known === undefined) status.groups.set(key, { vlan, group, members: [...members] });
      else known.members.push(...members);
    }
  }
  return [...statuses.values()].map(({ first, groups }) => ({
    ...first,
    groups: [...groups.values()].sort(byVlan(({ group }) => group)),
  }));
}
