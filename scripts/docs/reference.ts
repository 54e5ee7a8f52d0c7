/** The reference pages in Markdown. */
import { CONFIG_MODES } from '../../src/config/language.js';
import { type ApiMethod, apiMethods } from './api-methods.js';
import {
  configEntries,
  type Entry,
  execEntries,
  leavingEntries,
  MODE_PROMPTS,
  pipeEntries,
} from './entries.js';
import { CONFIG_EXAMPLE, MODE_NOTES } from './prose.js';

const GENERATED = '<!-- Written by "npm run docs" from the command tables; do not edit. -->';

/** docs/cli.md */
export function cliReference(): string {
  const lines = [
    '# The command line',
    '',
    GENERATED,
    '',
    'Every command of `octolink` and every line of its configuration. A keyword may be abbreviated as long as it stays',
    'unique, `?` lists what can come next, Tab completes. `<a|b>` is a choice, `[a]` may be left out, several `[a] [b]`',
    'may come in any order. Commands marked *admin* are for root and the group `octolink`.',
    '',
    '- [Commands](#commands)',
    '- [Output modifiers](#output-modifiers)',
    '- [Configuration](#configuration)',
    '',
    '## Commands',
    '',
    ...execEntries(apiMethods()).flatMap((entry) => section(entry, '###')),
    '## Output modifiers',
    '',
    'After a command and `|`; several may follow each other. They run in `octolink`, never in the daemon.',
    '',
    ...table(
      ['modifier', 'what it does'],
      pipeEntries().map(({ syntax, summary }) => [code(syntax), summary]),
    ),
    '## Configuration',
    '',
    '`configure terminal` enters `(config)`; the header of a block enters the block, and `exit` leaves it. The JSON form of',
    'the configuration is `config` in `show running-config | json`. A last word `json` does the same, without the bar.',
    '',
    '```',
    ...CONFIG_EXAMPLE.trimEnd().split('\n'),
    '```',
    '',
    ...CONFIG_MODES.flatMap((mode) => [
      `### ${MODE_NOTES[mode].title}: \`${MODE_PROMPTS[mode]}\``,
      '',
      MODE_NOTES[mode].text,
      '',
      ...configEntries(mode).flatMap((entry) => section(entry, '####')),
    ]),
    '### In every mode',
    '',
    ...table(
      ['line', 'what it does'],
      leavingEntries().map(({ syntax, summary }) => [code(syntax), summary]),
    ),
  ];
  return `${lines.join('\n').trimEnd()}\n`;
}

/** The table of methods inside docs/control-api.md. */
export function methodTable(): string {
  const rows = apiMethods().map(({ name, params, result, note, isAdmin }: ApiMethod) => [
    `${code(name)}${isAdmin ? ' *admin*' : ''}`,
    params === 'none' ? '' : code(params),
    code(result),
    note,
  ]);
  return table(['method', 'params', 'result', 'notes'], rows).join('\n').trimEnd();
}

function section(entry: Entry, level: string): string[] {
  const { syntax, summary, words, details, no, preset, opens, json, isAdmin } = entry;
  const facts = [
    no === null ? null : no.startsWith('no ') ? `Removed by ${code(no)}.` : `No \`no\` form: ${no}.`,
    preset === null ? null : `Default: ${preset}.`,
    opens === null ? null : `Opens ${code(opens)}.`,
    json === null ? null : `JSON: ${json}.`,
  ].filter((fact) => fact !== null);
  return [
    `${level} ${code(syntax)}`,
    '',
    `${summary}.${isAdmin && no === null ? ' *admin*' : ''}${details === null ? '' : ` ${details}`}`,
    '',
    ...(words.length < 2
      ? []
      : table(
          ['word', 'meaning'],
          words.map(([word, help]) => [code(word), help]),
        )),
    ...(facts.length === 0 ? [] : [facts.join(' '), '']),
  ];
}

function table(titles: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(titles), line(titles.map(() => '---')), ...rows.map(line), ''];
}

const code = (text: string) => `\`${text}\``;
