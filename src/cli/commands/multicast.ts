/** `show multicast`: which ports want which groups, and who asks. */
import { keyword } from '../../grammar/command.js';
import { multicastText } from '../output/multicast.js';
import { calling, type ExecCommand, IN_INTERFACE, SHOW } from './command.js';

export const multicastCommands: ExecCommand[] = [
  calling({
    privilege: 'read',
    tokens: [
      SHOW,
      keyword('multicast', 'Multicast groups, the ports that want them, routers and queriers'),
      IN_INTERFACE,
    ],
    method: 'show.multicast',
    params: (filter) => filter,
    text: multicastText,
  }),
];
