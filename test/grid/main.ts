/** `npm run grid`: computes the whole grid and writes its page. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { allPairs } from './profiles.js';
import { gridPage } from './table.js';

export const GRID_FILE = fileURLToPath(new URL('../../../docs/grid.md', import.meta.url));

/** Writes the page, telling how far it is; returns the exit status. */
export function main(): number {
  const pairs = allPairs();
  let done = 0;
  const page = gridPage(pairs, (pair) => {
    if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${++done}: ${pair}`);
  });
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  writeFileSync(GRID_FILE, page);
  console.log('written: docs/grid.md; `git diff docs/grid.md` shows what behaves differently');
  return 0;
}
