/** `show authorized-keys`, `clear authorized-keys`. */
import type { AuthorizedKeyStatus } from '../../api/index.js';
import { byName } from '../../base/order.js';
import { keyword } from '../../grammar/command.js';
import { AUTHORIZED_KEYS_TABLE, authorizedKeysText } from '../output/authorized-keys.js';
import { CLEAR, calling, type ExecCommand, IN_INTERFACE, OF_INTERFACE } from './command.js';
import { listing } from './listings.js';
import type { Ways } from './narrowing.js';

/** After every date. */
const NEVER = Number.MAX_SAFE_INTEGER;

const WAYS: Ways<AuthorizedKeyStatus> = {
  states: {
    words: {
      up: 'Can be reached',
      down: 'Cannot be reached',
      absent: 'Not connected',
      expired: 'Past its expiry date',
    },
    of: ({ state }) => state,
  },
  name: { help: 'Only clients whose name fits a pattern', of: ({ name }) => name },
  sorts: {
    client: { help: 'By name', order: (a, b) => byName(a.name, b.name) },
    state: { help: 'By state', order: (a, b) => byName(a.state, b.state) },
    expires: {
      help: 'Expiring first, those that never do last',
      order: (a, b) => (a.expiresMs ?? NEVER) - (b.expiresMs ?? NEVER),
    },
  },
};

export const authorizedKeyCommands: ExecCommand[] = [
  listing({
    word: 'authorized-keys',
    help: 'Clients that are admitted by a file, connected or not',
    groups: [OF_INTERFACE],
    ways: WAYS,
    method: 'show.authorizedKeys',
    fetch: () => (client, page) => client.request('show.authorizedKeysPage', page),
    layout: AUTHORIZED_KEYS_TABLE,
  }),
  calling({
    privilege: 'admin',
    tokens: [CLEAR, keyword('authorized-keys', 'Read the file of clients again, now'), IN_INTERFACE],
    method: 'clear.authorizedKeys',
    params: (filter) => filter,
    text: authorizedKeysText,
  }),
];
