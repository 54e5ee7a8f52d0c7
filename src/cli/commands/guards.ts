/** `show guards`: what may not come from which peer, and what was dropped for it. */
import { keyword } from '../../grammar/command.js';
import { guardsText } from '../output/guards.js';
import { calling, type ExecCommand, IN_INTERFACE, SHOW } from './command.js';

export const guardCommands: ExecCommand[] = [
  calling({
    privilege: 'read',
    tokens: [
      SHOW,
      keyword('guards', 'Guards of peers, their drops and the addresses they let pass'),
      IN_INTERFACE,
    ],
    method: 'show.guards',
    params: (filter) => filter,
    text: guardsText,
  }),
];
