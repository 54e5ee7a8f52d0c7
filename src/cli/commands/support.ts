/** Who is connected, and everything at once for a report of a problem. */
import { keyword } from '../../grammar/command.js';
import { CliFailure } from '../base/failure.js';
import { usersText } from '../output/users.js';
import { type Cli, calling, command, type ExecCommand, type OutputPart, SHOW } from './command.js';

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

const users = (tokens: Parameters<typeof calling>[0]['tokens']): ExecCommand =>
  calling({ privilege: 'read', tokens, method: 'show.users', params: () => ({}), text: usersText });

export const supportCommands: ExecCommand[] = [
  users([SHOW, keyword('users', 'Who is connected to the daemon')]),
  users([keyword('who', 'Who is connected to the daemon')]),
  command({
    privilege: 'read',
    tokens: [SHOW, keyword('tech-support', 'Everything that a problem report needs')],
    json: { form: 'an array of objects: `command`, and `lines` of its text' },
    run: async (cli) => ({ json: 'array', parts: report(cli) }),
  }),
];
