/**
 * Everything that a fresh clone needs before it can run: packages, the native addon, the compiled
 * TypeScript, the bundle, and Debian's packages for the lab. Each step is skipped when its sources have not changed.
 *
 *   node scripts/setup.mjs build      packages, addon, TypeScript and bundle
 *   node scripts/setup.mjs lab        the same, and what the lab needs; exit code 77 where there can be none
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensurePrograms, labProblem, nodeProblem } from './set-up/machine.mjs';
import { ensureNodeModules } from './set-up/node-modules.mjs';
import { CANNOT_RUN, SetUpError, say, USAGE_ERROR } from './set-up/say.mjs';
import { contentHash, filesUnder, isStamped, writeStamp } from './set-up/stamps.mjs';

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

const TYPESCRIPT_FOLDERS = ['src', 'test', 'bench', 'scripts'];
/** What runs under Node, and what runs in a browser. */
const PROJECTS = ['tsconfig.json', 'tsconfig.web.json'];
/** The programs as packages hold them: a few files each, which start in half the time. Labs run these. */
const BUNDLE = join(ROOT, 'dist/bundle');
const LAB_PROGRAMS = ['ip', 'ping', 'nft'];
export const BENCH_PROGRAMS = ['ss', 'ethtool', 'iperf3'];

async function step(command, args) {
  const [status] = await once(spawn(command, args, { cwd: ROOT, stdio: ['ignore', 2, 2] }), 'exit');
  if (status !== 0) throw new SetUpError(`\`${[command, ...args].join(' ')}\` failed`);
}

async function buildAddon() {
  const stamp = join(ROOT, 'build/stamps/addon');
  const sources = contentHash([join(ROOT, 'native')]);
  if (existsSync(join(ROOT, 'build/octolink.node')) && isStamped(stamp, sources)) return;
  say('building the native addon (make -C native)');
  await step('make', ['-s', `-j${availableParallelism()}`, '-C', 'native']);
  writeStamp(stamp, contentHash([join(ROOT, 'native')]));
}

/** Removes compiled files whose source is gone: a deleted test must not go on running. */
function pruneOutput() {
  const compiled = filesUnder(join(ROOT, 'dist')).filter((name) => /\.js(\.map)?$/.test(name));
  for (const file of compiled.filter((name) => !name.startsWith(BUNDLE))) {
    const source = relative(join(ROOT, 'dist'), file).replace(/\.js(\.map)?$/, '.ts');
    if (!existsSync(join(ROOT, source))) rmSync(file);
  }
}

async function compileTypeScript() {
  const stamp = join(ROOT, 'build/stamps/typescript');
  const inputs = [...TYPESCRIPT_FOLDERS, ...PROJECTS, 'package-lock.json'].map((name) => join(ROOT, name));
  const sources = contentHash(inputs, (file) => /\.(ts|json)$/.test(file));
  const output = join(ROOT, 'dist/src');
  if (existsSync(output) && isStamped(stamp, sources)) return;
  say('compiling TypeScript (tsc)');
  // Without its output, the compiler's own memory of what it has written would make it write nothing.
  if (!existsSync(output)) {
    for (const memory of ['dist/.tsbuildinfo', 'dist/.tsbuildinfo.web'])
      rmSync(join(ROOT, memory), { force: true });
  }
  for (const project of PROJECTS) {
    await step(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', project]);
  }
  pruneOutput();
  writeStamp(stamp, sources);
}

async function bundlePrograms() {
  const stamp = join(ROOT, 'build/stamps/bundle');
  const modules = contentHash([join(ROOT, 'build/stamps/typescript')]);
  if (existsSync(BUNDLE) && isStamped(stamp, modules)) return;
  say('bundling the programs (rolldown)');
  await step(process.execPath, [join(ROOT, 'scripts/set-up/bundle.mjs'), ROOT, BUNDLE]);
  writeStamp(stamp, modules);
}

/** Packages, addon, TypeScript and bundle; the two compilers work at the same time. */
export async function setUpBuild() {
  const tooOld = nodeProblem(process.versions.node);
  if (tooOld) throw new SetUpError(tooOld, CANNOT_RUN);
  ensurePrograms(['g++', 'make']);
  ensureNodeModules(ROOT);
  const results = await Promise.allSettled([buildAddon(), compileTypeScript()]);
  for (const { reason } of results) if (reason) throw reason;
  await bundlePrograms();
}

/** What a lab of network namespaces needs, and `morePrograms`. */
export function setUpLab(morePrograms = []) {
  if (process.getuid() !== 0) throw new SetUpError(labProblem(), CANNOT_RUN);
  ensurePrograms([...LAB_PROGRAMS, ...morePrograms]);
  const problem = labProblem();
  if (problem) throw new SetUpError(problem, CANNOT_RUN);
}

/** Runs `main`, and turns a {@link SetUpError} or a wrong option into its sentence and its exit code. */
export async function runWithSetUp(main) {
  try {
    process.exitCode = await main();
  } catch (error) {
    // What an option may not be, Node's own parser says in a sentence.
    const isOfOptions = error.code?.startsWith('ERR_PARSE_ARGS');
    if (!(error instanceof SetUpError) && !isOfOptions) throw error;
    say(error.message);
    process.exitCode = isOfOptions ? USAGE_ERROR : error.exitCode;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await runWithSetUp(async () => {
    const what = process.argv[2] ?? 'build';
    if (process.argv.length > 3 || (what !== 'build' && what !== 'lab'))
      throw new SetUpError(
        'usage: node scripts/setup.mjs [build | lab]',
        process.argv.includes('--help') ? 0 : USAGE_ERROR,
      );
    if (what === 'lab') setUpLab(BENCH_PROGRAMS);
    await setUpBuild();
    return 0;
  });
}
