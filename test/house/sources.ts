/** What the checks of words and paths read: files of the project, their comments, their prose. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** Paths from the root of the files under `folder` (or `folder` itself, a file) whose names `accept` matches. */
export function filesUnder(folder: string, accept: RegExp): string[] {
  const path = join(ROOT, folder);
  if (!statSync(path).isDirectory()) return accept.test(path) ? [relative(ROOT, path)] : [];
  return readdirSync(path)
    .sort()
    .flatMap((name) => filesUnder(join(folder, name), accept));
}

export function textOf(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8');
}

/** Everything but its line breaks replaced by blanks, so that what is left keeps its line numbers. */
function blanked(text: string): string {
  return text.replace(/[^\n]/g, ' ');
}

/** The comments of TypeScript, JavaScript or C++, in their lines. */
export function commentsOf(source: string): string {
  let comments = '';
  let end = 0;
  for (const { 0: comment, index } of source.matchAll(/\/\*[\s\S]*?\*\/|(?<![:'"`/])\/\/.*$/gm)) {
    comments += blanked(source.slice(end, index)) + comment;
    end = index + comment.length;
  }
  return comments;
}

/** Markdown without what is quoted from elsewhere: code blocks, code spans, comments, targets of links. */
export function proseOf(markdown: string): string {
  return markdown.replace(/```[\s\S]*?```|`[^`]*`|<!--[\s\S]*?-->|\]\([^)]*\)/g, blanked);
}
