/** The commands of exec mode, once each: grammar, help, privilege and what they do. */
import type { MethodName, Methods } from '../api.js';
import {
  type Args,
  type CommandSpec,
  keyword,
  oneOf,
  options,
  syntaxOf,
  type Token,
  value,
} from '../grammar/command.js';
import { buildTree, type Node } from '../grammar/tree.js';
import { IFNAME, LINE, NAME, range } from '../grammar/values.js';
import type { Client } from './client.js';
import { CliFailure, EXIT, failure } from './failure.js';
import * as text from './output/shows.js';

/** What a command prints: an object and its text form. */
export interface Output {
  data: unknown;
  text: string[];
}

/** What exec commands may do to the session that runs them. */
export interface ExecSession {
  client(): Promise<Client>;
  interactive: boolean;
  enabled: boolean;
  /** Lines of a screenful; 0: never stop. */
  terminalLength: number;
  enterConfiguration(): void;
  leave(): void;
  readInput(): Promise<string>;
}

export interface ExecCommand extends CommandSpec {
  run(session: ExecSession, args: Args): Promise<Output | null>;
}

const INTERFACE_FILTER: Token[] = [
  keyword('interface', 'Of one interface only'),
  value('interface', IFNAME, 'Name of an interface', 'interface'),
];
const PEER_NAME = value('peer', NAME, 'Name of a peer', 'peer');
const LINK_ID = value('link id', range(0, 7), 'Link id', 'link');

function command(privilege: CommandSpec['privilege'], tokens: Token[], run: ExecCommand['run']): ExecCommand {
  return { mode: 'exec', privilege, tokens, run };
}

/** A command that calls one method and prints its result. */
function calling<M extends MethodName>(
  privilege: CommandSpec['privilege'],
  method: M,
  tokens: Token[],
  params: (args: Args) => Methods[M]['params'],
  toText: (result: Methods[M]['result'], params: Methods[M]['params']) => string[],
  patienceMs: (params: Methods[M]['params']) => number = () => 0,
): ExecCommand {
  return command(privilege, tokens, async (session, args) => {
    const client = await session.client();
    const asked = params(args);
    const result = await client.request(method, asked, patienceMs(asked));
    return { data: result, text: toText(result, asked) };
  });
}

function show<M extends MethodName>(
  method: M,
  word: string,
  help: string,
  rest: Token[],
  toText: (result: Methods[M]['result']) => string[],
): ExecCommand {
  const tokens = [keyword('show', 'Show what runs'), keyword(word, help), ...rest];
  // The tokens offer just the filters that the method has.
  return calling('read', method, tokens, (args) => filterOf(args) as Methods[M]['params'], toText);
}

function filterOf(args: Args): { interface?: string; peer?: string; all?: true } {
  return {
    ...interfaceOf(args),
    ...(args.has('peer') && { peer: args.text('peer') }),
    ...(args.has('all') && { all: true as const }),
  };
}

function interfaceOf(args: Args): { interface?: string } {
  return args.has('interface') ? { interface: args.text('interface') } : {};
}

function peerOf(args: Args): { peer: string; interface?: string; link?: number } {
  const link = args.has('link id') ? { link: args.number('link id') } : {};
  return { peer: args.text('peer'), ...interfaceOf(args), ...link };
}

const IN_INTERFACE = options(INTERFACE_FILTER);
const PEER_FILTER: Token[] = [keyword('peer', 'Of one peer only'), PEER_NAME];

const showCommands: ExecCommand[] = [
  show('show.version', 'version', 'Versions and uptime', [], text.versionText),
  show(
    'show.interfaces',
    'interfaces',
    'Interfaces, their state and counters',
    [IN_INTERFACE],
    text.interfacesText,
  ),
  show('show.peers', 'peers', 'All peers, a line each', [IN_INTERFACE], text.peersText),
  show('show.peer', 'peer', 'One peer and its links in full', [PEER_NAME, IN_INTERFACE], text.peerText),
  show(
    'show.links',
    'links',
    'All links, a line each',
    [options(PEER_FILTER, INTERFACE_FILTER)],
    text.linksText,
  ),
  show('show.macTable', 'mac-table', 'MAC addresses and where they live', [IN_INTERFACE], text.macTableText),
  show(
    'show.counters',
    'counters',
    'All counters',
    [options(PEER_FILTER, INTERFACE_FILTER)],
    text.countersText,
  ),
  show(
    'show.drops',
    'drops',
    'What was dropped, and why',
    [
      options(
        [{ kind: 'keyword', word: 'all', help: 'Reasons that never counted, too', capture: 'all' }],
        INTERFACE_FILTER,
      ),
    ],
    text.dropsText,
  ),
  show('show.runningConfig', 'running-config', 'The configuration that runs', [], (config) =>
    linesOf(config.text),
  ),
  show('show.startupConfig', 'startup-config', 'The configuration of the next start', [], (config) =>
    config.text === null ? [`There is no ${config.file}.`] : linesOf(config.text),
  ),
  show('show.system', 'system', 'Process, datapath, offloads and sockets', [], text.systemText),
];

const MAX_WAIT_SECONDS = 86400;
const DEFAULT_WAIT_SECONDS = 60;
const STATES = { up: 'Until it is up', down: 'Until it is not up' };
const TIMEOUT: Token[] = [
  keyword('timeout', `Give up after a time (default ${DEFAULT_WAIT_SECONDS} s)`),
  value('timeout', range(0, MAX_WAIT_SECONDS), 'Seconds'),
];

function waiting(tokens: Token[]): ExecCommand {
  return calling(
    'read',
    'wait',
    [
      keyword('wait', 'Wait for a state, so that scripts need not sleep'),
      ...tokens,
      oneOf('state', STATES),
      options(TIMEOUT, INTERFACE_FILTER),
    ],
    (args) => ({
      ...peerOf(args),
      state: args.text('state') as 'up' | 'down',
      timeoutS: args.numberOr('timeout', DEFAULT_WAIT_SECONDS),
    }),
    ({ waitedMs, state }, { peer, link }) => [
      `peer ${peer}${link === undefined ? '' : ` link ${link}`} is ${state} after ${waitedMs} ms`,
    ],
    ({ timeoutS }) => timeoutS * 1000,
  );
}

/** The time in which an answer to the last probe still counts. */
const PING_PATIENCE_MS = 10_000;

const actionCommands: ExecCommand[] = [
  waiting([keyword('peer', 'For a peer'), PEER_NAME]),
  waiting([keyword('link', 'For a link of a peer'), PEER_NAME, LINK_ID]),
  command(
    'read',
    [
      keyword('ping', 'Measure the way to a peer, inside the tunnel'),
      keyword('peer', 'The peer'),
      PEER_NAME,
      options(
        [keyword('link', 'By one link'), LINK_ID],
        [keyword('count', 'Number of probes (default 5)'), value('count', range(1, 1000), 'Probes')],
        [keyword('size', 'Payload of each probe (default 56)'), value('size', range(0, 65000), 'Bytes')],
        [
          keyword('interval', 'Time between probes (default 200)'),
          value('interval', range(10, 10000), 'Milliseconds'),
        ],
        INTERFACE_FILTER,
      ),
    ],
    async (session, args) => {
      const client = await session.client();
      const asked = {
        ...peerOf(args),
        count: args.numberOr('count', 5),
        size: args.numberOr('size', 56),
        intervalMs: args.numberOr('interval', 200),
      };
      const result = await client.request('ping', asked, asked.count * asked.intervalMs + PING_PATIENCE_MS);
      if (result.received === 0) throw new CliFailure(EXIT.FAILED, text.pingText(result));
      return { data: result, text: text.pingText(result) };
    },
  ),
  calling(
    'admin',
    'clear.counters',
    [
      keyword('clear', 'Reset something'),
      keyword('counters', 'Set counters to zero'),
      options(PEER_FILTER, INTERFACE_FILTER),
    ],
    filterOf,
    () => [],
  ),
  calling(
    'admin',
    'clear.peer',
    [
      keyword('clear', 'Reset something'),
      keyword('peer', 'End the session with a peer and shake hands anew'),
      PEER_NAME,
      IN_INTERFACE,
    ],
    peerOf,
    () => [],
  ),
  calling(
    'admin',
    'config.write',
    [
      keyword('write', 'Save the configuration'),
      options([keyword('memory', 'As startup configuration (default)')]),
    ],
    () => ({}),
    ({ file, bytes }) => [`Wrote ${bytes} bytes to ${file}`],
  ),
];

const sessionCommands: ExecCommand[] = [
  command(
    'admin',
    [keyword('configure', 'Change the configuration'), options([keyword('terminal', 'From here (default)')])],
    async (session) => {
      session.enterConfiguration();
      return null;
    },
  ),
  command('read', [keyword('enable', 'Turn on the commands of administrators')], async (session) => {
    const { hello } = await session.client();
    if (hello.privilege !== 'admin') {
      throw failure(EXIT.NOT_PERMITTED, 'only root and the group octolink may do this');
    }
    session.enabled = true;
    return null;
  }),
  command('read', [keyword('disable', 'Turn off the commands of administrators')], async (session) => {
    session.enabled = false;
    return null;
  }),
  ...[keyword('exit', 'Leave this program'), keyword('quit', 'Leave this program')].map((word) =>
    command('read', [word], async (session) => {
      session.leave();
      return null;
    }),
  ),
  command(
    'read',
    [
      keyword('terminal', 'Properties of this terminal'),
      keyword('length', 'Lines of a screen'),
      value('length', range(0, 512), 'Lines; 0 never stops'),
    ],
    async (session, args) => {
      session.terminalLength = args.number('length');
      return null;
    },
  ),
  command('read', [keyword('help', 'How to get help')], async () => ({ data: HELP, text: HELP })),
  command('read', [keyword('list', 'All commands of this mode')], async (session) => {
    const lines = execCommands(session.enabled).map(({ tokens }) => syntaxOf(tokens));
    return { data: lines, text: lines.map((line) => `  ${line}`) };
  }),
  command(
    'read',
    [
      keyword('find', 'Commands that match a regular expression'),
      value('pattern', LINE, 'Regular expression'),
    ],
    async (session, args) => {
      const expression = expressionOf(args.text('pattern'));
      const lines = execCommands(session.enabled)
        .map(({ tokens }) => syntaxOf(tokens))
        .filter((line) => expression.test(line));
      return { data: lines, text: lines.map((line) => `  ${line}`) };
    },
  ),
];

const keyCommands: ExecCommand[] = [
  command('read', [keyword('genkey', 'Print a new private key')], async () => {
    const { generatePrivateKey } = await import('./keys.js');
    const privateKey = generatePrivateKey();
    return { data: { privateKey }, text: [privateKey] };
  }),
  command(
    'read',
    [keyword('pubkey', 'Read a private key from the input, print its public key')],
    async (session) => {
      if (session.interactive)
        throw failure(EXIT.FAILED, 'pubkey reads a key from its input: octolink pubkey < FILE');
      const { publicKeyOf } = await import('./keys.js');
      const privateKey = (await session.readInput()).trim();
      try {
        const publicKey = publicKeyOf(privateKey);
        return { data: { publicKey }, text: [publicKey] };
      } catch (error) {
        throw failure(EXIT.BAD_CONFIG, (error as Error).message);
      }
    },
  ),
];

const EXEC_COMMANDS: readonly ExecCommand[] = [
  ...showCommands,
  ...actionCommands,
  ...sessionCommands,
  ...keyCommands,
];

const HELP = [
  'Help may be asked for at any point of a command by a question mark "?".',
  'Two styles of help are there:',
  '1. Full help, when a word is to be given: "show ?" lists what can follow.',
  '2. Partial help, inside a word: "show pe?" lists the words that begin so.',
  'Tab completes a word. A word may be shortened to what is unique.',
];

/** Those that a user may see; without `enable`, commands that change something do not exist. */
export function execCommands(enabled: boolean): readonly ExecCommand[] {
  return enabled ? EXEC_COMMANDS : EXEC_COMMANDS.filter(({ privilege }) => privilege === 'read');
}

const trees = new Map<boolean, Node<ExecCommand>>();

export function execTree(enabled: boolean): Node<ExecCommand> {
  let tree = trees.get(enabled);
  if (tree === undefined) {
    tree = buildTree(execCommands(enabled));
    trees.set(enabled, tree);
  }
  return tree;
}

function expressionOf(pattern: string): RegExp {
  try {
    return new RegExp(pattern, 'u');
  } catch {
    throw new CliFailure(EXIT.SYNTAX, [`% Bad regexp '${pattern}'`]);
  }
}

function linesOf(block: string): string[] {
  return block.replace(/\n$/, '').split('\n');
}
