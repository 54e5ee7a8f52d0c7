/** Who is connected, and everything at once for a report of a problem. */
import type { ClientStatus } from '../../api/index.js';
import { byName } from '../../base/order.js';
import { keyword } from '../../grammar/command.js';
import { CliFailure } from '../base/failure.js';
import { usersText } from '../output/users.js';
import { type Cli, calling, command, type ExecCommand, type OutputPart, SHOW } from './command.js';
import { narrowedCall } from './listings.js';
import { larger } from './narrowing.js';

/** What a problem report needs. Configurations refer to secrets by file, so it holds no secret. */
const REPORT = [
  'show clock',
  'show version',
  'show system',
  'show running-config',
  'show interfaces',
  'show peers',
  'show links',
  'show mtu',
  'show vlan',
  'show mac-table',
  'show drops',
  'show counters',
  'show events',
  'show users',
  'show archive',
];

async function* report(cli: Cli): AsyncGenerator<OutputPart> {
  for (const command of REPORT) {
    if (cli.signal.aborted) return;
    const lines = await linesOf(cli, command);
    yield { data: [{ command, lines }], text: [`------ ${command} ------`, '', ...lines, ''] };
  }
}

/** A part that fails must not cost the others. */
async function linesOf(cli: Cli, command: string): Promise<string[]> {
  try {
    return await cli.linesOf(command);
  } catch (error) {
    if (error instanceof CliFailure) return error.lines;
    throw error;
  }
}

const USERS_HELP = 'Who is connected to the daemon';

export const supportCommands: ExecCommand[] = [
  narrowedCall<'show.users', ClientStatus>({
    tokens: [keyword('users', USERS_HELP)],
    groups: [],
    ways: {
      name: { help: 'Only users whose name fits a pattern', of: ({ user }) => user },
      sorts: {
        user: { help: 'By name', order: (a, b) => byName(a.user, b.user) },
        connected: {
          help: 'Connected longest first',
          order: (a, b) => larger(a.connectedSeconds, b.connectedSeconds),
        },
        idle: { help: 'Idle longest first', order: (a, b) => larger(a.idleSeconds, b.idleSeconds) },
      },
    },
    method: 'show.users',
    narrow: (users, rows) => rows(users),
    text: usersText,
  }),
  calling({
    privilege: 'read',
    tokens: [keyword('who', USERS_HELP)],
    method: 'show.users',
    params: () => ({}),
    text: usersText,
  }),
  command({
    privilege: 'read',
    tokens: [SHOW, keyword('tech-support', 'Everything that a problem report needs')],
    json: { form: 'an array of objects: `command`, and `lines` of its text' },
    run: async (cli) => ({ json: 'array', parts: report(cli) }),
  }),
];
