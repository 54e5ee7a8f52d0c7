/** A commit that is undone unless it is confirmed: its record, its clock, and whose connection it hangs on. */
import type { PendingCommit, Who } from '../../api/index.js';
import { parseConfig } from '../../config/edit.js';
import type { Config } from '../../config/model.js';
import { renderConfig } from '../../config/render.js';
import type { Clock } from '../base/clock.js';
import type { PendingStore } from './pending-store.js';

/** With so many seconds left everybody who listens is told. */
const REMIND_AT_S = [900, 300, 60];
/** A rollback that the system refused is tried again after this. */
const RETRY_MS = 30_000;

export interface GuardOrder {
  by: Who;
  comment: string | null;
  minutes: number;
  /** What to go back to; a commit that is waiting already keeps its own. */
  target: Config;
}

export interface GuardEvents {
  /** Time is up, or the owner's connection is lost. */
  expired(): void;
  reminder(secondsLeft: number): void;
}

interface Pending {
  by: Who;
  comment: string | null;
  /** By the clock on the wall, to show and to record. */
  deadlineMs: number;
  /** By the clock that no correction moves, to wait for. */
  endsAtMs: number;
  target: Config;
  /** Number of the connection whose end undoes it; null: only time does. */
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

  /** Whoever holds the commit that awaits confirmation by a live connection other than `session`. */
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

  /** Writes the record, then starts the clock. Throws, and nothing awaits confirmation, when it cannot be written. */
  async arm({ by, comment, minutes, target }: GuardOrder): Promise<void> {
    const deadlineMs = this.clock.now() + minutes * 60_000;
    const endsAtMs = this.clock.elapsed() + minutes * 60_000;
    const goal = this.pending?.target ?? target;
    await this.store.save({ by, comment, deadlineMs, target: renderConfig(goal) });
    this.pending = { by, comment, deadlineMs, endsAtMs, target: goal, owner: by.session };
    this.wait();
  }

  /** Nothing awaits confirmation any more. Throws, and it goes on waiting, when the record cannot be removed. */
  async disarm(): Promise<void> {
    if (this.pending === null) return;
    await this.store.remove();
    this.pending = null;
    this.cancelTimer();
  }

  /** From now on only time undoes it. */
  detach(session: number | null): void {
    if (this.pending !== null && this.owns(session)) this.pending.owner = null;
  }

  /** The daemon ends. The record stays: the next daemon undoes what nobody has confirmed. */
  suspend(): void {
    this.cancelTimer();
  }

  retryLater(): void {
    this.cancelTimer();
    this.cancelTimer = this.clock.after(RETRY_MS, () => this.events.expired());
  }

  /**
   * What to start with instead of the startup configuration: the configuration from before a commit that nobody had
   * confirmed when the daemon ended. Null when there is none.
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
