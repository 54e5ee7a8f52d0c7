/** The program's own tree: compiled code, addon, packages of the lockfile, Node runtime and launchers. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BuildFacts } from '../../src/api/version.js';
import { nodeFlags } from '../lab/node-flags.js';
import { run } from '../lab/run.js';
import { checkLoads } from './addon.js';
import { placeBundle, SODIUM_ADDONS } from './bundle.js';
import { dayOf, type ReleaseFacts } from './facts.js';
import { type Dependency, productionPackages } from './lockfile.js';
import type { Runtime } from './runtime.js';
import type { Target } from './targets.js';
import { filesIn, place, placeAll, put } from './tree.js';

export interface Ingredients {
  root: string;
  facts: ReleaseFacts;
  target: Target;
  addon: string;
  runtime: Runtime;
  /** Folder of the bundle. */
  bundle: string;
}

const NAMES_OF_LICENCES = /^(LICEN[CS]E|COPYING|NOTICE)/i;
const CODE = /\.(js|cjs|mjs|json|node|css)$/;
/** Packages that are not in the bundle: the web page of the daemon fetches files of theirs. */
const WHOLE = new Set(['uplot']);
/** What packages of the lockfile bring along and nobody loads. */
const DEAD_WEIGHT = /^((test|tests|docs?|benchmarks?|examples?|src|\.github)\/|bin\.js$)/;

/** package.json as packages carry it: what the program reads of it. */
export function manifestOf(root: string, facts: ReleaseFacts, packedAs: string): Record<string, unknown> {
  const full = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<string, unknown>;
  const { name, description, license, type, exports } = full;
  const build: BuildFacts = { commit: facts.commit, date: dayOf(facts), package: packedAs };
  return { name, version: facts.version, description, license, type, exports, build };
}

/** Places the whole tree under `folder`. */
export async function placeProgram(
  { root, facts, target, addon, runtime, bundle }: Ingredients,
  folder: string,
  packedAs: string,
): Promise<void> {
  put(join(folder, 'package.json'), `${JSON.stringify(manifestOf(root, facts, packedAs), null, 2)}\n`);
  placeBundle(root, bundle, folder);
  place(addon, join(folder, 'build/octolink.node'));
  placePackages(root, folder, target);
  for (const path of filesIn(folder).filter((file) => file.endsWith('.node'))) {
    await run(`${target.tools}strip`, ['--strip-unneeded', join(folder, path)]);
    await checkLoads(target, join(folder, path));
  }
  place(runtime.program, join(folder, 'bin/node'), { runs: true });
  const launcher = readFileSync(join(root, 'packaging/launcher.sh'), 'utf8');
  for (const name of ['octolink', 'octolinkd']) {
    const flags = nodeFlags(readFileSync(join(root, 'bin', name), 'utf8'));
    const words = flags.map((flag) => `${flag} `).join('');
    put(join(folder, 'bin', name), launcher.replace('@ENTRY@', name).replace('@FLAGS@', words), {
      runs: true,
    });
  }
}

/** Compiled files without the mention of source maps, which are not packed. */
export function placeCode(root: string, folder: string, accept: (path: string) => boolean): void {
  const from = join(root, 'dist/src');
  for (const path of filesIn(from).filter(accept)) {
    const text = readFileSync(join(from, path), 'utf8');
    put(join(folder, path), text.replace(/\n\/\/# sourceMappingURL=.*\n?$/, '\n'));
  }
}

/** Places what the program loads of npm's packages and is not in the bundle. */
export function placePackages(root: string, folder: string, target: Target): void {
  for (const dependency of productionPackages(root)) {
    if (WHOLE.has(dependency.name)) placeDependency(root, folder, dependency);
  }
  const sodium = join(SODIUM_ADDONS, `linux-${target.node}/sodium-native.node`);
  place(join(root, sodium), join(folder, sodium));
}

function placeDependency(root: string, folder: string, { path }: Dependency): void {
  placeAll(join(root, path), join(folder, path), (file) => {
    const name = file.slice(file.lastIndexOf('/') + 1);
    const isNested = file.startsWith('node_modules/');
    return !isNested && !DEAD_WEIGHT.test(file) && (CODE.test(name) || NAMES_OF_LICENCES.test(name));
  });
}
