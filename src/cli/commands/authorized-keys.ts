/** `show authorized-keys`, `clear authorized-keys`. */
import type { AuthorizedKeyStatus } from '../../api/index.js';
import { keyword } from '../../grammar/command.js';
import { AUTHORIZED_KEYS_TABLE, authorizedKeysText } from '../output/authorized-keys.js';
import { calling, type ExecCommand, IN_INTERFACE } from './command.js';
import { listing } from './listings.js';

export const authorizedKeyCommands: ExecCommand[] = [
  listing<AuthorizedKeyStatus, [typeof IN_INTERFACE]>({
    word: 'authorized-keys',
    help: 'Clients that are admitted by a file, connected or not',
    filters: [IN_INTERFACE],
    method: 'show.authorizedKeys',
    fetch: () => (client, page) => client.request('show.authorizedKeysPage', page),
    layout: AUTHORIZED_KEYS_TABLE,
  }),
  calling({
    privilege: 'admin',
    tokens: [
      keyword('clear', 'Reset counters, a peer or a candidate'),
      keyword('authorized-keys', 'Read the file of clients again, now'),
      IN_INTERFACE,
    ],
    method: 'clear.authorizedKeys',
    params: (filter) => filter,
    text: authorizedKeysText,
  }),
];
