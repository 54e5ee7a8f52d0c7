/** Command history, also in a file of the user's own, without anything that looks like a secret. */
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { holdsSecret } from '../../config/secrets.js';

/** Lines that the file keeps; twice as many make it be cut. */
const FILE_LINES = 1000;
const MODE = 0o600;

/** Where a user's history is kept, unless the environment names another file; an empty name means nowhere. */
export function historyFileOf(environment: NodeJS.ProcessEnv): string | null {
  return (environment['OCTOLINK_HISTFILE'] ?? join(homedir(), '.octolink_history')) || null;
}

export class History {
  private readonly file: string | null;
  private readonly size: () => number;
  private entries: string[] = [];

  /** `file` null: nothing outlives this session. `size` says how many lines can be walked through. */
  constructor(file: string | null, size: () => number = () => FILE_LINES) {
    this.file = file;
    this.size = size;
  }

  /** Newest first. */
  get lines(): readonly string[] {
    return this.entries;
  }

  /** Reads the lines of earlier sessions. History is a comfort: without a readable file there is none. */
  load(): void {
    if (this.file === null) return;
    let lines: string[];
    try {
      lines = readFileSync(this.file, 'utf8').split('\n').filter(Boolean);
    } catch {
      return;
    }
    if (lines.length > 2 * FILE_LINES) this.rewrite(this.file, lines.slice(-FILE_LINES));
    this.entries = lines.slice(-this.size()).reverse();
  }

  /** Remembers a line, unless it repeats the last one or could hold a secret. */
  add(line: string): void {
    const kept = line.trim();
    if (kept === '' || kept === this.entries[0] || isSecret(kept)) return;
    this.entries.unshift(kept);
    this.entries.length = Math.min(this.entries.length, this.size());
    if (this.file === null) return;
    try {
      appendFileSync(this.file, `${kept}\n`, { mode: MODE });
    } catch {
      // A home directory that cannot be written to must not stop anybody from working.
    }
  }

  private rewrite(file: string, lines: string[]): void {
    try {
      writeFileSync(file, `${lines.join('\n')}\n`, { mode: MODE });
    } catch {
      // As in `add`.
    }
  }
}

export function isSecret(line: string): boolean {
  return holdsSecret(line);
}
