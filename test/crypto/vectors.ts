/** Finds the published test vectors, which stand beside the repository or where OCTOLINK_VECTORS says. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const repository = fileURLToPath(new URL('../../../', import.meta.url));
const folder = process.env['OCTOLINK_VECTORS'] ?? join(repository, '..', 'shared', 'vectors');

/** Parses a vector file; undefined, and one line that says so, when it is not there. */
export function loadVectors<T>(name: string): T | undefined {
  const file = join(folder, name);
  if (!existsSync(file)) {
    console.log(`skipped: no vectors (${name})`);
    return undefined;
  }
  return JSON.parse(readFileSync(file, 'utf8')) as T;
}

/** Bytes of a hexadecimal string. */
export function hex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'hex'));
}
