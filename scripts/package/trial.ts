/** `npm run package-test`: are the packages the same when made again, and do they work where nothing else is? */
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { capture, run } from '../lab/run.js';
import { SODIUM_ADDONS } from './bundle.js';
import { cleanSystem, keptFolder, runIn } from './clean-system.js';
import { makePackages } from './main.js';
import { ARCHITECTURES, targetOf } from './targets.js';
import { tryImage } from './trial-image.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
export const HELP = `npm run package-test -- [options]

Makes the packages of the last commit twice, in two clones of it, and compares them byte by byte; lets lintian look at them;
then, in a clean Debian made by debootstrap, installs the package, joins two hosts, upgrades under them, removes, purges and
looks for what is left. Boots systemd in another one and restarts, kills and upgrades the service under a ping and a TCP
connection; in a third, takes the time from a fresh host to the first ping through two links. Unpacks the tarball and
installs the npm packages. Has buildah make the container image. Runs what can run of arm64 in an emulator.
Programs that are missing are installed first. It takes about ten minutes, and disk space of 3 GB while it runs.

  --suite NAME     Debian's suite (default bookworm)
  --quick          amd64 only, and made once
  --help
`;

/** Where it works. */
interface Places {
  /** Folder for everything that is made, removed by the caller. */
  work: string;
  /** A second clone of the commit that this program is of. */
  other: string;
}

/** Returns the exit code. */
export async function main(args: readonly string[], places: Places): Promise<number> {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        suite: { type: 'string', default: 'bookworm' },
        quick: { type: 'boolean', default: false },
      },
    });
    await tryPackages(places, values.suite, values.quick);
    stage('packages: all is well');
    return 0;
  } catch (error) {
    process.stderr.write(`package-test: ${(error as Error).message}\n`);
    return 1;
  }
}

async function tryPackages({ work, other }: Places, suite: string, quick: boolean): Promise<void> {
  const architectures = quick ? [ARCHITECTURES[0]] : [...ARCHITECTURES];
  const all = { architectures, formats: ['deb', 'tarball', 'npm'] as const, version: undefined };
  for (const tree of [ROOT, other]) shareRuntimes(tree);
  stage(`making packages for ${architectures.join(' and ')}`);
  const first = join(work, 'first');
  await makePackages(ROOT, { ...all, out: first, work: join(work, 'one') });
  if (!quick) {
    stage('making them again, in another clone');
    const again = join(work, 'again');
    await run(process.execPath, [join(other, 'scripts/package.mjs'), '--out', again]);
    compare(first, again);
  }
  stage('the next version, to upgrade to');
  const next = join(work, 'next');
  const one = { architectures: [ARCHITECTURES[0]], formats: ['deb'] as const, version: '999.0.0' };
  await makePackages(ROOT, { ...one, out: next, work: join(work, 'next-work') });
  const debOf = (folder: string) => join(folder, theOne(folder, /_amd64\.deb$/));
  stage('lintian');
  for (const deb of readdirSync(first).filter((file) => file.endsWith('.deb'))) await lint(join(first, deb));
  stage(`a clean Debian ${suite}`);
  const debs = { work, first: debOf(first), second: debOf(next) };
  await tryDebian(suite, debs);
  stage(`the service in a Debian ${suite} that systemd has booted`);
  await tryBooted(suite, debs, 'trial-service.sh');
  stage('a fresh host that joins a network');
  await tryBooted(suite, debs, 'trial-first-ping.sh');
  stage('the tarball');
  await tryTarball(join(first, theOne(first, /-linux-x64\.tar\.xz$/)), work);
  stage('the npm packages');
  await tryNpm(first, work);
  stage('the container image');
  const recipe = join(ROOT, 'packaging/Containerfile');
  say(await tryImage({ recipe, packages: first, system: await cleanSystem('bookworm', 'bare'), work }));
  if (quick) return;
  stage('arm64, in an emulator');
  await tryArm64(join(first, theOne(first, /-linux-arm64\.tar\.xz$/)), work);
}

/** Node runtimes are fetched once for all runs. */
function shareRuntimes(tree: string): void {
  mkdirSync(join(tree, 'build'), { recursive: true });
  symlinkSync(keptFolder('runtimes'), join(tree, 'build/cache'));
}

function compare(first: string, again: string): void {
  for (const name of readdirSync(first)) {
    const [a, b] = [first, again].map((folder) => readFileSync(join(folder, name)));
    if (!a.equals(b)) throw new Error(`${name} is another one when it is made again`);
  }
  say(`${readdirSync(first).length} files, the same to the byte`);
}

async function lint(deb: string): Promise<void> {
  const { code, stdout } = await capture('lintian', ['--allow-root', '--fail-on', 'error,warning', deb]);
  if (code !== 0) throw new Error(`lintian objects:\n${stdout}`);
}

/** Installs, runs, upgrades and removes the package where nothing else is. */
async function tryDebian(suite: string, debs: Debs): Promise<void> {
  const { folder, place } = layOut(debs, 'trial-debian.sh');
  await runIn({ ...place, system: await cleanSystem(suite, 'bare'), timeoutMs: 120_000 }, [
    'sh',
    '/trial/run.sh',
  ]);
  rmSync(folder, { recursive: true });
}

/** A script under systemd, which boots for it. */
async function tryBooted(suite: string, debs: Debs, script: string): Promise<void> {
  const { folder, place } = layOut(debs, script);
  const system = await cleanSystem(suite, 'booted');
  const boot = ['container=octolink', '/lib/systemd/systemd', '--log-level=err', '--show-status=no'];
  const units = join(place.layers, 'over/etc/systemd/system');
  mkdirSync(join(units, 'multi-user.target.wants'), { recursive: true });
  copyFileSync(join(ROOT, 'scripts/package/trial.service'), join(units, 'trial.service'));
  symlinkSync('../trial.service', join(units, 'multi-user.target.wants/trial.service'));
  try {
    await runIn({ ...place, system, timeoutMs: 240_000 }, boot);
  } finally {
    process.stdout.write(readFileSync(join(place.trial, 'said'), 'utf8'));
  }
  rmSync(folder, { recursive: true });
}

interface Debs {
  work: string;
  first: string;
  second: string;
}

/** A folder for the layers of a clean system, and for what is handed into it. */
function layOut({ work, first, second }: Debs, run: string) {
  const folder = mkdtempSync(join(work, 'system-'));
  const trial = join(folder, 'trial');
  mkdirSync(trial);
  copyFileSync(first, join(trial, 'first.deb'));
  copyFileSync(second, join(trial, 'second.deb'));
  copyFileSync(join(ROOT, 'scripts/package', run), join(trial, 'run.sh'));
  const script = join(ROOT, 'scripts/package/clean-system.sh');
  return { folder, place: { layers: join(folder, 'layers'), trial, script } };
}

async function tryTarball(tarball: string, work: string): Promise<void> {
  const folder = mkdtempSync(join(work, 'tarball-'));
  await run('tar', ['-xf', tarball, '-C', folder, '--strip-components=1']);
  process.stdout.write(`        ${await run(join(folder, 'bin/octolinkd'), ['--version'])}`);
}

async function tryNpm(packages: string, work: string): Promise<void> {
  const folder = mkdtempSync(join(work, 'npm-'));
  await run('npm', ['init', '-y'], { cwd: folder });
  const tarballs = ['octolink-linux-x64-', 'octolink-'].map((prefix) =>
    join(packages, theOne(packages, new RegExp(`^${prefix}\\d.*\\.tgz$`))),
  );
  const flags = ['install', '--no-audit', '--no-fund', '--omit=optional', '--loglevel=error'];
  await run('npm', [...flags, ...tarballs], { cwd: folder });
  const installed = join(folder, 'node_modules/octolink');
  const load = ['-e', `import('${installed}/dist/src/native/binding.js').then((m) => m.loadNative().now())`];
  await run(process.execPath, load);
  process.stdout.write(`        ${await run(join(folder, 'node_modules/.bin/octolink'), ['--version'])}`);
  rmSync(join(folder, 'node_modules/octolink-linux-x64'), { recursive: true });
  const refused = await capture(process.execPath, load);
  if (!refused.stderr.includes('octolink-build')) throw new Error(`no word of what to do: ${refused.stderr}`);
  await run(join(folder, 'node_modules/.bin/octolink-build'), []);
  await run(process.execPath, load);
  say('without a prebuilt addon: says so, and builds one');
}

async function tryArm64(tarball: string, work: string): Promise<void> {
  const folder = mkdtempSync(join(work, 'arm64-'));
  await run('tar', ['-xf', tarball, '-C', folder, '--strip-components=1']);
  const program = join(folder, 'lib/octolink');
  const libraries = `/usr/${targetOf('arm64').tools.slice(0, -1)}`;
  const node = (words: string[]) =>
    run('qemu-aarch64-static', ['-L', libraries, join(program, 'bin/node'), ...words]);
  const daemon = join(program, 'dist/bundle/octolinkd.js');
  say((await node([daemon, '--version'])).trim());
  const config = join(folder, 'octolink.conf');
  writeFileSync(config, 'interface octo0\n peer far\n');
  await node([daemon, '--check', '--config', config]);
  const addon = `require('${join(program, 'build/octolink.node')}').now() > 0`;
  const sodium = `require('${join(program, SODIUM_ADDONS, 'linux-arm64/sodium-native.node')}').crypto_sign_BYTES === 64`;
  const said = await node(['-p', `[process.arch, ${addon}, ${sodium}].join(' ')`]);
  if (said !== 'arm64 true true\n') throw new Error(`what is native for arm64 does not work: ${said}`);
  say('daemon, addon and libsodium load under emulation');
}

/** Name of the file in a folder that has a form. */
function theOne(folder: string, form: RegExp): string {
  const found = readdirSync(folder).find((name) => form.test(name));
  if (found === undefined) throw new Error(`there is no ${form} in ${folder}`);
  return found;
}

/** A line that says what is tried next, and how long the run has taken. */
function stage(text: string): void {
  const seconds = Math.round(process.uptime());
  const clock = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
  process.stdout.write(`${clock.padStart(6)}  ${text}\n`);
}

function say(text: string): void {
  process.stdout.write(`        ${text}\n`);
}
