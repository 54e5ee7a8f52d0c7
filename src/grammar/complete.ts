/** What can come next: for `?` and for Tab. */
import type { CompletionKind } from '../api/index.js';
import { type Args, helpOf } from './command.js';
import { argsOf, keywordsOffered, type Path, walk } from './match.js';
import type { Node } from './tree.js';
import { splitLine } from './words.js';

export interface CompletionOption {
  /** The keyword, or the placeholder of a value. */
  text: string;
  help: string;
  kind: 'keyword' | 'value';
  /** Live names that can stand here. */
  complete: CompletionKind | null;
  /** What has been given before, to narrow the live names. */
  args: Args;
}

export interface Completion {
  /** The unfinished word under the cursor; empty after a blank. */
  partial: string;
  /** Offset at which it starts. */
  start: number;
  options: CompletionOption[];
  /** The line is a whole command as it stands. */
  runnable: boolean;
  /** Offset of the first word that no command accepts, or null. */
  invalidAt: number | null;
}

/** Completes `text`, which is the line up to the cursor. */
export function completeLine<C>(root: Node<C>, text: string): Completion {
  const line = splitLine(text);
  const last = line.words.at(-1);
  const unfinished = last !== undefined && last.end === text.length && !last.quoted;
  const partial = unfinished ? last.text : '';
  const start = unfinished ? last.start : text.length;
  const nothing: Completion = { partial, start, options: [], runnable: false, invalidAt: null };
  if (line.problem !== null || line.commentAt < text.length) return nothing;

  const { paths, failedAt } = walk(root, line, line.words.length - (unfinished ? 1 : 0));
  if (failedAt !== null) return { ...nothing, invalidAt: line.words[failedAt].start };
  const options = new Map<string, CompletionOption>();
  for (const path of paths) {
    for (const option of optionsAt(path, partial)) {
      const known = options.get(option.text);
      if (known === undefined || known.complete === null) options.set(option.text, option);
    }
  }
  const runnable = !unfinished && paths.some((path) => path.node.leaf !== null);
  const invalidAt = options.size === 0 && unfinished ? start : null;
  return { partial, start, options: [...options.values()], runnable, invalidAt };
}

function optionsAt<C>(path: Path<C>, partial: string): CompletionOption[] {
  const args = argsOf(path);
  if (path.edge?.kind === 'value' && path.edge.type.restOfLine) {
    return [{ text: path.edge.type.label, help: helpOf(path.edge), kind: 'value', complete: null, args }];
  }
  const keywords = keywordsOffered(path.node)
    .filter(({ word }) => word.startsWith(partial))
    .sort((a, b) => (a.word < b.word ? -1 : 1))
    .map(({ word, help }): CompletionOption => ({ text: word, help, kind: 'keyword', complete: null, args }));
  const values = path.node.values
    .filter((edge) => edge.type.mayBegin(partial))
    .map(
      (edge): CompletionOption => ({
        text: edge.type.label,
        help: helpOf(edge),
        kind: 'value',
        complete: edge.complete ?? null,
        args,
      }),
    );
  return [...keywords, ...values];
}
