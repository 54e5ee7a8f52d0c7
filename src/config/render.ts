import type { Config } from '../api/config.js';
import { CONFIG_COMMANDS } from './commands.js';
import { CONFIG_MODES, type ConfigMode, type Scope } from './language.js';

/**
 * Prints a configuration as the commands that make it: full keywords, one blank of indent per level, each block
 * closed by `exit`. Parsing the text gives an equal configuration.
 */
export function renderConfig(config: Config): string {
  const lines: string[] = [];
  renderBlock('config', wholeOf(config), lines);
  return lines.map((line) => `${line}\n`).join('');
}

/** The outermost scope. */
export function wholeOf(config: Config): Scope {
  return { config, interface: null, peer: null, link: null };
}

/** Appends the lines inside a block whose commands are those of `mode`. */
export function renderBlock(mode: ConfigMode, scope: Scope, lines: string[]): void {
  const indent = ' '.repeat(CONFIG_MODES.indexOf(mode));
  for (const command of CONFIG_COMMANDS[mode]) {
    if (command.kind === 'setting') {
      for (const line of command.render(scope)) lines.push(indent + line);
    } else if (command.kind === 'block') {
      for (const block of command.blocks(scope)) {
        lines.push(indent + block.header);
        renderBlock(command.opens as ConfigMode, block.scope, lines);
        lines.push(`${indent}exit`);
      }
    }
  }
}
