/** Which exec command a line means, with its output modifiers. */
import type { Match } from '../../grammar/match.js';
import { matchLine } from '../../grammar/match.js';
import { splitLine } from '../../grammar/words.js';
import type { ExecCommand } from '../commands/command.js';
import { everywhereTree, execTree } from '../commands/index.js';
import { splitPipes } from './pipes.js';

export interface ExecMatch {
  match: Match<ExecCommand>;
  /** What follows each bar; none where the command takes them as its own. */
  stages: { text: string }[];
}

/** Matches a line against the commands that the user may see. */
export function matchExec(text: string, enabled: boolean): ExecMatch {
  const { command, stages } = splitPipes(text);
  const line = splitLine(command);
  const tree = execTree(enabled);
  const match = matchLine(tree, line);
  if (match.kind !== 'command' || !match.command.takesPipes) return { match, stages };
  return { match: matchLine(tree, splitLine(text)), stages: [] };
}

/** Matches a line against the commands that configuration modes know as well. */
export function matchEverywhere(text: string, enabled: boolean): ExecMatch {
  const { command, stages } = splitPipes(text);
  return { match: matchLine(everywhereTree(enabled), splitLine(command)), stages };
}

/** The line is a command for administrators. */
export function isAdministrative(text: string): boolean {
  return matchExec(text, true).match.kind === 'command';
}
