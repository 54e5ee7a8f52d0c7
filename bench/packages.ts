/**
 * Peer VPNs from Debian's packages, unpacked under `build/peers` and run from there: nothing is installed,
 * no service is started and the machine's package sources stay as they are.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { capture, run } from '../scripts/lab/run.js';

const CACHE = fileURLToPath(new URL('../../build/peers/', import.meta.url));
const TREE = join(CACHE, 'tree');
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
const PROGRAM_FOLDERS = ['usr/sbin', 'usr/bin', 'sbin', 'bin'];

/** A Debian package; `suite` is named when the machine's own release has it too old to compare with. */
export interface DebianPackage {
  name: string;
  suite?: string;
}

/** Environment in which unpacked programs find their unpacked libraries. */
export function peerEnvironment(): NodeJS.ProcessEnv {
  const libraries = ['usr/lib', 'lib'].flatMap((folder) => {
    const path = join(TREE, folder);
    const triplets = existsSync(path) ? readdirSync(path).filter((name) => name.endsWith('-linux-gnu')) : [];
    return triplets.map((triplet) => join(path, triplet));
  });
  return { ...process.env, LD_LIBRARY_PATH: libraries.join(delimiter) };
}

/** Where a program is: among the unpacked packages, else on the machine; undefined when nowhere. */
export function findProgram(name: string): string | undefined {
  const unpacked = PROGRAM_FOLDERS.map((folder) => join(TREE, folder));
  const { PATH = '' } = process.env;
  const machine = [...PATH.split(delimiter), '/usr/sbin', '/sbin'];
  return [...unpacked, ...machine].map((folder) => join(folder, name)).find((path) => existsSync(path));
}

/** Version of an unpacked package or of one installed on the machine, for the report. */
export async function packageVersion(name: string): Promise<string> {
  const unpacked = versions()[name];
  if (unpacked) return unpacked;
  const installed = await capture('dpkg-query', ['-W', name]);
  return installed.code === 0 ? installed.stdout.trim().split('\t')[1] : 'unknown version';
}

/** Fetches and unpacks what is missing; returns the packages that could not be had, with the reason. */
export async function fetchPackages(packages: DebianPackage[]): Promise<Map<string, string>> {
  const failures = new Map<string, string>();
  const missing = packages.filter((wanted) => versions()[wanted.name] === undefined);
  for (const wanted of missing) {
    try {
      const archives = wanted.suite
        ? await downloadFromSuite(wanted.name, wanted.suite)
        : await downloadWithDependencies(wanted.name);
      for (const archive of archives) await unpack(archive);
    } catch (error) {
      failures.set(wanted.name, (error as Error).message);
    }
  }
  return failures;
}

const VERSIONS_FILE = join(CACHE, 'versions.json');

function versions(): Record<string, string> {
  return existsSync(VERSIONS_FILE) ? JSON.parse(readFileSync(VERSIONS_FILE, 'utf8')) : {};
}

async function unpack(archive: string): Promise<void> {
  await run('dpkg-deb', ['-x', archive, TREE]);
  // Both fields at once would come as `Field: value` lines; one at a time comes bare.
  const field = async (name: string) => (await run('dpkg-deb', ['-f', archive, name])).trim();
  const [name, version] = [await field('Package'), await field('Version')];
  writeFileSync(VERSIONS_FILE, `${JSON.stringify({ ...versions(), [name]: version }, null, 2)}\n`);
}

function archivesIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.deb'))
    .map((name) => join(folder, name));
}

/** Downloads a package of the machine's own release with those dependencies that the machine lacks. */
async function downloadWithDependencies(name: string): Promise<string[]> {
  const folder = join(CACHE, 'archives', name);
  mkdirSync(join(folder, 'partial'), { recursive: true });
  const options = ['-o', `Dir::Cache::archives=${folder}`, '-o', 'APT::Sandbox::User=root'];
  const install = ['-y', '--no-install-recommends', '--download-only', 'install', name];
  await run('apt-get', [...options, ...install]);
  return archivesIn(folder);
}

/** Downloads one package, without dependencies, from another release of the machine's own Debian mirror. */
async function downloadFromSuite(name: string, suite: string): Promise<string[]> {
  const private_ = join(CACHE, suite);
  for (const folder of ['lists/partial', 'cache/archives/partial', name]) {
    mkdirSync(join(private_, folder), { recursive: true });
  }
  const sources = join(private_, 'sources.list');
  writeFileSync(sources, `deb [signed-by=${KEYRING}] ${await debianMirror()} ${suite} main\n`);
  const settings = [
    `Dir::Etc::sourcelist=${sources}`,
    'Dir::Etc::sourceparts=/dev/null',
    `Dir::State::lists=${join(private_, 'lists')}`,
    `Dir::Cache=${join(private_, 'cache')}`,
    'APT::Sandbox::User=root',
  ].flatMap((setting) => ['-o', setting]);
  if (readdirSync(join(private_, 'lists')).length <= 1) await run('apt-get', [...settings, 'update']);
  await run('apt-get', [...settings, 'download', name], { cwd: join(private_, name) });
  return archivesIn(join(private_, name));
}

/** The mirror that the machine's own package sources name. */
async function debianMirror(): Promise<string> {
  const targets = await run('apt-get', ['indextargets', '--format', '$(REPO_URI)', 'Label: Debian']);
  const mirror = targets.split('\n').find((line) => line !== '');
  if (!mirror) throw new Error('this machine has no Debian package source; run `apt-get update` first');
  return mirror;
}
