/** docs/neighbours.md: one line for each row; a run of some rows replaces their lines only. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../lab/mesh.js';
import type { Row } from './row.js';

const FILE = join(ROOT, 'docs', 'neighbours.md');

/** What became of a row. */
export interface Result {
  row: Row;
  version: string;
  without: string;
  cut: string;
}

/** Puts the lines of `results` into the page, in the order of `rows`; lines of rows that are no more go. */
export function writePage(rows: readonly Row[], results: readonly Result[], head: string): void {
  const known = new Map<string, string>();
  const before = existsSync(FILE) ? readFileSync(FILE, 'utf8') : '';
  for (const line of before.matchAll(/^\| `([\w-]+)` \|.*$/gm)) known.set(line[1], line[0]);
  for (const result of results) known.set(result.row.name, lineOf(result));
  const lines = rows.flatMap(({ name }) => known.get(name) ?? []);
  writeFileSync(FILE, [head, ...lines, ''].join('\n'));
}

function lineOf({ row, version, without, cut }: Result): string {
  const cells = [
    `\`${row.name}\``,
    `${row.program} ${plain(version)}`.trim(),
    row.asked,
    without,
    cut,
    row.know,
  ];
  return `| ${cells.join(' | ')} |`;
}

/** A Debian version without its epoch and revision. */
function plain(version: string): string {
  return version
    .replace(/^\d+:/, '')
    .replace(/-[^-]*$/, '')
    .replace(/[+~].*$/, '');
}
