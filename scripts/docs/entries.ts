/** What the manuals say about each command, taken from the command tables. */
import { execCommands } from '../../src/cli/commands/index.js';
import { PIPE_STAGES } from '../../src/cli/interpreter/pipes.js';
import { CONFIG_COMMANDS } from '../../src/config/commands.js';
import { CONFIG_MODES, type ConfigMode } from '../../src/config/language.js';
import { type CommandSpec, helpOf, syntaxOf, type Token } from '../../src/grammar/command.js';
import type { ApiMethod } from './api-methods.js';

/** A word of a command and what it means. */
export type WordHelp = readonly [word: string, help: string];

export interface Entry {
  /** As `list` prints it. */
  syntax: string;
  /** What it does, in a phrase. */
  summary: string;
  words: WordHelp[];
  details: string | null;
  isAdmin: boolean;
  /** The `no` form, or why there is none; null outside the configuration. */
  no: string | null;
  /** What applies without it; null if nothing is stated. */
  preset: string | null;
  /** Prompt of the mode that it opens; null if it opens none. */
  opens: string | null;
  /** What `| json` prints; null: nothing is printed. */
  json: string | null;
}

export const MODE_PROMPTS: Record<ConfigMode, string> = {
  config: '(config)',
  interface: '(config-if)',
  peer: '(config-peer)',
  link: '(config-link)',
};

/** The commands of exec mode; `methods` give the types of their results. */
export function execEntries(methods: readonly ApiMethod[]): Entry[] {
  return execCommands(true).map((command) => {
    const { json } = command;
    if (json === null || 'form' in json) return entryOf(command, json?.form ?? null);
    const method = methods.find(({ name }) => name === json.resultOf);
    if (method === undefined) throw new Error(`no method ${json.resultOf} in the control API`);
    return entryOf(command, `\`${method.result}\`, as from the method \`${method.name}\``);
  });
}

/** The lines of a configuration mode, without those that leave it: they are the same in every mode. */
export function configEntries(mode: ConfigMode): Entry[] {
  return CONFIG_COMMANDS[mode]
    .filter(({ kind }) => kind !== 'leave')
    .map((command) => ({
      ...entryOf(command, null),
      no: noFormOf(command),
      opens: command.kind === 'block' ? MODE_PROMPTS[command.opens as ConfigMode] : null,
    }));
}

export function leavingEntries(): Entry[] {
  const [outermost] = CONFIG_MODES;
  return CONFIG_COMMANDS[outermost].filter(({ kind }) => kind === 'leave').map((spec) => entryOf(spec, null));
}

export function pipeEntries(): Entry[] {
  return PIPE_STAGES.map((stage) => entryOf(stage, null));
}

function entryOf(spec: CommandSpec, json: string | null): Entry {
  const words = [...new Map(wordsOf(spec.tokens))];
  return {
    syntax: syntaxOf(spec.tokens),
    summary: summaryOf(spec.tokens),
    words,
    details: spec.details ?? null,
    isAdmin: spec.privilege === 'admin',
    no: null,
    preset: spec.default ?? presetsOf(spec.tokens),
    opens: null,
    json,
  };
}

/** The help of the last of the keywords with which a command begins. */
function summaryOf(tokens: readonly Token[]): string {
  let summary = '';
  for (const token of tokens) {
    if (token.kind !== 'keyword') break;
    summary = token.help;
  }
  return summary;
}

function wordsOf(tokens: readonly Token[]): WordHelp[] {
  return tokens.flatMap((token) => {
    if (token.kind === 'keyword') return [[token.word, token.help] as const];
    if (token.kind === 'value') return [[token.type.label, helpOf(token)] as const];
    return (token.kind === 'choice' ? token.branches : token.groups).flatMap(wordsOf);
  });
}

function presetsOf(tokens: readonly Token[]): string | null {
  const presets = tokens.flatMap((token): string[] => {
    if (token.kind === 'keyword') return [];
    if (token.kind !== 'value') {
      const inner = (token.kind === 'choice' ? token.branches : token.groups).map(presetsOf);
      return inner.filter((preset) => preset !== null);
    }
    const { default: preset, type, name } = token;
    return preset === undefined ? [] : [`${name} ${preset}${type.unit === undefined ? '' : ` ${type.unit}`}`];
  });
  return presets.length === 0 ? null : presets.join(', ');
}

function noFormOf({ tokens, noNeeds, withoutNo }: CommandSpec): string {
  if (noNeeds === undefined) return withoutNo ?? '';
  const needed = syntaxOf(tokens.slice(0, noNeeds));
  const rest = syntaxOf(tokens.slice(noNeeds));
  return rest === '' ? `no ${needed}` : `no ${needed} [${rest}]`;
}
