/** Debian packages unpacked beside the system, so that programs can be tried without installing them. */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './mesh.js';
import { CommandError, capture, run } from './run.js';

const CACHE = join(ROOT, 'build', 'neighbours');
/** For packages of this suite: Debian 12 has no other version of them, or one that is too old. */
const BACKPORTS = 'bookworm-backports';
const APT = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' };
/** Folders at the top that lead into /usr on a Debian system, and in packages are folders. */
const MERGED = ['bin', 'sbin', 'lib', 'lib64'];

export interface Unpacked {
  /** A tree with usr, etc and var. */
  folder: string;
  /** Of each package that was asked for, in order. */
  versions: string[];
}

/** A row that the machine has no means for; `message` is the reason. */
export class CannotRun extends Error {}

/**
 * Brings packages, and what they need and the system lacks, into a folder of their own; once. A name that ends with
 * `/bookworm-backports` is taken from there, whatever sources the system has.
 */
export async function unpack(packages: readonly string[]): Promise<Unpacked> {
  const folder = join(CACHE, packages.join('+').replaceAll('/', '@') || 'none');
  const list = join(folder, 'versions.json');
  if (!existsSync(list)) await fetchInto(folder, packages);
  return { folder, versions: JSON.parse(readFileSync(list, 'utf8')) as string[] };
}

async function fetchInto(folder: string, packages: readonly string[]): Promise<void> {
  const partial = `${folder}.partial`;
  rmSync(partial, { recursive: true, force: true });
  for (const name of ['usr', 'etc', 'var']) mkdirSync(join(partial, name), { recursive: true });
  for (const name of MERGED) {
    mkdirSync(join(partial, 'usr', name), { recursive: true });
    symlinkSync(join('usr', name), join(partial, name));
  }
  const sources = packages.some((name) => name.endsWith(BACKPORTS)) ? backports() : [];
  const missing = packages.length === 0 ? new Map<string, string>() : await missingFor(packages, sources);
  const archives = join(partial, 'archives');
  mkdirSync(archives);
  const wanted = [...missing].map(([name, version]) => `${name}=${version}`);
  if (wanted.length > 0)
    await run('apt-get', [...sources, 'download', '-q', ...wanted], { env: APT, cwd: archives });
  const script =
    'for f in *.deb; do dpkg-deb --fsys-tarfile "$f" | tar -x --keep-directory-symlink -C ..; done';
  if (wanted.length > 0) await run('sh', ['-ec', script], { cwd: archives });
  rmSync(archives, { recursive: true });
  const versions = await Promise.all(
    packages.map(async (name) => {
      const [plain] = name.split('/');
      return missing.get(plain) ?? installed(plain);
    }),
  );
  writeFileSync(join(partial, 'versions.json'), JSON.stringify(versions));
  renameSync(partial, folder);
}

/** Flags by which apt knows the suite of backports beside the system's own sources, with its lists in the cache. */
function backports(): string[] {
  const folder = join(CACHE, BACKPORTS);
  mkdirSync(join(folder, 'sources'), { recursive: true });
  mkdirSync(join(folder, 'lists', 'partial'), { recursive: true });
  const suites = ['bookworm', 'bookworm-updates', BACKPORTS];
  const key = '/usr/share/keyrings/debian-archive-keyring.gpg';
  const lines = suites.map((suite) => `deb [signed-by=${key}] http://deb.debian.org/debian ${suite} main\n`);
  writeFileSync(join(folder, 'sources', 'debian.list'), lines.join(''));
  const settings = ['sourcelist=/dev/null', `sourceparts=${folder}/sources`].map(
    (line) => `Dir::Etc::${line}`,
  );
  return [...settings, `Dir::State::lists=${folder}/lists`].flatMap((setting) => ['-o', setting]);
}

/** Names and versions of packages that would have to be installed. */
async function missingFor(
  packages: readonly string[],
  sources: readonly string[],
): Promise<Map<string, string>> {
  const simulate = [...sources, '-s', 'install', '--no-install-recommends', '-y', ...packages];
  let plan = await capture('apt-get', simulate, { env: APT });
  if (plan.code !== 0) {
    await run('apt-get', [...sources, 'update', '-q'], { env: APT });
    plan = await capture('apt-get', simulate, { env: APT });
  }
  if (plan.code !== 0) {
    const reason = new CommandError(`apt-get ${simulate.join(' ')}`, plan).message;
    throw new CannotRun(`no package here: ${reason}`);
  }
  const lines = plan.stdout.matchAll(/^Inst (\S+) (?:\[\S+\] )?\((\S+)/gm);
  return new Map([...lines].map(([, name, version]) => [name, version]));
}

async function installed(name: string): Promise<string> {
  return run('dpkg-query', ['-W', '-f', '$' + '{Version}', name]);
}
