/** The Node runtime of a target, from npm's package of it, checked against the hash that is written down here. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../lab/run.js';
import { checkLoads } from './addon.js';
import { RUNTIME, type Target } from './targets.js';

export interface Runtime {
  /** The program, stripped. */
  program: string;
  licence: string;
}

/** Fetches it, unless `cache` has it already. Throws when npm does not give what it gave before. */
export async function fetchRuntime(target: Target, cache: string, release = RUNTIME): Promise<Runtime> {
  const name = `node-linux-${target.node}`;
  const folder = join(cache, `${name}-${release.version}`);
  const runtime = { program: join(folder, 'node'), licence: join(folder, 'LICENSE') };
  if (existsSync(folder)) return runtime;
  mkdirSync(cache, { recursive: true });
  const packed = join(cache, `${name}-${release.version}.tgz`);
  await run('npm', ['pack', '--silent', `${name}@${release.version}`], { cwd: cache });
  const integrity = `sha512-${createHash('sha512').update(readFileSync(packed)).digest('base64')}`;
  if (integrity !== release.integrity[target.node]) {
    throw new Error(`${name}@${release.version} is not what it was: ${integrity}`);
  }
  const fresh = `${folder}.new`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh);
  const files = ['package/bin/node', 'package/LICENSE'];
  await run('tar', ['-xzf', packed, '-C', fresh, '--strip-components=1', '--no-same-owner', ...files]);
  await run(`${target.tools}strip`, ['--strip-unneeded', '-o', join(fresh, 'node'), join(fresh, 'bin/node')]);
  await checkLoads(target, join(fresh, 'node'));
  rmSync(join(fresh, 'bin'), { recursive: true });
  rmSync(packed);
  renameSync(fresh, folder);
  return runtime;
}
