/** The native addon of one target, and the check that old systems can load it. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { capture, run } from '../lab/run.js';
import { GLIBC_FLOOR, type Target } from './targets.js';

/** Versions of the C library that a dynamic object asks for, as `objdump -p` lists them: `[2, 32]`. */
export function glibcVersions(objdump: string): [number, number][] {
  return [...objdump.matchAll(/\bGLIBC_(\d+)\.(\d+)/g)].map(([, major, minor]) => [
    Number(major),
    Number(minor),
  ]);
}

/** A sentence when something in `objdump` is newer than the oldest C library allowed; else null. */
export function tooNew(objdump: string, [major, minor] = GLIBC_FLOOR): string | null {
  const over = glibcVersions(objdump).filter(([a, b]) => a > major || (a === major && b > minor));
  if (over.length === 0) return null;
  const wanted = [...new Set(over.map((version) => `GLIBC_${version.join('.')}`))].join(', ');
  return `it asks for ${wanted}, and packages promise to run with glibc ${major}.${minor}`;
}

/** @throws Error when the object asks for a C library that is newer than promised. */
export async function checkLoads({ tools }: Target, file: string): Promise<void> {
  const problem = tooNew(await run(`${tools}objdump`, ['-p', file]));
  if (problem !== null) throw new Error(`${file} would not load on older systems: ${problem}`);
}

/** Builds the addon for a target and returns its path, stripped and checked. */
export async function buildAddon(root: string, target: Target, work: string): Promise<string> {
  const compiler = `${target.tools}g++`;
  const found = await capture(compiler, ['--version']).catch(() => null);
  if (found === null) {
    throw new Error(
      `${compiler} is missing: install the Debian package g++-${target.tools.slice(0, -1).replace('_', '-')}`,
    );
  }
  const build = join(work, `addon-${target.debian}`);
  mkdirSync(build, { recursive: true });
  await run('make', ['-s', '-C', join(root, 'native'), `BUILD=${build}`, `CXX=${compiler}`]);
  const stripped = join(build, 'stripped.node');
  await run(`${target.tools}strip`, ['--strip-unneeded', '-o', stripped, join(build, 'octolink.node')]);
  await checkLoads(target, stripped);
  return stripped;
}
