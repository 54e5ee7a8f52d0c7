/** Privilege, and leaving the program. */
import { keyword } from '../../grammar/command.js';
import { command, type ExecCommand } from './command.js';

function leaving(word: string): ExecCommand {
  return command({
    privilege: 'read',
    tokens: [keyword(word, 'Leave this program')],
    json: null,
    async run(cli) {
      cli.leave();
      return null;
    },
  });
}

export const sessionCommands: ExecCommand[] = [
  command({
    privilege: 'read',
    tokens: [keyword('enable', 'Turn on administrator commands')],
    json: null,
    async run(cli) {
      const isAllowed = !cli.readOnly && (await cli.client()).hello.privilege === 'admin';
      if (!isAllowed) throw await cli.notAuthorized();
      cli.enabled = true;
      return null;
    },
  }),
  command({
    privilege: 'read',
    tokens: [keyword('disable', 'Turn off administrator commands')],
    json: null,
    async run(cli) {
      cli.enabled = false;
      return null;
    },
  }),
  command({
    privilege: 'read',
    tokens: [keyword('end', 'Return to exec mode')],
    json: null,
    run: async () => null,
  }),
  leaving('exit'),
  leaving('quit'),
];
