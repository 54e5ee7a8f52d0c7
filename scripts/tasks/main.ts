/** `npm run tasks`: types forty tasks of an engineer into the CLI at two sizes, and writes the page of tasks. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Lab } from '../lab/lab.js';
import { ROOT } from '../lab/mesh.js';
import { type Size, TaskBed } from './bed.js';
import { pageOf, type Typed } from './page.js';
import { TASKS } from './tasks.js';

const SIZES: readonly Size[] = [
  { columns: 80, rows: 24 },
  { columns: 140, rows: 40 },
];

export const HELP = `usage: npm run tasks [-- WORD…]

Types forty tasks of an engineer into the CLI, in a terminal of each size, and writes the screens to docs/tasks.

  WORD   part of a title, or a size such as 80x24: only those, and no page is written unless every task of a size was typed
`;

/**
 * `words`: parts of titles, and sizes such as `80x24`; without any, all are typed and the pages written. Returns the exit
 * status, 1 if a task does not work.
 */
export async function main(words: readonly string[]): Promise<number> {
  const sizes = SIZES.filter((size) => words.includes(nameOf(size)));
  const titles = words.filter((word) => !/^\d+x\d+$/.test(word));
  const wanted = TASKS.filter(
    ({ title }) => titles.length === 0 || titles.some((word) => title.toLowerCase().includes(word)),
  );
  const lab = await Lab.build({ hosts: 3, underlays: [{ family: 4 }, { family: 4 }] });
  let failures = 0;
  try {
    const bed = await TaskBed.start(lab);
    for (const size of sizes.length === 0 ? SIZES : sizes) {
      const typed: Typed[] = [];
      for (const task of wanted) {
        try {
          typed.push({ task, screen: await bed.perform(task, size) });
        } catch (error) {
          failures++;
          console.error(`${task.title} (${nameOf(size)}): ${(error as Error).message}`);
        }
      }
      console.log(`${nameOf(size)}: ${typed.length} of ${wanted.length} tasks work`);
      if (titles.length === 0 && failures === 0) write(size, typed);
      else for (const { task, screen } of typed) console.log(`\n== ${task.title}\n${screen.join('\n')}`);
    }
  } finally {
    await lab.remove();
  }
  return failures === 0 ? 0 : 1;
}

function write(size: Size, typed: readonly Typed[]): void {
  const folder = join(ROOT, 'docs/tasks');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${nameOf(size)}.md`), pageOf(nameOf(size), typed));
}

function nameOf({ columns, rows }: Size): string {
  return `${columns}x${rows}`;
}
