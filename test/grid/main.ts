/** `npm run grid`: computes the whole grid and writes its page. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Draws, drawsAsAsked } from './bulk.js';
import { answersOf } from './jobs.js';
import { everyPair, type Pair } from './profiles.js';
import { BULK_HEAD, bulkRow, gridPage } from './table.js';
import { TRANSFERS } from './transfers.js';

export const GRID_FILE = fileURLToPath(new URL('../../../docs/grid.md', import.meta.url));
const WORKER = new URL('./worker.js', import.meta.url);

export const HELP = `usage: npm run grid [PATH+PATH]...

Computes docs/grid.md: what the datapath does over pairs of paths. With pairs of its paths, only prints the lines that bulk
transfers over those would have, one after another in one thread.
`;
const USAGE_ERROR = 64;

/** Writes the page, telling how far it is, or prints lines of it; returns the exit status. */
export async function main(names: readonly string[]): Promise<number> {
  return names.length === 0 ? writePage() : printRows(names);
}

function printRows(names: readonly string[]): number {
  const known = new Map(everyPair().map((pair) => [pair.join('+'), pair]));
  const unknown = names.filter((name) => !known.has(name));
  if (unknown.length > 0) {
    console.error(`no pair of docs/grid.md: ${unknown.join(', ')}`);
    return USAGE_ERROR;
  }
  const draws = drawsAsAsked();
  console.log(BULK_HEAD.join('\n'));
  for (const name of names) console.log(bulkRow(known.get(name) as Pair, draws));
  return 0;
}

async function writePage(): Promise<number> {
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
