/** The tarball: unpacked anywhere, it runs there. */
import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../lab/run.js';
import { type Ingredients, placeProgram } from './program.js';
import { copyright, placeShare } from './share.js';
import { place, put, settle } from './tree.js';

/** Makes `octolink-VERSION-linux-ARCH.tar.xz` in `out` and returns its path. */
export async function makeTarball(ingredients: Ingredients, work: string, out: string): Promise<string> {
  const { root, facts, target, runtime } = ingredients;
  const name = `octolink-${facts.version}-linux-${target.node}`;
  const tree = join(work, name);
  rmSync(tree, { recursive: true, force: true });
  await placeProgram(ingredients, join(tree, 'lib/octolink'), `tarball ${target.debian}`);
  await placeShare(root, tree);
  mkdirSync(join(tree, 'bin'));
  for (const program of ['octolink', 'octolinkd']) {
    symlinkSync(`../lib/octolink/bin/${program}`, join(tree, 'bin', program));
  }
  put(join(tree, 'COPYRIGHT'), copyright(root, runtime));
  place(join(root, 'LICENSE'), join(tree, 'LICENSE'));
  await settle(tree, facts.epoch);
  const file = join(out, `${name}.tar.xz`);
  const owner = ['--sort=name', '--owner=0', '--group=0', '--numeric-owner', '--format=gnu'];
  await run('tar', [...owner, '-I', 'xz -3 -T1', '-cf', file, '-C', work, name]);
  rmSync(tree, { recursive: true });
  return file;
}
