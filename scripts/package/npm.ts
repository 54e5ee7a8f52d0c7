/**
 * The npm packages: `octolink`, and one for each platform that holds nothing but the addon. npm installs the one that
 * fits; the program takes it only when its hash is the one that `octolink` was published with.
 */
import { createHash } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../lab/run.js';
import type { ReleaseFacts } from './facts.js';
import { manifestOf, placeCode } from './program.js';
import type { Target } from './targets.js';
import { place, placeAll, put, settle } from './tree.js';

export interface BuiltAddon {
  target: Target;
  file: string;
}

interface Source {
  root: string;
  facts: ReleaseFacts;
  addons: readonly BuiltAddon[];
}

/** Makes the tarballs that `npm publish` takes, in `out`; returns their paths. */
export async function makeNpmPackages(
  { root, facts, addons }: Source,
  work: string,
  out: string,
): Promise<string[]> {
  const full = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<string, unknown>;
  const { license, engines, dependencies } = full;
  const nameOf = ({ target }: BuiltAddon) => `octolink-linux-${target.node}`;
  const pack = async (name: string, fill: (folder: string) => void): Promise<string> => {
    const folder = join(work, `npm-${name}`);
    rmSync(folder, { recursive: true, force: true });
    fill(folder);
    await settle(folder, facts.epoch);
    await run('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', out], { cwd: folder });
    rmSync(folder, { recursive: true });
    return join(out, `${name}-${facts.version}.tgz`);
  };
  const files: string[] = [];
  for (const addon of addons) {
    const manifest = {
      name: nameOf(addon),
      version: facts.version,
      description: `Native addon of Octolink for Linux ${addon.target.node}`,
      license,
      os: ['linux'],
      cpu: [addon.target.node],
      libc: ['glibc'],
    };
    const fill = (folder: string) => {
      put(join(folder, 'package.json'), json(manifest));
      place(addon.file, join(folder, 'octolink.node'));
      place(join(root, 'LICENSE'), join(folder, 'LICENSE'));
    };
    files.push(await pack(nameOf(addon), fill));
  }
  const manifest = {
    ...manifestOf(root, facts, 'npm'),
    engines,
    os: ['linux'],
    bin: { octolink: 'bin/octolink', octolinkd: 'bin/octolinkd', 'octolink-build': 'bin/octolink-build' },
    dependencies,
    optionalDependencies: Object.fromEntries(addons.map((addon) => [nameOf(addon), facts.version])),
    addons: Object.fromEntries(addons.map(({ target, file }) => [`linux-${target.node}`, sha256(file)])),
  };
  const fill = (folder: string) => {
    put(join(folder, 'package.json'), json(manifest));
    for (const name of ['LICENSE', 'README.md', 'SECURITY.md']) place(join(root, name), join(folder, name));
    placeCode(root, join(folder, 'dist/src'), (path) => /\.(js|d\.ts)$/.test(path));
    for (const name of ['octolink', 'octolinkd']) {
      place(join(root, 'bin', name), join(folder, 'bin', name), { runs: true });
    }
    place(join(root, 'packaging/npm/octolink-build'), join(folder, 'bin/octolink-build'), { runs: true });
    placeAll(join(root, 'native'), join(folder, 'native'), () => true);
    placeAll(join(root, 'node_modules/node-api-headers/include'), join(folder, 'native/include'), (path) =>
      /^(js_native|node_api)/.test(path),
    );
  };
  files.push(await pack('octolink', fill));
  return files;
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

export function sha256(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}
