/** `drain …` and `undrain …`: links out of use and back, without losing a frame. */
import { keyword, options, value } from '../../grammar/command.js';
import { range } from '../../grammar/values.js';
import { calling, type ExecCommand, IN_INTERFACE, LINK_ID, OF_INTERFACE, PEER_NAME } from './command.js';

const DEFAULT_TIMEOUT_SECONDS = 10;

export const drainCommands: ExecCommand[] = [
  calling({
    privilege: 'admin',
    tokens: [
      keyword('drain', 'Take a link out of use without losing a frame'),
      keyword(
        'link',
        'Both ends move their frames to other links until "undrain" or a restart; heartbeats go on',
      ),
      PEER_NAME,
      LINK_ID,
      options(
        [
          keyword('timeout', 'Stop waiting after this time'),
          value('timeout', range(0, 86400, 's'), 'Time', { default: DEFAULT_TIMEOUT_SECONDS }),
        ],
        OF_INTERFACE,
      ),
    ],
    method: 'drain.link',
    params: ({ timeout = DEFAULT_TIMEOUT_SECONDS, ...which }) => ({ ...which, timeoutS: timeout }),
    text: ({ state, waitedMs }, { peer, link }) => [
      `peer ${peer} link ${link} is ${state} after ${waitedMs} ms`,
    ],
    patienceMs: ({ timeoutS }) => timeoutS * 1000,
  }),
  calling({
    privilege: 'admin',
    tokens: [
      keyword('undrain', 'Put a drained link back into use'),
      keyword('link', 'The link'),
      PEER_NAME,
      LINK_ID,
      IN_INTERFACE,
    ],
    method: 'undrain.link',
    params: (which) => which,
    text: () => [],
  }),
];
