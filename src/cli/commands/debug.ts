/** `debug`, `undebug` and `show debugging`: every step of single peers, for a limited time. */
import { type DebugStatus, MAX_DEBUG_MINUTES } from '../../api/index.js';
import { byName } from '../../base/order.js';
import { keyword, options, value } from '../../grammar/command.js';
import { range } from '../../grammar/values.js';
import { debuggingText } from '../output/logging.js';
import { calling, type ExecCommand, IN_INTERFACE, OF_INTERFACE, PEER_NAME } from './command.js';
import { narrowedCall } from './listings.js';
import { larger } from './narrowing.js';

const DEFAULT_MINUTES = 5;
const UNDEBUG = keyword('undebug', 'Stop what "debug" has begun');

export const debugCommands: ExecCommand[] = [
  calling({
    privilege: 'admin',
    tokens: [
      keyword('debug', 'Follow something step by step, for a limited time'),
      keyword('peer', 'Handshakes and sessions of a peer'),
      PEER_NAME,
      options(
        [
          keyword('minutes', 'How long'),
          value('minutes', range(1, MAX_DEBUG_MINUTES, 'min'), 'Time', { default: DEFAULT_MINUTES }),
        ],
        OF_INTERFACE,
      ),
    ],
    details: 'The lines come with "terminal monitor" and "monitor events"; "show logging" keeps them.',
    method: 'debug.start',
    params: ({ minutes = DEFAULT_MINUTES, ...which }) => ({ ...which, minutes }),
    text: ({ peer }, { minutes }) => [
      `Debugging peer ${peer} for ${minutes} min: see "terminal monitor" and "show logging".`,
    ],
  }),
  calling({
    privilege: 'admin',
    tokens: [UNDEBUG, keyword('peer', 'Of one peer'), PEER_NAME, IN_INTERFACE],
    method: 'debug.stop',
    params: (which) => which,
    text: (_, { peer }) => [`Debugging of peer ${peer} is off.`],
  }),
  calling({
    privilege: 'admin',
    tokens: [UNDEBUG, keyword('all', 'Of all peers')],
    method: 'debug.stop',
    params: () => ({}),
    text: () => ['All debugging is off.'],
  }),
  narrowedCall<'show.debugging', DebugStatus>({
    tokens: [keyword('debugging', 'What "debug" follows, and for how much longer')],
    groups: [],
    ways: {
      name: { help: 'Only peers whose name fits a pattern', of: ({ peer }) => peer },
      sorts: {
        peer: { help: 'By peer', order: (a, b) => byName(a.peer, b.peer) },
        left: { help: 'Ending first', order: (a, b) => larger(b.secondsLeft, a.secondsLeft) },
      },
    },
    method: 'show.debugging',
    narrow: (followed, rows) => rows(followed),
    text: debuggingText,
  }),
];
