/** The Debian package, by dpkg-deb alone. */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../lab/run.js';
import { dayOf } from './facts.js';
import { changesSince, debianChangelog, notesOf, previousTag } from './notes.js';
import { type Ingredients, placeProgram } from './program.js';
import { copyright, placeShare } from './share.js';
import { GLIBC_FLOOR } from './targets.js';
import { filesIn, gzipped, place, put, settle, sizeKib } from './tree.js';

const MAINTAINER = 'Octolink contributors <contributors@octolink.org>';
const SCRIPTS = ['postinst', 'prerm', 'postrm'];
/** The smallest that is made in bearable time, and the same on every machine: one thread. */
const COMPRESSION = ['-Zxz', '-z3', '--threads-max=1'];

/** Makes `octolink_VERSION_ARCH.deb` in `out` and returns its path. */
export async function makeDeb(ingredients: Ingredients, work: string, out: string): Promise<string> {
  const { root, facts, target, runtime } = ingredients;
  const tree = join(work, `deb-${target.debian}`);
  rmSync(tree, { recursive: true, force: true });
  const usr = join(tree, 'usr');
  await placeProgram(ingredients, join(usr, 'lib/octolink'), `deb ${target.debian}`);
  await placeShare(root, usr);
  link('../lib/octolink/bin/octolink', join(usr, 'bin'), 'octolink');
  link('../lib/octolink/bin/octolinkd', join(usr, 'sbin'), 'octolinkd');
  const doc = join(usr, 'share/doc/octolink');
  put(join(doc, 'copyright'), copyright(root, runtime));
  put(join(doc, 'changelog'), debianChangelog(facts, MAINTAINER));
  put(
    join(doc, 'NEWS.md'),
    notesOf(facts.version, dayOf(facts), await changesSince(root, await previousTag(root, facts))),
  );
  await gzipped(join(doc, 'changelog'));
  await gzipped(join(doc, 'NEWS.md'));
  place(join(root, 'packaging/debian/lintian-overrides'), join(usr, 'share/lintian/overrides/octolink'));
  const control = join(tree, 'DEBIAN');
  const sums = filesIn(tree)
    .filter((path) => !/^usr\/s?bin\//.test(path))
    .map((path) => `${md5(join(tree, path))}  ${path}\n`);
  put(join(control, 'control'), controlText(ingredients, sizeKib(usr)));
  put(join(control, 'md5sums'), sums.join(''));
  for (const script of SCRIPTS) {
    place(join(root, 'packaging/debian', script), join(control, script), { runs: true });
  }
  await settle(tree, facts.epoch);
  const file = join(out, `octolink_${facts.version}_${target.debian}.deb`);
  const env = { ...process.env, SOURCE_DATE_EPOCH: String(facts.epoch) };
  await run('dpkg-deb', ['--root-owner-group', ...COMPRESSION, '--build', tree, file], { env });
  rmSync(tree, { recursive: true });
  return file;
}

function controlText({ facts, target }: Ingredients, installedKib: number): string {
  return `${[
    'Package: octolink',
    `Version: ${facts.version}`,
    `Architecture: ${target.debian}`,
    `Maintainer: ${MAINTAINER}`,
    `Installed-Size: ${installedKib}`,
    `Depends: libc6 (>= ${GLIBC_FLOOR.join('.')}), libstdc++6 (>= 9), libgcc-s1, iproute2, passwd, init-system-helpers (>= 1.52)`,
    'Recommends: libgcrypt20',
    'Suggests: bash-completion',
    'Section: net',
    'Priority: optional',
    'Description: Layer-2 multilink VPN that loses nothing when a link is cut',
    ' Joins hosts into one Ethernet over up to eight encrypted UDP links between each',
    ' pair, and moves traffic between links without loss. It is configured like a',
    ' classical router, by an interactive command line and by the same language in',
    ' its configuration file.',
    ' .',
    ' This package brings its own Node.js runtime and needs no other one.',
  ].join('\n')}\n`;
}

function link(to: string, folder: string, name: string): void {
  mkdirSync(folder, { recursive: true });
  symlinkSync(to, join(folder, name));
}

function md5(file: string): string {
  return createHash('md5').update(readFileSync(file)).digest('hex');
}
