/**
 * The latest configurations that ran, each in a file of its own; the newest is the one that runs. Files are written
 * atomically. A file that cannot be read is reported and skipped; the others remain usable.
 */
import * as nodeFs from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { ARCHIVE_ENTRIES, type ArchivedConfig, type ArchiveEntry } from '../../api/index.js';
import { type FileIo, removeFile, replaceFile } from '../base/durable-file.js';
import { whoSchema, withoutConnection } from './accounting.js';

const ORIGINS = [
  'start',
  'terminal',
  'commit',
  'replace',
  'rollback',
  'reload',
  'not confirmed',
] as const satisfies readonly ArchiveEntry['origin'][];

const fileSchema = z.object({
  revision: z.int().positive(),
  timeMs: z.number(),
  by: whoSchema,
  origin: z.enum(ORIGINS),
  comment: z.string().nullable(),
  text: z.string(),
});

type NewEntry = Omit<ArchivedConfig, 'number' | 'revision'>;
type Entry = Omit<ArchiveEntry, 'number'>;

const FILE_NAME = /^\d{10}\.json$/;

export class Archive {
  /** The newest first. Texts stay on disk, so that large configurations take no memory. */
  private entries: Entry[] = [];

  constructor(
    private readonly folder: string,
    private readonly io: FileIo = nodeFs,
  ) {}

  /** Reads the folder. Returns a sentence for each file that cannot be used. */
  async load(): Promise<string[]> {
    await this.io.mkdir(this.folder, { recursive: true, mode: 0o700 });
    const wrong: string[] = [];
    const found: Entry[] = [];
    for (const name of await this.io.readdir(this.folder)) {
      if (!FILE_NAME.test(name)) continue;
      try {
        const { text: _, ...entry } = await this.read(join(this.folder, name));
        found.push({ ...entry, by: withoutConnection(entry.by) });
      } catch (error) {
        wrong.push(`${join(this.folder, name)} is no archived configuration: ${(error as Error).message}`);
      }
    }
    this.entries = found.sort((a, b) => b.revision - a.revision);
    await this.prune();
    return wrong;
  }

  list(): ArchiveEntry[] {
    return this.entries.map((entry, number) => ({ number, ...entry }));
  }

  /** An entry with its text; null when no entry has that number. Throws when its file cannot be read. */
  async get(number: number): Promise<ArchivedConfig | null> {
    const entry = this.entries[number];
    if (entry === undefined) return null;
    const { text } = await this.read(this.fileOf(entry.revision));
    return { number, ...entry, text };
  }

  /** Adds an entry in front and drops the oldest. */
  async add(entry: NewEntry): Promise<void> {
    const revision = (this.entries[0]?.revision ?? 0) + 1;
    await this.write(revision, entry);
    const { text: _, ...kept } = entry;
    this.entries.unshift({ ...kept, revision });
    await this.prune();
  }

  /** Replaces the newest entry. */
  async amend(entry: NewEntry): Promise<void> {
    const [newest] = this.entries;
    if (newest === undefined) return this.add(entry);
    await this.write(newest.revision, entry);
    const { text: _, ...kept } = entry;
    this.entries[0] = { ...kept, revision: newest.revision };
  }

  private async prune(): Promise<void> {
    for (const { revision } of this.entries.splice(ARCHIVE_ENTRIES)) {
      await removeFile(this.io, this.fileOf(revision));
    }
  }

  private async write(revision: number, { timeMs, by, origin, comment, text }: NewEntry): Promise<void> {
    const content = JSON.stringify({ revision, timeMs, by, origin, comment, text });
    await replaceFile(this.io, this.fileOf(revision), `${content}\n`, { mode: 0o600, owner: null });
  }

  private async read(file: string): Promise<z.infer<typeof fileSchema>> {
    return fileSchema.parse(JSON.parse(await this.io.readFile(file, 'utf8')));
  }

  private fileOf(revision: number): string {
    return join(this.folder, `${String(revision).padStart(10, '0')}.json`);
  }
}
