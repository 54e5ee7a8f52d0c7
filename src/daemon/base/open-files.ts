/** How many files and sockets this process may have open. */
import { readFileSync } from 'node:fs';

/** Modules that are being loaded take most of these, each for a moment. */
export const FILES_NEEDED = 256;

/** The soft limit, which Node raises to the hard one when it starts; null: the system does not tell. */
export function openFilesLimit(): number | null {
  try {
    const found = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
    return found === null ? null : Number(found[1]);
  } catch {
    return null;
  }
}

/** Why the limit is too low for a daemon, in a plain sentence; null: it is not. */
export function openFilesProblem(limit: number | null): string | null {
  if (limit === null || limit >= FILES_NEEDED) return null;
  return `this process may open ${limit} files, and needs ${FILES_NEEDED}: raise the limit (ulimit -n, LimitNOFILE= in a unit)`;
}
