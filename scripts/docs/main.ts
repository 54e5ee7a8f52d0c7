/** Writes the pages that are made from the tables of commands, options and methods. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { octolink1, octolinkConf5, octolinkd8 } from './manuals.js';
import { cliReference, methodTable } from './reference.js';

const ROOT = new URL('../../../', import.meta.url);
const TABLE_BEGIN = '<!-- methods: written by "npm run docs" -->';
const TABLE_END = '<!-- end of methods -->';

export const HELP = `usage: npm run docs

Writes manual pages, docs/cli.md and the table of docs/control-api.md from the tables of commands, options and methods.
`;

/** What each page should contain, by its path from the root. */
export function pages(): Map<string, string> {
  return new Map([
    ['docs/cli.md', cliReference()],
    ['docs/control-api.md', withMethods(readPage('docs/control-api.md'))],
    ['docs/man/octolink.1', octolink1()],
    ['docs/man/octolinkd.8', octolinkd8()],
    ['docs/man/octolink.conf.5', octolinkConf5()],
  ]);
}

/** The page as it is in the tree; empty if it does not exist yet. */
export function readPage(path: string): string {
  try {
    return readFileSync(pathOf(path), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

/** Returns the exit code. */
export function main(): number {
  for (const [path, text] of pages()) {
    if (readPage(path) === text) continue;
    mkdirSync(dirname(pathOf(path)), { recursive: true });
    writeFileSync(pathOf(path), text);
    console.log(`wrote ${path}`);
  }
  return 0;
}

/** The hand-written page with the table of methods between its marks. */
function withMethods(page: string): string {
  const [before, rest] = page.split(TABLE_BEGIN);
  const after = rest?.split(TABLE_END)[1];
  if (after === undefined) throw new Error(`docs/control-api.md has no "${TABLE_BEGIN}" … "${TABLE_END}"`);
  return `${before}${TABLE_BEGIN}\n\n${methodTable()}\n\n${TABLE_END}${after}`;
}

function pathOf(path: string): string {
  return fileURLToPath(new URL(path, ROOT));
}
