/** What a release is made of: version and commit, read once. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../lab/run.js';

export interface ReleaseFacts {
  version: string;
  /** 40 hex digits, with "-dirty" when files differ from it. */
  commit: string;
  /** Time of the commit, in seconds since 1970: every file of a package has it, so that packages can be made again. */
  epoch: number;
}

export async function releaseFacts(root: string): Promise<ReleaseFacts> {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  const git = async (...args: string[]) => (await run('git', ['-C', root, ...args])).trim();
  const [head, changes, epoch] = await Promise.all([
    git('rev-parse', 'HEAD'),
    git('status', '--porcelain', '--untracked-files=no'),
    git('log', '-1', '--format=%ct'),
  ]);
  return { version, commit: changes === '' ? head : `${head}-dirty`, epoch: Number(epoch) };
}

/** Day of the commit in UTC: `2026-11-28`. */
export function dayOf({ epoch }: ReleaseFacts): string {
  return new Date(epoch * 1000).toISOString().slice(0, 10);
}
