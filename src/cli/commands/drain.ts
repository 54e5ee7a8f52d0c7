/** `drain …` and `undrain …`: links out of use and back, without losing a frame. */
import { keyword, options, value } from '../../grammar/command.js';
import { range } from '../../grammar/values.js';
import { calling, type ExecCommand, IN_INTERFACE, OF_INTERFACE, PEER_AND_LINK } from './command.js';

const DEFAULT_TIMEOUT_SECONDS = 10;

export const drainCommands: ExecCommand[] = [
  calling({
    privilege: 'admin',
    tokens: [
      keyword('drain', 'Take a link out of use without losing a frame'),
      PEER_AND_LINK,
      options(
        [
          keyword('timeout', 'Stop waiting after this time'),
          value('timeout', range(0, 86400, 's'), 'Time', { default: DEFAULT_TIMEOUT_SECONDS }),
        ],
        OF_INTERFACE,
      ),
    ],
    details: 'Both ends move their frames to other links, until "undrain" or a restart. Heartbeats go on.',
    method: 'drain.link',
    params: ({ timeout = DEFAULT_TIMEOUT_SECONDS, ...which }) => ({ ...which, timeoutS: timeout }),
    text: ({ state, waitedMs }, { peer, link }) => [
      `peer ${peer} link ${link} is ${state} after ${waitedMs} ms`,
    ],
    patienceMs: ({ timeoutS }) => timeoutS * 1000,
  }),
  calling({
    privilege: 'admin',
    tokens: [keyword('undrain', 'Put a drained link back into use'), PEER_AND_LINK, IN_INTERFACE],
    method: 'undrain.link',
    params: (which) => which,
    text: () => [],
  }),
];
