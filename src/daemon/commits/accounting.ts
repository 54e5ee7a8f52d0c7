/**
 * The record of who changed the configuration: a line of JSON for each command, appended to a file that is turned
 * over before it grows large. The last ones are kept in memory too, for `show accounting`.
 */
import { constants } from 'node:fs';
import * as nodeFs from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import type { AccountingRecord } from '../../api/index.js';
import { withoutSecrets } from '../../config/secrets.js';
import { ofEarlierLife, whoSchema } from './who.js';

const KEPT_IN_MEMORY = 1000;
const MAX_FILE_BYTES = 1024 * 1024;
const MAX_LINES = 100;
/** A link in the place of the file must not lead the daemon's pen elsewhere. */
const APPEND = constants.O_APPEND | constants.O_CREAT | constants.O_WRONLY | constants.O_NOFOLLOW;

const recordSchema = z.object({
  timeMs: z.number(),
  by: whoSchema,
  action: z.string(),
  context: z.array(z.string()),
  lines: z.array(z.string()),
  comment: z.string().nullable(),
  outcome: z.enum(['done', 'no change', 'refused']),
});

type FileIo = Pick<typeof nodeFs, 'readFile' | 'appendFile' | 'rename' | 'stat' | 'mkdir'>;

export class Accounting {
  private readonly records: AccountingRecord[] = [];

  constructor(
    private readonly file: string,
    private readonly io: FileIo = nodeFs,
  ) {}

  /** Reads what earlier daemons recorded. A line cut short by a crash is left out. */
  async load(): Promise<void> {
    await this.io.mkdir(dirname(this.file), { recursive: true, mode: 0o700 });
    for (const file of [`${this.file}.1`, this.file]) {
      const text = await this.io.readFile(file, 'utf8').catch(() => '');
      for (const line of text.split('\n')) this.remember(line);
    }
  }

  /** The newest last. */
  list(last = KEPT_IN_MEMORY): AccountingRecord[] {
    return this.records.slice(-last);
  }

  /** Throws when it cannot be written; it is in memory all the same. */
  async add(record: AccountingRecord): Promise<void> {
    const kept: AccountingRecord = {
      ...record,
      context: record.context.map(withoutSecrets),
      lines: record.lines.slice(0, MAX_LINES).map(withoutSecrets),
      comment: record.comment === null ? null : withoutSecrets(record.comment),
    };
    if (record.lines.length > MAX_LINES) kept.lines.push(`(${record.lines.length - MAX_LINES} more lines)`);
    this.keep(kept);
    const size = await this.io.stat(this.file).then(
      (stat) => stat.size,
      () => 0,
    );
    if (size > MAX_FILE_BYTES) await this.io.rename(this.file, `${this.file}.1`);
    await this.io.appendFile(this.file, `${JSON.stringify(kept)}\n`, { mode: 0o600, flag: APPEND });
  }

  private remember(line: string): void {
    try {
      const record = recordSchema.parse(JSON.parse(line));
      this.keep({ ...record, by: ofEarlierLife(record.by) });
    } catch {
      // Half a line at the end of a file, or the empty one behind its last newline.
    }
  }

  private keep(record: AccountingRecord): void {
    this.records.push(record);
    if (this.records.length > KEPT_IN_MEMORY) this.records.shift();
  }
}
