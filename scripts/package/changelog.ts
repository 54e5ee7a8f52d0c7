/** `npm run changelog`: writes CHANGELOG.md. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { releaseFacts } from './facts.js';
import { changelogOf } from './notes.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

export const HELP = `usage: npm run changelog

Writes CHANGELOG.md from version tags and the subjects of commits.
`;

/** Returns the exit code. */
export async function main(): Promise<number> {
  const { version } = await releaseFacts(ROOT);
  writeFileSync(join(ROOT, 'CHANGELOG.md'), await changelogOf(ROOT, version));
  return 0;
}
