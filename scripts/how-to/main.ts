/** `npm run how-to`: each page on hosts of its own, one after the other. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT } from '../lab/mesh.js';
import { pageBlocks } from '../lab/page-blocks.js';
import type { Scene } from './scene.js';
import { SCENES } from './scenes.js';
import { Stage } from './stage.js';

const HELP = `usage: npm run how-to -- [--only PAGE[,PAGE…]] [--list]

Runs the commands of README.md and of pages in docs/how-to as they are written, on hosts of network namespaces with file
systems of their own, and checks what the pages say must hold. Debian packages are unpacked into build/neighbours; nothing
is installed. The pages about programs over octo0 are run by "npm run neighbours -- --only how-to".

  --only PAGE   pages whose path contains PAGE
  --list        their paths
`;

/** Returns the exit status: 1 if a page failed. */
export async function main(args: string[]): Promise<number> {
  const options = { only: { type: 'string' }, list: { type: 'boolean' }, help: { type: 'boolean' } } as const;
  const { values } = parseArgs({ args, options });
  if (values.help) return tell(HELP);
  if (values.list) return tell(SCENES.map((scene) => `${titleOf(scene)}\n`).join(''));
  const words = values.only?.split(',') ?? [''];
  const wanted = SCENES.filter((scene) => words.some((word) => titleOf(scene).includes(word)));
  if (wanted.length === 0) {
    process.stderr.write(`no page is called ${values.only}; --list names them\n`);
    return 64;
  }
  let good = 0;
  for (const scene of wanted) if (await works(scene)) good++;
  console.log(`${good} of ${wanted.length} pages hold`);
  return good === wanted.length ? 0 : 1;
}

function tell(text: string): number {
  process.stdout.write(text);
  return 0;
}

function titleOf({ page, variant }: Scene): string {
  return variant === undefined ? page : `${page} (${variant})`;
}

async function works(scene: Scene): Promise<boolean> {
  const from = performance.now();
  try {
    await followPage(scene);
    console.log(`${titleOf(scene)}: holds (${((performance.now() - from) / 1000).toFixed(0)} s)`);
    return true;
  } catch (error) {
    console.error(`${titleOf(scene)}: FAILED: ${(error as Error).message}`);
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
