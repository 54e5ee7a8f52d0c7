/** `show registry`, `member revoke`. */
import type { RegistryMember } from '../../api/index.js';
import { byName } from '../../base/order.js';
import { keyword, value } from '../../grammar/command.js';
import { NAME } from '../../grammar/values.js';
import { memberRevokedText, registryText } from '../output/registry.js';
import { calling, type ExecCommand, IN_INTERFACE, OF_INTERFACE } from './command.js';
import { narrowedCall } from './listings.js';

export const registryCommands: ExecCommand[] = [
  narrowedCall<'show.registry', RegistryMember>({
    tokens: [keyword('registry', 'Members found in the registry, and how it is followed')],
    groups: [OF_INTERFACE],
    ways: {
      name: { help: 'Only members whose name fits a pattern', of: ({ name }) => name },
      sorts: { name: { help: 'By name', order: (a, b) => byName(a.name, b.name) } },
    },
    method: 'show.registry',
    narrow: (statuses, rows) => statuses.map((status) => ({ ...status, members: rows(status.members) })),
    text: registryText,
  }),
  calling({
    privilege: 'admin',
    tokens: [
      keyword('member', 'Members found in the registry'),
      keyword('revoke', 'Turn one out for good: its key never counts again'),
      value('name', NAME, 'Name of the member'),
      IN_INTERFACE,
    ],
    details:
      'It is turned out here at once, and by each member whose configuration names the signing key of this host as a "registry revoker". It comes back only with another key.',
    method: 'member.revoke',
    params: (which) => which,
    text: memberRevokedText,
  }),
];
