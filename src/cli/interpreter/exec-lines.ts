/** Which exec command a line means, with its output modifiers. */
import { takesRestOfLine } from '../../grammar/command.js';
import { type Match, matchLine } from '../../grammar/match.js';
import type { Node } from '../../grammar/tree.js';
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
  const tree = execTree(enabled);
  const found = matchIn(tree, text);
  if (found.match.kind !== 'command' || !found.match.command.takesPipes) return found;
  return { match: matchLine(tree, splitLine(text)), stages: [] };
}

/** Matches a line against the commands that configuration modes know as well. */
export function matchEverywhere(text: string, enabled: boolean): ExecMatch {
  return matchIn(everywhereTree(enabled), text);
}

function matchIn(tree: Node<ExecCommand>, text: string): ExecMatch {
  const { command, stages } = splitPipes(text);
  const match = matchLine(tree, splitLine(command));
  const before = match.kind === 'command' && match.keywords.at(-1) === 'json' ? null : beforeJson(command);
  if (before === null) return { match, stages };
  const shorter = matchLine(tree, splitLine(before));
  return canEndInJson(shorter)
    ? { match: shorter, stages: [{ text: 'json' }, ...stages] }
    : { match, stages };
}

/** What stands before a last word `json`, or null. In quotes it is a name. */
function beforeJson(command: string): string | null {
  const { words, problem } = splitLine(command);
  const last = words.at(-1);
  if (problem !== null || words.length < 2 || last?.text !== 'json' || last.quoted) return null;
  return command.slice(0, last.start);
}

/** The word `json` after the command asks for its output as JSON, as on other routers; in free text it is text. */
function canEndInJson(match: Match<ExecCommand>): boolean {
  return match.kind === 'command' && match.command.json !== null && !takesRestOfLine(match.command.tokens);
}

/** The word `json` can follow a line: what `?` and Tab offer. */
export function mayEndInJson(text: string, enabled: boolean): boolean {
  return canEndInJson(matchLine(execTree(enabled), splitLine(text)));
}

/** The line is a command for administrators. */
export function isAdministrative(text: string): boolean {
  return matchExec(text, true).match.kind === 'command';
}
