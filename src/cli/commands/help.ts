/** `help`, `list` and `find`: the commands about commands. */
import { type CommandSpec, keyword, syntaxOf, value } from '../../grammar/command.js';
import { LINE } from '../../grammar/values.js';
import { CliFailure, EXIT } from '../base/failure.js';
import { command, type ExecCommand, type Output } from './command.js';

const HELP = [
  'Help may be requested at any point in a command by typing a question mark "?".',
  'Two styles of help are provided:',
  '1. Full help, between words: "show ?" lists what can follow.',
  '2. Partial help, inside a word: "show pe?" lists the words that begin with "pe".',
  'Tab completes a word. Words may be shortened as long as they are unique.',
];
const SYNTAXES = { form: 'the grammar of each command, an array of strings' };

export const helpCommands: ExecCommand[] = [
  command({
    privilege: 'read',
    everywhere: true,
    tokens: [keyword('help', 'How to get help')],
    json: { form: 'the lines, an array of strings' },
    run: async () => ({ data: HELP, text: HELP }),
  }),
  command({
    privilege: 'read',
    everywhere: true,
    tokens: [keyword('list', 'All commands of this mode')],
    json: SYNTAXES,
    run: async (cli) => listed(await cli.commands(), () => true),
  }),
  command({
    privilege: 'read',
    everywhere: true,
    tokens: [
      keyword('find', 'Commands that match a regular expression'),
      value('pattern', LINE, 'Regular expression'),
    ],
    json: SYNTAXES,
    async run(cli, { pattern }) {
      const expression = expressionOf(pattern);
      return listed(await cli.commands(), (syntax) => expression.test(syntax));
    },
  }),
];

function listed(commands: readonly CommandSpec[], wanted: (syntax: string) => boolean): Output {
  const syntaxes = commands.map(({ tokens }) => syntaxOf(tokens)).filter(wanted);
  return { data: syntaxes, text: syntaxes.map((syntax) => `  ${syntax}`) };
}

function expressionOf(pattern: string): RegExp {
  try {
    return new RegExp(pattern, 'u');
  } catch {
    throw new CliFailure(EXIT.SYNTAX, [`% Bad regexp '${pattern}'`]);
  }
}
