/** `show expiry`: what will end by itself. */
import type { ExpiryStatus } from '../../api/index.js';
import { byName } from '../../base/order.js';
import { keyword } from '../../grammar/command.js';
import { EXPIRY_COLUMNS } from '../output/expiry.js';
import { table } from '../output/table.js';
import { type ExecCommand, OF_INTERFACE } from './command.js';
import { narrowedCall } from './listings.js';

export const expiryCommands: ExecCommand[] = [
  narrowedCall<'show.expiry', ExpiryStatus>({
    tokens: [keyword('expiry', 'What will expire, and what has in the last week')],
    groups: [OF_INTERFACE],
    ways: {
      name: { help: 'Only what has a name that fits a pattern', of: ({ name }) => name },
      sorts: {
        expires: { help: 'The next to expire first', order: (a, b) => a.expiresMs - b.expiresMs },
        name: { help: 'By name', order: (a, b) => byName(a.name, b.name) },
      },
    },
    method: 'show.expiry',
    narrow: (all, rows) => rows(all),
    text: (all) => table(EXPIRY_COLUMNS, all, 'Nothing that expires.'),
  }),
];
