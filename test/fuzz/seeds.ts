/** What the fuzzers start from: a right line of every command, and a right request of every method. */
import { execCommands } from '../../src/cli/commands/index.js';
import { PIPE_STAGES } from '../../src/cli/interpreter/pipes.js';
import { CONFIG_COMMANDS } from '../../src/config/commands.js';
import { METHODS } from '../../src/daemon/methods/index.js';
import { sampleOf } from '../grammar/samples.js';

const configCommands = Object.values(CONFIG_COMMANDS).flat();

export const RIGHT_LINES: readonly string[] = [
  ...execCommands(true).map(({ tokens }) => sampleOf(tokens, 'osaka')),
  ...PIPE_STAGES.map(({ tokens }) => `show version | ${sampleOf(tokens, 'x')}`),
  ...configCommands.map(({ tokens }) => sampleOf(tokens, 'osaka')),
  ...configCommands
    .filter(({ noNeeds }) => noNeeds !== undefined)
    .map(({ tokens }) => `no ${sampleOf(tokens, 'osaka')}`),
];

export const WORDS: readonly string[] = [...new Set(RIGHT_LINES.flatMap((line) => line.split(' ')))];

const PARAMS = [
  {},
  { peer: 'osaka', interface: 'octo0', link: 0 },
  { peer: 'osaka', state: 'up', timeoutS: 1 },
  { peer: 'osaka', count: 1, size: 0, intervalMs: 10 },
  { context: ['interface octo0'], lines: ['mtu 1400'], mode: 'merge', checkOnly: true },
  { kind: 'peer' },
  { protocol: 1, client: 'fuzz' },
  { limit: 10, cursor: '5' },
];

export const RIGHT_REQUESTS: readonly string[] = Object.keys(METHODS).flatMap((method, id) =>
  PARAMS.map((params) => JSON.stringify({ jsonrpc: '2.0', id, method, params })),
);
