import type { Config } from '../api/config.js';
import type { Token } from '../grammar/command.js';
import { CONFIG_COMMANDS } from './commands.js';
import { CONFIG_MODES, type ConfigMode, type Scope, type Setting } from './language.js';
import { withTemplates } from './templates.js';

/**
 * Prints a configuration as the commands that make it: full keywords, one blank of indent per level, each block
 * closed by `exit`. Parsing the text gives an equal configuration.
 */
export function renderConfig(config: Config): string {
  return textOf(config, false);
}

/** The same with a line for everything that holds by default, and what peers take from templates in their own blocks. */
export function renderWithDefaults(config: Config): string {
  return textOf({ ...config, interfaces: config.interfaces.map(withTemplates) }, true);
}

function textOf(config: Config, defaults: boolean): string {
  const lines: string[] = [];
  renderBlock('config', wholeOf(config), lines, defaults);
  return lines.map((line) => `${line}\n`).join('');
}

/** The outermost scope. */
export function wholeOf(config: Config): Scope {
  return { config, interface: null, peer: null, link: null };
}

/** Appends the lines inside a block whose commands are those of `mode`. */
export function renderBlock(mode: ConfigMode, scope: Scope, lines: string[], defaults = false): void {
  const indent = ' '.repeat(CONFIG_MODES.indexOf(mode));
  for (const command of CONFIG_COMMANDS[mode]) {
    if (command.kind === 'setting') {
      const own = command.render(scope);
      const preset = defaults && own.length === 0 ? presetOf(command, scope) : null;
      for (const line of preset === null ? own : [preset]) lines.push(indent + line);
    } else if (command.kind === 'block') {
      for (const block of command.blocks(scope)) {
        lines.push(indent + block.header);
        // What a template does not say is for the peer, or its interface, to say.
        const isTemplate = block.scope.interface?.peerTemplates?.some((one) => one === block.scope.peer);
        renderBlock(command.opens as ConfigMode, block.scope, lines, defaults && isTemplate !== true);
        lines.push(`${indent}exit`);
      }
    }
  }
}

function presetOf(command: Setting, scope: Scope): string | null {
  if (command.preset !== undefined) return command.preset(scope);
  if (command.aliasOf !== undefined) return null;
  const words: string[] = [];
  for (const token of command.tokens) {
    const word = presetWord(token);
    if (word === null) return null;
    if (word === 'none') return `no ${words.join(' ')}`;
    words.push(word);
  }
  const isFlag = command.tokens.every(({ kind }) => kind === 'keyword' || kind === 'options');
  const line = words.join(' ').trimEnd();
  return isFlag ? `no ${line}` : line;
}

/** What stands for a word by default: `none` where it can only be left unset, null where nothing is known. */
function presetWord(token: Token): string | null {
  if (token.kind === 'keyword') return token.word;
  if (token.kind === 'options') return '';
  return token.kind === 'value' && token.default !== undefined ? String(token.default) : null;
}
