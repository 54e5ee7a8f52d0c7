/** `terminal …`: properties of this terminal, for this session. */
import { keyword, value } from '../../grammar/command.js';
import { range } from '../../grammar/values.js';
import { command, type ExecCommand } from './command.js';

const TERMINAL = keyword('terminal', 'Properties of this terminal');

export const terminalCommands: ExecCommand[] = [
  command({
    privilege: 'read',
    tokens: [
      TERMINAL,
      keyword('length', 'Lines of a screen'),
      value('length', range(0, 512, 'lines'), 'Number; 0 never stops'),
    ],
    json: null,
    async run(session, { length }) {
      session.terminalLength = length;
      return null;
    },
  }),
];
