/** `show logging` and `show aliases`. */
import type { Alias } from '../../api/index.js';
import { byName } from '../../base/order.js';
import { keyword, options, value } from '../../grammar/command.js';
import { range } from '../../grammar/values.js';
import { aliasesText, loggingText } from '../output/logging.js';
import { calling, type ExecCommand, SHOW } from './command.js';
import { narrowedCall } from './listings.js';

export const loggingCommands: ExecCommand[] = [
  calling({
    privilege: 'admin',
    tokens: [
      SHOW,
      keyword('logging', 'Log of the daemon, and where it goes'),
      options([keyword('last', 'Only the latest'), value('last', range(1, 1000, 'lines'), 'Number')]),
    ],
    method: 'show.logging',
    params: (which) => which,
    text: loggingText,
    isRecords: true,
  }),
  narrowedCall<'show.aliases', Alias>({
    tokens: [keyword('aliases', 'Names that the configuration gives to commands')],
    groups: [],
    ways: {
      name: { help: 'Only aliases whose name fits a pattern', of: ({ name }) => name },
      sorts: { name: { help: 'By name', order: (a, b) => byName(a.name, b.name) } },
    },
    method: 'show.aliases',
    narrow: (aliases, rows) => rows(aliases),
    text: aliasesText,
  }),
];
