/** `npm run package`: one release, made from the tree as it is. */
import { mkdirSync, rmSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildAddon } from './addon.js';
import { makeBundle } from './bundle.js';
import { makeDeb } from './deb.js';
import { dayOf, type ReleaseFacts, releaseFacts } from './facts.js';
import { productionPackages } from './lockfile.js';
import { changesSince, notesOf, previousTag } from './notes.js';
import { type BuiltAddon, makeNpmPackages, sha256 } from './npm.js';
import { type Format, type PackageOptions, readOptions } from './options.js';
import { fetchRuntime } from './runtime.js';
import { sbom } from './sbom.js';
import { makeTarball } from './tarball.js';
import { targetOf } from './targets.js';
import { put } from './tree.js';

export { HELP } from './options.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** Returns the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  let options: PackageOptions;
  try {
    options = readOptions(args);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    return 64;
  }
  try {
    const out = resolve(options.out ?? join(ROOT, 'build/packages'));
    const work = join(ROOT, 'build/packaging');
    for (const file of await makePackages(ROOT, { ...options, out, work })) process.stdout.write(`${file}\n`);
    return 0;
  } catch (error) {
    process.stderr.write(`package: ${(error as Error).message}\n`);
    return 1;
  }
}

interface Order extends Pick<PackageOptions, 'architectures' | 'version'> {
  formats: readonly Format[];
  out: string;
  /** Folder for what lies between; left as it is afterwards. */
  work: string;
}

/** Makes everything asked for; returns the paths of the files. */
export async function makePackages(root: string, options: Order): Promise<string[]> {
  const { out, work } = options;
  const facts = await releaseFacts(root);
  if (options.version !== undefined) facts.version = options.version;
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  const addons: BuiltAddon[] = [];
  const files: string[] = [];
  const bundle = join(work, 'bundle');
  await makeBundle(root, bundle);
  for (const target of options.architectures.map(targetOf)) {
    const addon = await buildAddon(root, target, work);
    addons.push({ target, file: addon });
    if (!options.formats.includes('deb') && !options.formats.includes('tarball')) continue;
    const runtime = await fetchRuntime(target, join(root, 'build/cache'));
    const ingredients = { root, facts, target, addon, runtime, bundle };
    if (options.formats.includes('deb')) files.push(await makeDeb(ingredients, work, out));
    if (options.formats.includes('tarball')) files.push(await makeTarball(ingredients, work, out));
    const bill = join(out, `octolink-${facts.version}-linux-${target.node}.cdx.json`);
    put(bill, sbom({ facts, target, dependencies: productionPackages(root) }));
    files.push(bill);
  }
  if (options.formats.includes('npm'))
    files.push(...(await makeNpmPackages({ root, facts, addons }, work, out)));
  files.push(await writeNotes(root, facts, out));
  const sums = join(out, 'SHA256SUMS');
  put(
    sums,
    files
      .map((file) => `${sha256(file)}  ${basename(file)}\n`)
      .sort()
      .join(''),
  );
  return [...files, sums];
}

async function writeNotes(root: string, facts: ReleaseFacts, out: string): Promise<string> {
  const file = join(out, `octolink-${facts.version}-notes.md`);
  put(file, notesOf(facts.version, dayOf(facts), await changesSince(root, await previousTag(root, facts))));
  return file;
}
