/** `show uplinks`: which server of each group carries. */
import { keyword } from '../../grammar/command.js';
import { uplinksText } from '../output/uplinks.js';
import { calling, type ExecCommand, IN_INTERFACE, SHOW } from './command.js';

export const uplinkCommands: ExecCommand[] = [
  calling({
    privilege: 'read',
    tokens: [
      SHOW,
      keyword('uplinks', 'Which server of each uplink group carries, and which stand by'),
      IN_INTERFACE,
    ],
    method: 'show.uplinks',
    params: (filter) => filter,
    text: uplinksText,
  }),
];
