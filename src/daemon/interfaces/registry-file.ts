/** The members of a registry in the state folder, so that a host that starts while the registry is away finds them. */
import { readFileSync } from 'node:fs';
import * as nodeFs from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile } from '../base/durable-file.js';

const SAVED_AFTER_MS = 1000;
/** Begins a line that says which signing key is proven to belong to a public key: "proven KEY SIGNER", both in base64. */
const PROVEN = 'proven';

interface Kept {
  records: Uint8Array[];
  /** Base64. */
  proven: { key: string; signer: string }[];
}

export class RegistryFile {
  private readonly path: string;
  private timer: NodeJS.Timeout | undefined;
  private isWriting = false;

  /** `kept`: what is to be kept; `failed` hears why it cannot be. */
  constructor(
    stateFolder: string,
    name: string,
    private readonly options: { kept(): Kept; failed(message: string): void },
  ) {
    this.path = join(stateFolder, `registry-${name}.records`);
  }

  /** What was known earlier; nothing when there is no file. */
  read(): Kept {
    const lines = this.lines().map((line) => line.split(' '));
    return {
      records: lines.filter((words) => words.length === 1).map(([text]) => Buffer.from(text, 'base64')),
      proven: lines
        .filter((words) => words.length === 3 && words[0] === PROVEN)
        .map(([, key, signer]) => ({ key, signer })),
    };
  }

  private lines(): string[] {
    try {
      return readFileSync(this.path, 'utf8')
        .split('\n')
        .filter((line) => line !== '');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
        this.options.failed(`${this.path}: ${(error as Error).message}`);
      return [];
    }
  }

  /** Writes it a little later, once for many changes. */
  saveSoon(): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      void this.save();
    }, SAVED_AFTER_MS).unref();
  }

  close(): void {
    clearTimeout(this.timer);
  }

  private async save(): Promise<void> {
    if (this.isWriting) return this.saveSoon();
    this.isWriting = true;
    const { records, proven } = this.options.kept();
    const lines = records.map((bytes) => Buffer.from(bytes).toString('base64'));
    lines.push(...proven.map(({ key, signer }) => `${PROVEN} ${key} ${signer}`));
    try {
      await replaceFile(nodeFs, this.path, lines.map((line) => `${line}\n`).join(''), {
        mode: 0o600,
        owner: null,
      });
    } catch (error) {
      this.options.failed(`${this.path} cannot be written: ${(error as Error).message}`);
    }
    this.isWriting = false;
  }
}
