/** `clear …`: counters and sessions. */
import { keyword, options } from '../../grammar/command.js';
import {
  CLEAR,
  calling,
  type ExecCommand,
  IN_INTERFACE,
  OF_INTERFACE,
  OF_PEER,
  PEER_NAME,
} from './command.js';

export const clearCommands: ExecCommand[] = [
  calling({
    privilege: 'admin',
    tokens: [CLEAR, keyword('counters', 'Set counters to zero'), options(OF_PEER, OF_INTERFACE)],
    method: 'clear.counters',
    params: (which) => which,
    text: (_, { peer, interface: name }) => {
      const whose = [peer === undefined ? '' : ` of peer ${peer}`, name === undefined ? '' : ` on ${name}`];
      return [`Counters${whose.join('')} are zero.`];
    },
  }),
  calling({
    privilege: 'admin',
    tokens: [
      CLEAR,
      keyword('peer', 'End the session with a peer and start a new handshake'),
      PEER_NAME,
      IN_INTERFACE,
    ],
    method: 'clear.peer',
    params: (which) => which,
    text: (_, { peer }) => [`The session with peer ${peer} has ended; a new handshake begins.`],
  }),
];
