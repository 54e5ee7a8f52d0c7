/** The packages of the lockfile: fetches them if they are not there. */
import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SetUpError, say } from './say.mjs';

/**
 * Names of packages that `lock` asks for and `installed` (npm's own record in `node_modules`) lacks or has in
 * another version. Optional ones are left out: they are for other machines, or npm would have them.
 */
export function missingPackages(lock, installed) {
  return Object.entries(lock.packages)
    .filter(([path, wanted]) => path !== '' && !wanted.optional && !wanted.devOptional)
    .filter(([path, wanted]) => installed?.packages?.[path]?.version !== wanted.version)
    .map(([path]) => path);
}

function readJson(path) {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined;
}

/** Makes `node_modules` what the lockfile says. */
export function ensureNodeModules(root) {
  const folder = join(root, 'node_modules');
  const lock = readJson(join(root, 'package-lock.json'));
  const missing = () => missingPackages(lock, readJson(join(folder, '.package-lock.json')));
  if (missing().length === 0) return;
  if (existsSync(folder) && lstatSync(folder).isSymbolicLink()) {
    throw new SetUpError(
      'node_modules is a symbolic link and does not match package-lock.json; remove the link and try again',
    );
  }
  say('fetching packages (npm ci)');
  if (!install(root, process.env) && !install(root, privateHome(root))) {
    throw new SetUpError('npm ci failed: is a package registry reachable?');
  }
  if (missing().length > 0) throw new SetUpError(`npm ci left out ${missing().join(', ')}`);
}

/** Nothing here needs a package's own scripts: what is native comes prebuilt or is built from `native/`. */
function install(root, env) {
  const flags = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  return spawnSync('npm', flags, { cwd: root, env, stdio: ['ignore', 2, 2] }).status === 0;
}

/** An environment for users without a home folder, or with one that npm may not write to. */
function privateHome(root) {
  const home = join(root, 'build/home');
  mkdirSync(home, { recursive: true });
  say('trying again, with a private home folder');
  return { ...process.env, HOME: home, npm_config_cache: join(home, 'npm-cache') };
}
