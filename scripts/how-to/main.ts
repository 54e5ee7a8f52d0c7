/** `npm run how-to`: each page on hosts of its own, one after the other. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT } from '../lab/mesh.js';
import { pageBlocks } from '../lab/page-blocks.js';
import { checkCode, pagesWithCode } from './code.js';
import type { Scene } from './scene.js';
import { SCENES } from './scenes.js';
import { Stage } from './stage.js';

export const HELP = `usage: npm run how-to -- [--only PAGE[,PAGE…]] [--list]

Runs the commands of README.md and of pages in docs as they are written, on hosts of network namespaces with file systems of
their own, and checks what the pages say must hold. The compiler reads the code that pages show. Debian packages are unpacked into build/neighbours; nothing
is installed. The pages about programs over octo0 are run by "npm run neighbours -- --only how-to".

  --only PAGE   pages whose path contains PAGE
  --list        their paths
`;

/** Returns the exit status: 1 if a page failed. */
export async function main(args: string[]): Promise<number> {
  const options = { only: { type: 'string' }, list: { type: 'boolean' } } as const;
  const { values } = parseArgs({ args, options });
  if (values.list) return tell(TRIALS.map(({ title }) => `${title}\n`).join(''));
  const words = values.only?.split(',') ?? [''];
  const wanted = TRIALS.filter(({ title }) => words.some((word) => title.includes(word)));
  if (wanted.length === 0) {
    process.stderr.write(`no page is called ${values.only}; --list names them\n`);
    return 64;
  }
  let good = 0;
  for (const trial of wanted) if (await works(trial)) good++;
  console.log(`${good} of ${wanted.length} pages hold`);
  return good === wanted.length ? 0 : 1;
}

function tell(text: string): number {
  process.stdout.write(text);
  return 0;
}

interface Trial {
  title: string;
  hold: () => Promise<void>;
}

const TRIALS: readonly Trial[] = [
  ...SCENES.map((scene) => ({
    title: scene.variant === undefined ? scene.page : `${scene.page} (${scene.variant})`,
    hold: () => followPage(scene),
  })),
  ...pagesWithCode().map((page) => ({ title: `${page} (code)`, hold: () => checkCode(page) })),
];

async function works({ title, hold }: Trial): Promise<boolean> {
  const from = performance.now();
  try {
    await hold();
    console.log(`${title}: holds (${((performance.now() - from) / 1000).toFixed(0)} s)`);
    return true;
  } catch (error) {
    console.error(`${title}: FAILED: ${(error as Error).message}`);
    return false;
  }
}

/** Runs the commands of a page. @throws with the block that went wrong */
export async function followPage(scene: Scene): Promise<void> {
  const blocks = pageBlocks(readFileSync(join(ROOT, scene.page), 'utf8'));
  if (!blocks.some(({ isCheck }) => isCheck)) throw new Error('it checks nothing');
  const stage = await Stage.set(scene);
  try {
    for (const block of blocks) await stage.follow(block);
  } catch (error) {
    (error as Error).message += `\n${stage.lastWords()}`;
    throw error;
  } finally {
    await stage.remove();
  }
}
