/** The way into configuration mode, and saving. */
import { keyword, options } from '../../grammar/command.js';
import { calling, command, type ExecCommand } from './command.js';

export const configurationCommands: ExecCommand[] = [
  command({
    privilege: 'admin',
    tokens: [
      keyword('configure', 'Change the configuration'),
      options([keyword('terminal', 'From here (default)')]),
    ],
    json: null,
    async run(session) {
      session.enterConfiguration();
      return null;
    },
  }),
  calling({
    privilege: 'admin',
    tokens: [
      keyword('write', 'Save the configuration'),
      options([keyword('memory', 'As startup configuration (default)')]),
    ],
    method: 'config.write',
    params: () => ({}),
    text: ({ file, bytes }) => [`Wrote ${bytes} bytes to ${file}`],
  }),
];
