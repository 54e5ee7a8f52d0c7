/** A commit that is undone unless it is confirmed: its record on disk, its timer, and the connection that owns it. */

import * as nodeFs from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import type { Config } from '../../api/config.js';
import type { PendingCommit, Who } from '../../api/index.js';
import { parseConfig } from '../../config/edit.js';
import { renderConfig } from '../../config/render.js';
import type { Clock } from '../base/clock.js';
import { type FileIo, removeFile, replaceFile } from '../base/durable-file.js';
import { whoSchema } from './accounting.js';

/** Seconds left at which listeners are reminded. */
const REMIND_AT_S = [900, 300, 60];
/** A rollback that the system refused is tried again after this time. */
const RETRY_MS = 30_000;

const pendingSchema = z.object({
  by: whoSchema,
  comment: z.string().nullable(),
  deadlineMs: z.number(),
  /** The configuration to go back to. */
  target: z.string(),
});

type PendingRecord = z.infer<typeof pendingSchema>;

/**
 * The record of a commit that awaits confirmation; it is on disk before the commit takes effect. A daemon that finds
 * one when it starts knows that nobody confirmed, and starts with the configuration from before the commit.
 */
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
    return pendingSchema.parse(JSON.parse(text));
  }

  async save(record: PendingRecord): Promise<void> {
    await this.io.mkdir(dirname(this.file), { recursive: true, mode: 0o700 });
    await replaceFile(this.io, this.file, `${JSON.stringify(record)}\n`, { mode: 0o600, owner: null });
  }

  async remove(): Promise<void> {
    await removeFile(this.io, this.file);
  }
}

interface GuardOrder {
  by: Who;
  comment: string | null;
  minutes: number;
  /** What to go back to; a commit that is already waiting keeps its own target. */
  target: Config;
}

interface GuardEvents {
  /** Time is up. */
  expired(): void;
  reminder(secondsLeft: number): void;
}

interface Pending {
  by: Who;
  comment: string | null;
  /** By the time of day, to show and to record. */
  deadlineMs: number;
  /** By the clock that never steps, to wait for. */
  endsAtMs: number;
  target: Config;
  /** Number of the connection whose end undoes it; null: only the timer does. */
  owner: number | null;
}

export class Guard {
  private pending: Pending | null = null;
  private cancelTimer: () => void = () => undefined;

  constructor(
    private readonly store: PendingStore,
    private readonly clock: Clock,
    private readonly events: GuardEvents,
  ) {}

  get active(): boolean {
    return this.pending !== null;
  }

  /** What runs again if nobody confirms; null while nothing awaits confirmation. */
  get target(): Config | null {
    return this.pending?.target ?? null;
  }

  /** The owner of the commit that awaits confirmation, if its connection lives and is not `session`. */
  heldByOther(session: number | null): Who | null {
    const pending = this.pending;
    return pending === null || pending.owner === null || pending.owner === session ? null : pending.by;
  }

  owns(session: number | null): boolean {
    return this.pending !== null && this.pending.owner !== null && this.pending.owner === session;
  }

  status(session: number | null): PendingCommit | null {
    if (this.pending === null) return null;
    const { by, comment, deadlineMs } = this.pending;
    return { by, comment, deadlineMs, secondsLeft: this.secondsLeft(), own: this.owns(session) };
  }

  /** Writes the record, then starts the timer. Throws, without arming anything, when it cannot be written. */
  async arm({ by, comment, minutes, target }: GuardOrder): Promise<void> {
    const deadlineMs = this.clock.now() + minutes * 60_000;
    const endsAtMs = this.clock.elapsed() + minutes * 60_000;
    const goal = this.pending?.target ?? target;
    await this.store.save({ by, comment, deadlineMs, target: renderConfig(goal) });
    this.pending = { by, comment, deadlineMs, endsAtMs, target: goal, owner: by.session };
    this.wait();
  }

  /** Confirms. Throws, and the commit keeps waiting, when the record cannot be removed. */
  async disarm(): Promise<void> {
    if (this.pending === null) return;
    await this.store.remove();
    this.pending = null;
    this.cancelTimer();
  }

  /** From now on only the timer undoes it. */
  detach(session: number | null): void {
    if (this.pending !== null && this.owns(session)) this.pending.owner = null;
  }

  /** The daemon ends. The record stays, so that the next daemon undoes what nobody confirmed. */
  suspend(): void {
    this.cancelTimer();
  }

  retryLater(): void {
    this.cancelTimer();
    this.cancelTimer = this.clock.after(RETRY_MS, () => this.events.expired());
  }

  /**
   * What to start with instead of the startup configuration: the configuration from before a commit that was not
   * confirmed when the daemon ended. Null when there was no such commit.
   */
  async inherited(): Promise<{ by: Who; target: Config } | null> {
    const record = await this.store.load();
    if (record === null) return null;
    const { config, syntax, contradictions } = parseConfig(record.target);
    const [problem] = [...syntax, ...contradictions];
    if (problem !== undefined) throw new Error(`line ${problem.line}: ${problem.message}`);
    return { by: record.by, target: config };
  }

  /** Forgets what `inherited` found. */
  async forgetInherited(): Promise<void> {
    await this.store.remove();
  }

  private wait(): void {
    this.cancelTimer();
    const left = this.secondsLeft();
    const next = REMIND_AT_S.find((seconds) => seconds < left) ?? 0;
    this.cancelTimer = this.clock.after((left - next) * 1000, () => {
      if (next === 0) return this.events.expired();
      this.events.reminder(next);
      this.wait();
    });
  }

  private secondsLeft(): number {
    const endsAtMs = this.pending?.endsAtMs ?? 0;
    return Math.max(0, (endsAtMs - this.clock.elapsed()) / 1000);
  }
}
