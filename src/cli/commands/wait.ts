/** `wait …`: until a peer, a link or an interface is up or down. */
import { formerly, keyword, oneOf, options, value } from '../../grammar/command.js';
import { range } from '../../grammar/values.js';
import { afterWaiting } from '../output/format.js';
import { calling, type ExecCommand, INTERFACE_NAME, LINK_ID, OF_INTERFACE, PEER_NAME } from './command.js';

const MAX_WAIT_SECONDS = 86400;
const DEFAULT_WAIT_SECONDS = 60;
const STATES = { up: 'Until it is up', down: 'Until it is not up' };
const TIMEOUT = [
  keyword('timeout', 'Give up after this time'),
  value('timeout', range(0, MAX_WAIT_SECONDS, 's'), 'Time', { default: DEFAULT_WAIT_SECONDS }),
] as const;

const WAIT = keyword('wait', 'Wait until something is up or down');

export const waitCommands: ExecCommand[] = [
  calling({
    privilege: 'read',
    tokens: [
      WAIT,
      formerly(
        [PEER_NAME, options([keyword('link', 'A link of the peer'), LINK_ID])],
        [keyword('peer', 'A peer'), PEER_NAME],
        [keyword('link', 'A link of a peer'), PEER_NAME, LINK_ID],
      ),
      oneOf('state', STATES),
      options(TIMEOUT, OF_INTERFACE),
    ],
    method: 'wait',
    params: ({ timeout = DEFAULT_WAIT_SECONDS, ...what }) => ({ ...what, timeoutS: timeout }),
    text: ({ waitedMs, state }, { peer, link }) => [
      `peer ${peer}${link === undefined ? '' : ` link ${link}`} is ${state}${afterWaiting(waitedMs)}`,
    ],
    patienceMs: ({ timeoutS }) => timeoutS * 1000,
  }),
  calling({
    privilege: 'read',
    tokens: [
      WAIT,
      keyword('interface', 'For an interface'),
      INTERFACE_NAME,
      oneOf('state', STATES),
      options(TIMEOUT),
    ],
    method: 'wait',
    params: ({ timeout = DEFAULT_WAIT_SECONDS, ...what }) => ({ ...what, timeoutS: timeout }),
    text: ({ waitedMs, state }, what) => [`interface ${what.interface} is ${state}${afterWaiting(waitedMs)}`],
    patienceMs: ({ timeoutS }) => timeoutS * 1000,
  }),
];
