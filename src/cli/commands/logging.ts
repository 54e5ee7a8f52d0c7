/** `show logging` and `show aliases`. */
import { keyword, options, value } from '../../grammar/command.js';
import { range } from '../../grammar/values.js';
import { aliasesText, loggingText } from '../output/logging.js';
import { calling, type ExecCommand, SHOW } from './command.js';

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
  }),
  calling({
    privilege: 'read',
    tokens: [SHOW, keyword('aliases', 'Names that the configuration gives to commands')],
    method: 'show.aliases',
    params: () => ({}),
    text: aliasesText,
  }),
];
