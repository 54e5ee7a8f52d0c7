/**
 * The record of a commit that awaits confirmation, on disk before the commit is in force. A daemon that finds it at
 * its start knows that nobody confirmed, and starts with the configuration from before.
 */
import * as nodeFs from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { type FileIo, removeFile, replaceFile } from '../base/durable-file.js';
import { whoSchema } from './who.js';

const recordSchema = z.object({
  by: whoSchema,
  comment: z.string().nullable(),
  deadlineMs: z.number(),
  /** The configuration to go back to. */
  target: z.string(),
});

export type PendingRecord = z.infer<typeof recordSchema>;

export class PendingStore {
  constructor(
    private readonly file: string,
    private readonly io: FileIo = nodeFs,
  ) {}

  /** The record, or null when no commit awaits confirmation. Throws when there is one that cannot be read. */
  async load(): Promise<PendingRecord | null> {
    let text: string;
    try {
      text = await this.io.readFile(this.file, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
    return recordSchema.parse(JSON.parse(text));
  }

  async save(record: PendingRecord): Promise<void> {
    await this.io.mkdir(dirname(this.file), { recursive: true, mode: 0o700 });
    await replaceFile(this.io, this.file, `${JSON.stringify(record)}\n`, { mode: 0o600, owner: null });
  }

  async remove(): Promise<void> {
    await removeFile(this.io, this.file);
  }
}
