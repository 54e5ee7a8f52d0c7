/** `clear …`: counters and sessions. */
import { keyword, options } from '../../grammar/command.js';
import {
  calling,
  type ExecCommand,
  filterOf,
  IN_INTERFACE,
  INTERFACE_FILTER,
  PEER_FILTER,
  PEER_NAME,
  peerOf,
} from './command.js';

const CLEAR = keyword('clear', 'Reset something');

export const clearCommands: ExecCommand[] = [
  calling({
    privilege: 'admin',
    tokens: [CLEAR, keyword('counters', 'Set counters to zero'), options(PEER_FILTER, INTERFACE_FILTER)],
    method: 'clear.counters',
    params: filterOf,
    text: () => [],
  }),
  calling({
    privilege: 'admin',
    tokens: [
      CLEAR,
      keyword('peer', 'End the session with a peer and shake hands anew'),
      PEER_NAME,
      IN_INTERFACE,
    ],
    method: 'clear.peer',
    params: peerOf,
    text: () => [],
  }),
];
