/** `npm run grid`: computes the whole grid and writes its page. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Draws } from './bulk.js';
import { answersOf } from './jobs.js';
import { gridPage } from './table.js';
import { TRANSFERS } from './transfers.js';

export const GRID_FILE = fileURLToPath(new URL('../../../docs/grid.md', import.meta.url));
const WORKER = new URL('./worker.js', import.meta.url);

export const HELP = `usage: npm run grid

Computes docs/grid.md: what the datapath does over pairs of paths.
`;

/** Writes the page, telling how far it is; returns the exit status. */
export async function main(): Promise<number> {
  const { isTTY } = process.stderr;
  const answers = await answersOf<number[]>(WORKER, TRANSFERS.length, (done) => {
    if (isTTY)
      process.stderr.write(`\r\u001b[K${done} of ${TRANSFERS.length}: ${TRANSFERS[done - 1].join(' + ')}`);
  });
  if (isTTY) process.stderr.write('\r\u001b[K');
  const found = new Map(TRANSFERS.map((names, job) => [names.join('+'), answers[job]]));
  const draws: Draws = (names) => found.get(names.join('+'))!;
  writeFileSync(GRID_FILE, gridPage(draws));
  console.log('written: docs/grid.md; `git diff docs/grid.md` shows what behaves differently');
  return 0;
}
