/** `completion …`: how a shell learns to complete this program's commands. */
import { keyword, oneOf } from '../../grammar/command.js';
import { command, type ExecCommand } from './command.js';

export const completionCommands: ExecCommand[] = [
  command({
    privilege: 'read',
    tokens: [
      keyword('completion', 'Print the completion script of a shell'),
      oneOf('shell', { bash: 'For bash', zsh: 'For zsh', fish: 'For fish' }),
    ],
    json: { form: 'the lines of the script, an array of strings' },
    details: 'For bash: put eval "$(octolink completion bash)" into ~/.bashrc.',
    async run(_cli, { shell }) {
      const { SHELLS } = await import('./completion-scripts.js');
      const lines = SHELLS[shell].trimEnd().split('\n');
      return { data: lines, text: lines };
    },
  }),
];
