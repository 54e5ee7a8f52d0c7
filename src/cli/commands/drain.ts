/** `drain …` and `undrain …`: links out of use and back, without losing a frame. */
import { keyword, options, value } from '../../grammar/command.js';
import { range } from '../../grammar/values.js';
import { afterWaiting, plural } from '../output/format.js';
import { foldLine, TEXT_WIDTH } from '../output/table.js';
import {
  calling,
  type ExecCommand,
  IN_INTERFACE,
  INTERFACE_NAME,
  OF_INTERFACE,
  PEER_AND_LINK,
} from './command.js';

const DEFAULT_TIMEOUT_SECONDS = 10;

export const drainCommands: ExecCommand[] = [
  calling({
    privilege: 'admin',
    tokens: [
      keyword('drain', 'Take links out of use without losing a frame'),
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
      `peer ${peer} link ${link} is ${state}${afterWaiting(waitedMs)}`,
    ],
    patienceMs: ({ timeoutS }) => timeoutS * 1000,
  }),
  calling({
    privilege: 'admin',
    tokens: [
      keyword('drain', 'Take links out of use without losing a frame'),
      keyword('interface', 'All links of an interface, before this host goes'),
      INTERFACE_NAME,
      options([
        keyword('timeout', 'Stop waiting after this time'),
        value('timeout', range(0, 86400, 's'), 'Time', { default: DEFAULT_TIMEOUT_SECONDS }),
      ]),
    ],
    details:
      'Peers with another way, such as another server of their uplink group, take it, until "undrain".',
    method: 'drain.interface',
    params: ({ interface: name, timeout = DEFAULT_TIMEOUT_SECONDS }) => ({
      interface: name,
      timeoutS: timeout,
    }),
    text: ({ drained, carrying, waitedMs }, { interface: name }) => [
      `${plural(drained, 'link')} of ${name} drained${afterWaiting(waitedMs)}`,
      ...(carrying.length === 0
        ? []
        : foldLine(`No other way, and still in use: ${carrying.join(', ')}`, TEXT_WIDTH)),
    ],
    patienceMs: ({ timeoutS }) => timeoutS * 1000,
  }),
  calling({
    privilege: 'admin',
    tokens: [
      keyword('undrain', 'Put drained links back into use'),
      keyword('interface', 'All links of an interface'),
      INTERFACE_NAME,
    ],
    method: 'undrain.interface',
    params: (which) => which,
    text: (_, { interface: name }) => [`no link of ${name} is drained any more`],
  }),
  calling({
    privilege: 'admin',
    tokens: [keyword('undrain', 'Put drained links back into use'), PEER_AND_LINK, IN_INTERFACE],
    method: 'undrain.link',
    params: (which) => which,
    text: (_, { peer, link }) => [`peer ${peer} link ${link} is no longer drained`],
  }),
];
