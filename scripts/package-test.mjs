/**
 * `npm run package-test`: makes the packages of the last commit twice, compares them, and tries them on clean systems. It works on
 * clones: whoever goes on editing meanwhile disturbs nothing, and nothing that is not committed gets in.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensurePrograms } from './set-up/machine.mjs';
import { runScript } from './set-up/script.mjs';
import { ROOT } from './setup.mjs';

const PROGRAMS = ['git', 'g++', 'make', 'debootstrap', 'dpkg-deb', 'lintian', 'buildah'];

/** A clone of the last commit, with its history, of which changelog and release notes are made. */
function clone(to) {
  execFileSync('git', ['clone', '--quiet', '--no-hardlinks', ROOT, to]);
  return to;
}

async function onClones(args) {
  const work = mkdtempSync(join(tmpdir(), 'octolink-packages-'));
  try {
    const [tree, other] = [clone(join(work, 'tree')), clone(join(work, 'another-tree'))];
    const changes = execFileSync('git', ['-C', ROOT, 'status', '--porcelain'], { encoding: 'utf8' });
    if (changes !== '') process.stderr.write('package-test: what is not committed is not tested\n');
    execFileSync(process.execPath, [join(tree, 'scripts/setup.mjs'), 'build'], { stdio: ['ignore', 2, 2] });
    const { main } = await import(join(tree, 'dist/scripts/package/trial.js'));
    return await main(args, { work, other });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function tryPackages(args) {
  const forArm64 = args.includes('--quick') ? [] : ['aarch64-linux-gnu-g++', 'qemu-aarch64-static'];
  ensurePrograms([...PROGRAMS, ...forArm64]);
  return onClones(args);
}

await runScript({ module: 'dist/scripts/package/trial.js', lab: [], run: tryPackages });
