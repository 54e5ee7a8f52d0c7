/** `show multicast`: which ports want which groups, and who asks. */
import type { MulticastGroup } from '../../api/index.js';
import { keyword } from '../../grammar/command.js';
import { multicastText } from '../output/multicast.js';
import { type ExecCommand, OF_INTERFACE } from './command.js';
import { narrowedCall } from './listings.js';
import { byName, larger } from './narrowing.js';

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
    narrow: (statuses, rows) => statuses.map((status) => ({ ...status, groups: rows(status.groups) })),
    text: multicastText,
  }),
];
