/**
 * Who changed the configuration, and the record of it: one line of JSON for each command, appended to a file that is
 * rotated before it grows large. The latest records are kept in memory as well, for `show accounting`.
 */
import { constants } from 'node:fs';
import * as nodeFs from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import type { AccountingRecord, Who } from '../../api/index.js';
import { withoutSecrets } from '../../config/secrets.js';
import type { Clock } from '../base/clock.js';
import type { RecordFaults } from './record-faults.js';

const KEPT_IN_MEMORY = 1000;
const MAX_FILE_BYTES = 1024 * 1024;
const MAX_LINES = 100;
/** A symbolic link planted in place of the file must not redirect what the daemon writes. */
const APPEND = constants.O_APPEND | constants.O_CREAT | constants.O_WRONLY | constants.O_NOFOLLOW;

/** The daemon itself: at its start, and when a timer runs out. */
export const DAEMON: Who = { user: 'octolinkd', uid: null, pid: null, session: null };

export const whoSchema = z.object({
  user: z.string(),
  uid: z.int().nullable(),
  pid: z.int().nullable(),
  session: z.int().nullable(),
});

/** `user ana on connection 3 (process 4242)`. */
export function nameOf({ user, session, pid }: Who): string {
  const place = session === null ? '' : ` on connection ${session}`;
  return `user ${user}${place}${pid === null ? '' : ` (process ${pid})`}`;
}

/** A user recorded before a restart. Connections are numbered from 1 again, so the old number means nothing now. */
export function withoutConnection(who: Who): Who {
  return { ...who, session: null };
}

/** A command as it is recorded. */
export type RecordedChange = Pick<AccountingRecord, 'action'> &
  Partial<Pick<AccountingRecord, 'context' | 'lines' | 'comment'>>;

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
    private readonly clock: Clock,
    private readonly faults: Pick<RecordFaults, 'failed'>,
    private readonly io: FileIo = nodeFs,
  ) {}

  /** Reads what earlier daemons recorded. A line that a crash cut short is skipped. */
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

  /** Records a change. A record that cannot be written is told; it never stops anybody from working. */
  async record(by: Who, change: RecordedChange, outcome: AccountingRecord['outcome']): Promise<void> {
    const timeMs = this.clock.now();
    try {
      await this.add({ timeMs, by, context: [], lines: [], comment: null, ...change, outcome });
    } catch (err) {
      this.faults.failed('accounting', err as Error);
    }
  }

  private async add(record: AccountingRecord): Promise<void> {
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
      this.keep({ ...record, by: withoutConnection(record.by) });
    } catch {
      // Half a line at the end of a file, or the empty string after its last newline.
    }
  }

  private keep(record: AccountingRecord): void {
    this.records.push(record);
    if (this.records.length > KEPT_IN_MEMORY) this.records.shift();
  }
}
