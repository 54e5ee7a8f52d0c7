/**
 * The differences between two configurations, as routers print them: lines added and removed, under the headers of the
 * blocks that enclose them. A different order is no difference.
 */

import type { Config } from '../api/config.js';
import { CONFIG_COMMANDS } from './commands.js';
import { type Block, CONFIG_MODES, type ConfigMode, type Scope } from './language.js';
import { renderBlock, wholeOf } from './render.js';

export interface ConfigDiff {
  /** Each begins with `+`, `-`, or a blank if it only names the block that encloses the others. */
  lines: string[];
  added: number;
  removed: number;
}

/** The changes from one configuration to the other. No lines: they mean the same. */
export function diffConfigs(from: Config, to: Config): ConfigDiff {
  const diff: ConfigDiff = { lines: [], added: 0, removed: 0 };
  if (from !== to) diffBlock('config', wholeOf(from), wholeOf(to), diff);
  return diff;
}

function diffBlock(mode: ConfigMode, from: Scope, to: Scope, diff: ConfigDiff): void {
  const indent = indentOf(mode);
  for (const command of CONFIG_COMMANDS[mode]) {
    if (command.kind === 'setting') {
      const before = command.render(from);
      const after = command.render(to);
      for (const line of before) if (!after.includes(line)) note(diff, '-', indent + line);
      for (const line of after) if (!before.includes(line)) note(diff, '+', indent + line);
    } else if (command.kind === 'block') {
      diffBlocks(mode, command.opens as ConfigMode, command.blocks(from), command.blocks(to), diff);
    }
  }
}

function diffBlocks(
  mode: ConfigMode,
  inner: ConfigMode,
  before: readonly Block[],
  after: readonly Block[],
  diff: ConfigDiff,
): void {
  const indent = indentOf(mode);
  const present = new Map(after.map((block) => [block.header, block]));
  for (const block of before) {
    const next = present.get(block.header);
    present.delete(block.header);
    if (next === undefined) {
      noteBlock(diff, '-', indent + block.header, inner, block.scope);
      continue;
    }
    const header = diff.lines.push(` ${indent}${block.header}`);
    diffBlock(inner, block.scope, next.scope, diff);
    if (diff.lines.length === header) diff.lines.pop();
  }
  for (const block of present.values()) noteBlock(diff, '+', indent + block.header, inner, block.scope);
}

function noteBlock(diff: ConfigDiff, sign: '+' | '-', header: string, inner: ConfigMode, scope: Scope): void {
  const lines: string[] = [];
  renderBlock(inner, scope, lines);
  note(diff, sign, header);
  for (const line of lines) if (line.trimStart() !== 'exit') note(diff, sign, line);
}

function note(diff: ConfigDiff, sign: '+' | '-', line: string): void {
  diff.lines.push(sign + line);
  if (sign === '+') diff.added++;
  else diff.removed++;
}

function indentOf(mode: ConfigMode): string {
  return ' '.repeat(CONFIG_MODES.indexOf(mode));
}
