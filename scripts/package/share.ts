/** What is installed beside the program: manuals, completions, the unit, users and folders, papers. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SHELLS } from '../../src/cli/commands/completion-scripts.js';
import { licenceText, productionPackages } from './lockfile.js';
import type { Runtime } from './runtime.js';
import { gzipped, place, put } from './tree.js';

/** Its text is printed once at most. */
const APACHE = 'Apache-2.0';
const MANUALS = ['man1/octolink.1', 'man5/octolink.conf.5', 'man8/octolinkd.8'];

/** Places them under `usr`, as `/usr` or another prefix has them. */
export async function placeShare(root: string, usr: string): Promise<void> {
  const share = join(usr, 'share');
  for (const manual of MANUALS) {
    const file = join(share, 'man', manual);
    place(join(root, 'docs/man', manual.slice('man1/'.length)), file);
    await gzipped(file);
  }
  put(join(share, 'bash-completion/completions/octolink'), SHELLS.bash);
  put(join(share, 'zsh/vendor-completions/_octolink'), SHELLS.zsh);
  put(join(share, 'fish/vendor_completions.d/octolink.fish'), SHELLS.fish);
  const packaging = (path: string) => join(root, 'packaging/systemd', path);
  place(packaging('octolinkd.service'), join(usr, 'lib/systemd/system/octolinkd.service'));
  place(packaging('sysusers.conf'), join(usr, 'lib/sysusers.d/octolink.conf'));
  place(packaging('modules-load.conf'), join(usr, 'lib/modules-load.d/octolink.conf'));
  place(packaging('tmpfiles.conf'), join(usr, 'lib/tmpfiles.d/octolink.conf'));
}

/** Copyright and licences of everything inside, as one text. */
export function copyright(root: string, runtime: Runtime): string {
  const own = [
    'Octolink is free software under the Apache License, version 2.0.',
    'On Debian systems its text is in /usr/share/common-licenses/Apache-2.0.',
    '',
    'Copyright: the authors of Octolink',
    '',
    'The package also holds a Node.js runtime (/usr/lib/octolink/bin/node) and packages from npm',
    '(in /usr/lib/octolink/dist/bundle and /usr/lib/octolink/node_modules), under these licences:',
  ].join('\n');
  const parts = productionPackages(root).map((dependency) => {
    const text =
      (dependency.licence !== APACHE && licenceText(root, dependency)) || `Licence: ${dependency.licence}`;
    return section(`${dependency.name} ${dependency.version}`, text);
  });
  return [own, ...parts, section('Node.js', readFileSync(runtime.licence, 'utf8'))].join('\n');
}

function section(title: string, text: string): string {
  return `\n${'-'.repeat(72)}\n${title}\n${'-'.repeat(72)}\n\n${text.trimEnd()}\n`;
}
