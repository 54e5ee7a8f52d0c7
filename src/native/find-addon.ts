/**
 * Where the native addon is: in `build/` beside the program, or, as installed by npm, in the package of this platform,
 * whose content the program's own package knows by its hash.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const ROOT = new URL('../../../', import.meta.url);

interface Places {
  /** Folder of the program, as a `file:` URL that ends in "/". */
  root?: URL;
  /** As in `process.platform` and `process.arch`: `linux-x64`. */
  platform?: string;
}

/** Path of the addon. Throws a plain sentence when there is none, or when it is not the one that was published. */
export function findAddon({
  root = ROOT,
  platform = `${process.platform}-${process.arch}`,
}: Places = {}): string {
  const built = fileURLToPath(new URL('build/octolink.node', root));
  if (existsSync(built)) return built;
  const manifest = new URL('package.json', root);
  const { addons } = JSON.parse(readFileSync(manifest, 'utf8')) as { addons?: Record<string, string> };
  // Only what npm installs has prebuilt addons.
  if (addons === undefined) throw new Error('the native addon has not been built: run "npm run build"');
  const remedy = 'run "npx octolink-build", which needs g++ and make';
  const hash = addons[platform];
  if (hash === undefined) throw new Error(`there is no prebuilt addon for ${platform}: ${remedy}`);
  const name = `octolink-${platform}`;
  const found = resolve(manifest, `${name}/octolink.node`);
  if (found === null) throw new Error(`the package ${name} is not installed: install it, or ${remedy}`);
  if (createHash('sha256').update(readFileSync(found)).digest('hex') !== hash) {
    throw new Error(`${found} is not the addon of this version: install ${name} again, or ${remedy}`);
  }
  return found;
}

function resolve(from: URL, what: string): string | null {
  try {
    return createRequire(from).resolve(what);
  } catch {
    return null;
  }
}
