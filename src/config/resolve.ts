/** Finds the command that a configuration line means in a mode. */
import type { Args } from '../grammar/command.js';
import type { Mismatch } from '../grammar/explain.js';
import { matchLine } from '../grammar/match.js';
import { buildTree, type Form, type Node } from '../grammar/tree.js';
import type { SplitLine } from '../grammar/words.js';
import { CONFIG_COMMANDS } from './commands.js';
import { CONFIG_MODES, type ConfigCommand, type ConfigMode } from './language.js';

export type Resolution =
  | { kind: 'empty' }
  /** `depth`: index in `CONFIG_MODES` of the mode that knows the command. */
  | {
      kind: 'command';
      depth: number;
      command: ConfigCommand;
      form: Form;
      args: Args;
      keywords: string[];
    }
  | { kind: 'mismatch'; mismatch: Mismatch };

/** What can stand before a command. */
const FORM_WORDS: ReadonlySet<string | undefined> = new Set(['no', 'default']);

const trees = new Map<ConfigMode, Node<ConfigCommand>>();

/** The tree of a configuration mode. */
export function configTree(mode: ConfigMode): Node<ConfigCommand> {
  let tree = trees.get(mode);
  if (tree === undefined) {
    tree = buildTree(CONFIG_COMMANDS[mode]);
    trees.set(mode, tree);
  }
  return tree;
}

/**
 * Finds the command in the mode of `depth`. A line whose first word is unknown in that mode is looked up in the
 * modes around it: pasted text relies on a line of an outer mode leaving the inner one.
 */
export function resolveConfigLine(depth: number, line: SplitLine): Resolution {
  let nearest: Mismatch | null = null;
  for (let at = depth; at >= 0; at--) {
    const match = matchLine(configTree(CONFIG_MODES[at]), line);
    if (match.kind === 'empty') return match;
    if (match.kind === 'command') return { ...match, depth: at };
    if (!isForeign(match, line)) return { kind: 'mismatch', mismatch: match };
    if (nearest === null || (suggests(match) && !suggests(nearest))) nearest = match;
  }
  return { kind: 'mismatch', mismatch: nearest as Mismatch };
}

/** The modes that have a command of the name that the line begins with, whether or not the rest of it is right. */
export function modesKnowing(line: SplitLine): ConfigMode[] {
  return CONFIG_MODES.filter((mode) => {
    const match = matchLine(configTree(mode), line);
    if (match.kind === 'command') return match.command.kind !== 'leave';
    return match.kind !== 'empty' && !isForeign(match, line);
  });
}

/** Whether the mode knows no command of this name, with or without `no` or `default`. */
function isForeign(mismatch: Mismatch, line: SplitLine): boolean {
  if (mismatch.kind === 'unknown') return true;
  return (
    mismatch.kind === 'invalid' && FORM_WORDS.has(line.words[0]?.text) && mismatch.at === line.words[1]?.start
  );
}

function suggests(mismatch: Mismatch): boolean {
  return 'suggestions' in mismatch && mismatch.suggestions.length > 0;
}
