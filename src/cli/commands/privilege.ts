/** The session itself: privilege, and leaving. */
import { keyword } from '../../grammar/command.js';
import { EXIT, failure } from '../base/failure.js';
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
    tokens: [keyword('enable', 'Turn on the commands of administrators')],
    json: null,
    async run(cli) {
      if (cli.readOnly) throw failure(EXIT.NOT_PERMITTED, 'this session is read-only');
      const { hello } = await cli.client();
      if (hello.privilege !== 'admin') {
        throw failure(EXIT.NOT_PERMITTED, 'only root and the group octolink may do this');
      }
      cli.enabled = true;
      return null;
    },
  }),
  command({
    privilege: 'read',
    tokens: [keyword('disable', 'Turn off the commands of administrators')],
    json: null,
    async run(cli) {
      cli.enabled = false;
      return null;
    },
  }),
  leaving('exit'),
  leaving('quit'),
];
