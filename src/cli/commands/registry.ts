/** `show registry`, `member revoke`. */
import { keyword, options, value } from '../../grammar/command.js';
import { NAME } from '../../grammar/values.js';
import { memberRevokedText, registryText } from '../output/registry.js';
import { calling, type ExecCommand, IN_INTERFACE, OF_INTERFACE, SHOW } from './command.js';

export const registryCommands: ExecCommand[] = [
  calling({
    privilege: 'read',
    tokens: [
      SHOW,
      keyword('registry', 'Members found in the registry, and how it is followed'),
      options(OF_INTERFACE),
    ],
    method: 'show.registry',
    params: (which) => which,
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
