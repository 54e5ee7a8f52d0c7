/** Command history in a file of the user's own, without anything that looks like a secret. */
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

export const HISTORY_LINES = 1000;
const MODE = 0o600;
/** A key in base64 anywhere but behind `public-key`. */
const SECRET = /(?<!public-key\s+)(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{43}=/;

export class History {
  readonly #file: string;
  #last = '';

  constructor(environment: NodeJS.ProcessEnv) {
    this.#file = environment['OCTOLINK_HISTFILE'] ?? join(homedir(), '.octolink_history');
  }

  /** The lines of earlier sessions, newest first. History is a comfort: without a readable file there is none. */
  load(): string[] {
    let lines: string[];
    try {
      lines = readFileSync(this.#file, 'utf8').split('\n').filter(Boolean);
    } catch {
      return [];
    }
    if (lines.length > 2 * HISTORY_LINES) this.#rewrite(lines.slice(-HISTORY_LINES));
    return lines.slice(-HISTORY_LINES).reverse();
  }

  /** Remembers a line, unless it repeats the last one or could hold a secret. */
  add(line: string): void {
    const kept = line.trim();
    if (kept === '' || kept === this.#last || isSecret(kept)) return;
    this.#last = kept;
    try {
      appendFileSync(this.#file, `${kept}\n`, { mode: MODE });
    } catch {
      // A home that cannot be written to must not keep anybody from working.
    }
  }

  #rewrite(lines: string[]): void {
    try {
      writeFileSync(this.#file, `${lines.join('\n')}\n`, { mode: MODE });
    } catch {
      // As in `add`.
    }
  }
}

export function isSecret(line: string): boolean {
  return SECRET.test(line);
}
