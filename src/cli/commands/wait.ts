/** `wait …`: until a peer or a link is up or down. */
import { keyword, oneOf, options, type Token, value } from '../../grammar/command.js';
import { range } from '../../grammar/values.js';
import { calling, type ExecCommand, INTERFACE_FILTER, LINK_ID, PEER_NAME, peerOf } from './command.js';

const MAX_WAIT_SECONDS = 86400;
const DEFAULT_WAIT_SECONDS = 60;
const STATES = { up: 'Until it is up', down: 'Until it is not up' };
const TIMEOUT: Token[] = [
  keyword('timeout', `Give up after a time (default ${DEFAULT_WAIT_SECONDS} s)`),
  value('timeout', range(0, MAX_WAIT_SECONDS), 'Seconds'),
];

function waiting(tokens: Token[]): ExecCommand {
  return calling({
    privilege: 'read',
    tokens: [
      keyword('wait', 'Wait for a state, so that scripts need not sleep'),
      ...tokens,
      oneOf('state', STATES),
      options(TIMEOUT, INTERFACE_FILTER),
    ],
    method: 'wait',
    params: (args) => ({
      ...peerOf(args),
      state: args.text('state') as 'up' | 'down',
      timeoutS: args.numberOr('timeout', DEFAULT_WAIT_SECONDS),
    }),
    text: ({ waitedMs, state }, { peer, link }) => [
      `peer ${peer}${link === undefined ? '' : ` link ${link}`} is ${state} after ${waitedMs} ms`,
    ],
    patienceMs: ({ timeoutS }) => timeoutS * 1000,
  });
}

export const waitCommands: ExecCommand[] = [
  waiting([keyword('peer', 'For a peer'), PEER_NAME]),
  waiting([keyword('link', 'For a link of a peer'), PEER_NAME, LINK_ID]),
];
