/** `show uplinks`: which server of each group carries. */
import type { UplinkStatus } from '../../api/index.js';
import { byName } from '../../base/order.js';
import { keyword } from '../../grammar/command.js';
import { uplinksText } from '../output/uplinks.js';
import { type ExecCommand, OF_INTERFACE } from './command.js';
import { narrowedCall } from './listings.js';
import { larger } from './narrowing.js';

export const uplinkCommands: ExecCommand[] = [
  narrowedCall<'show.uplinks', UplinkStatus>({
    tokens: [keyword('uplinks', 'Which server of each uplink group carries, and which stand by')],
    groups: [OF_INTERFACE],
    ways: {
      name: { help: 'Only groups whose name fits a pattern', of: ({ group }) => group },
      sorts: {
        group: { help: 'By name', order: (a, b) => byName(a.group, b.group) },
        moves: { help: 'Moved most often first', order: (a, b) => larger(a.moves, b.moves) },
      },
    },
    method: 'show.uplinks',
    narrow: (groups, rows) => rows(groups),
    text: uplinksText,
  }),
];
