/** Finds the published test vectors: next to the repository, or where OCTOLINK_VECTORS says. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestContext } from 'vitest';

const repository = fileURLToPath(new URL('../../../', import.meta.url));
const folder = process.env['OCTOLINK_VECTORS'] ?? join(repository, '..', 'shared', 'vectors');

/** Parses a vector file; undefined when it is not there. */
export function loadVectors<T>(name: string): T | undefined {
  const file = join(folder, name);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as T) : undefined;
}

/** The vectors of a test; skips it, with the reason, when they are not there. */
export function needsVectors<T>(context: TestContext, vectors: T | undefined): T {
  return vectors ?? context.skip('no vectors');
}

/** Bytes of a hexadecimal string. */
export function hex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'hex'));
}
