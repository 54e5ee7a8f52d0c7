/** The members of a registry in the state folder, so that a host that starts while the registry is away finds them. */
import { readFileSync } from 'node:fs';
import * as nodeFs from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile } from '../base/durable-file.js';

const SAVED_AFTER_MS = 1000;

export class RegistryFile {
  private readonly path: string;
  private timer: NodeJS.Timeout | undefined;
  private isWriting = false;

  /** `records`: what is to be kept; `failed` hears why it cannot be. */
  constructor(
    stateFolder: string,
    name: string,
    private readonly options: { records(): Uint8Array[]; failed(message: string): void },
  ) {
    this.path = join(stateFolder, `registry-${name}.records`);
  }

  /** Records of earlier, base64 a line; none when there is no file. */
  read(): Uint8Array[] {
    try {
      const lines = readFileSync(this.path, 'utf8').split('\n');
      return lines.filter((line) => line !== '').map((line) => Buffer.from(line, 'base64'));
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
    const text = this.options.records().map((bytes) => `${Buffer.from(bytes).toString('base64')}\n`);
    try {
      await replaceFile(nodeFs, this.path, text.join(''), { mode: 0o600, owner: null });
    } catch (error) {
      this.options.failed(`${this.path} cannot be written: ${(error as Error).message}`);
    }
    this.isWriting = false;
  }
}
