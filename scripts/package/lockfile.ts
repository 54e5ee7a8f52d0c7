/** The packages that the program needs at run time, from the lockfile. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Dependency {
  /** Path of its folder from the root: `node_modules/pino`. */
  path: string;
  name: string;
  version: string;
  /** Subresource Integrity of its tarball. */
  integrity: string;
  /** SPDX expression. */
  licence: string;
}

interface LockedPackage {
  version: string;
  integrity?: string;
  license?: string;
  dev?: boolean;
  optional?: boolean;
  devOptional?: boolean;
}

/** All that is installed for production, in the order of their paths. */
export function productionPackages(root: string): Dependency[] {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, LockedPackage>;
  };
  return Object.entries(lock.packages)
    .filter(([path, { dev, devOptional }]) => path !== '' && !dev && !devOptional)
    .filter(([path, { optional }]) => !optional || existsSync(join(root, path)))
    .map(([path, { version, integrity = '', license = 'NOASSERTION' }]) => ({
      path,
      name: path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length),
      version,
      integrity,
      licence: license,
    }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Text of a package's licence; null where it brings none. */
export function licenceText(root: string, { path }: Dependency): string | null {
  const name = readdirSync(join(root, path)).find((file) => /^LICEN[CS]E/i.test(file));
  return name === undefined ? null : readFileSync(join(root, path, name), 'utf8');
}
