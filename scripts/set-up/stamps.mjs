/**
 * Whether something has been built already, judged by the content of its sources: a stamp is the hash of
 * everything that a step read. File times mean nothing after a checkout.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Every file under `path`, or `path` itself, in a fixed order; a path that is absent has none. */
export function filesUnder(path) {
  if (!existsSync(path)) return [];
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path)
    .sort()
    .flatMap((name) => filesUnder(join(path, name)));
}

/** Hash over names and contents of the files under `paths` that `accept` allows. */
export function contentHash(paths, accept = () => true) {
  const hash = createHash('sha256');
  for (const file of paths.flatMap(filesUnder).filter(accept)) {
    const content = readFileSync(file);
    hash.update(`${file}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

/** True when `stampFile` holds `hash`. */
export function isStamped(stampFile, hash) {
  return existsSync(stampFile) && readFileSync(stampFile, 'utf8') === hash;
}

/** Remembers `hash` as built. */
export function writeStamp(stampFile, hash) {
  mkdirSync(dirname(stampFile), { recursive: true });
  writeFileSync(stampFile, hash);
}
