/** `show mtu`: what each link found out about its path, and what that costs. */
import { keyword, options } from '../../grammar/command.js';
import { mtusText } from '../output/mtu.js';
import { calling, type ExecCommand, OF_INTERFACE, OF_PEER, SHOW } from './command.js';

export const mtuCommands: ExecCommand[] = [
  calling({
    privilege: 'read',
    tokens: [
      SHOW,
      keyword('mtu', 'Path MTU of each link, which link is short, and what that costs'),
      options(OF_PEER, OF_INTERFACE),
    ],
    method: 'show.mtu',
    params: (filter) => filter,
    text: mtusText,
  }),
];
