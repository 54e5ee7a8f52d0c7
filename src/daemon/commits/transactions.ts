/**
 * Puts a configuration in force, whole or not at all, guarded if so ordered, and keeps the archive. Everything that
 * changes what runs passes here. Calls never overlap: the `Configurator` takes one at a time.
 */
import type { ArchiveOrigin, Who } from '../../api/index.js';
import { ERROR } from '../../api/index.js';
import { type ConfigDiff, diffConfigs } from '../../config/diff.js';
import type { Config } from '../../config/model.js';
import { renderConfig } from '../../config/render.js';
import type { Clock } from '../base/clock.js';
import { type Backend, RequestError } from '../base/errors.js';
import type { Log } from '../base/log.js';
import type { Archive } from './archive.js';
import type { Drafts } from './editing.js';
import type { Guard } from './guard.js';
import { nameOf } from './who.js';

export interface Order {
  who: Who;
  next: Config;
  origin: ArchiveOrigin;
  comment?: string | undefined;
  /** Undone after so many minutes unless confirmed. */
  confirmMinutes?: number | undefined;
  /** Neither a lock nor a commit that awaits confirmation stands in the way. */
  force?: boolean;
}

export class Transactions {
  /** The connection whose line-by-line changes make the newest entry of the archive, which goes on growing. */
  private growing: number | null = null;

  constructor(
    private readonly backend: Backend,
    private readonly archive: Archive,
    private readonly guard: Guard,
    private readonly drafts: Drafts,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  /** Throws `RequestError` when the lock, a commit of another or the system forbids it; then nothing has changed. */
  async enforce(order: Order): Promise<ConfigDiff> {
    const { who, next, confirmMinutes } = order;
    if (!order.force) this.checkFree(who);
    const running = this.backend.runningConfig();
    const diff = diffConfigs(running, next);
    const changed = diff.lines.length > 0;
    const guarded = this.guard.active;
    if (confirmMinutes !== undefined) await this.armGuard(order, running);
    if (!changed) return diff;
    try {
      await this.backend.applyConfig(next);
    } catch (error) {
      if (confirmMinutes !== undefined && !guarded) await this.guard.disarm();
      throw error;
    }
    await this.keep(order);
    this.backend.publish({ kind: 'config', by: who.user, what: 'changed' });
    return diff;
  }

  /** Throws when another one's lock or unconfirmed commit forbids changes. */
  checkFree(who: Who): void {
    this.drafts.checkLock(who);
    const holder = this.guard.heldByOther(who.session);
    if (holder === null) return;
    const left = Math.ceil(this.guard.status(null)?.secondsLeft ?? 0);
    throw new RequestError(
      `a commit of ${nameOf(holder)} awaits confirmation for ${left} s more`,
      ERROR.BUSY,
    );
  }

  /** From now on what runs goes back to `target` unless somebody confirms. */
  async armGuard(
    { who, comment, confirmMinutes }: Omit<Order, 'next' | 'origin'>,
    target: Config,
  ): Promise<void> {
    const minutes = confirmMinutes ?? 0;
    try {
      await this.guard.arm({ by: who, comment: comment ?? null, minutes, target });
    } catch (error) {
      throw new RequestError(
        `a rollback cannot be prepared, nothing was changed: ${(error as Error).message}`,
      );
    }
    this.backend.publish({ kind: 'unconfirmed', by: who.user, secondsLeft: minutes * 60 });
  }

  /** The next line-by-line change begins an entry of the archive of its own. */
  endGrowing(session: number | null): void {
    if (this.growing === session) this.growing = null;
  }

  /** Gives the newest entry a comment, if it is still being made by this connection. */
  async comment(who: Who, comment: string): Promise<boolean> {
    if (who.session === null || this.growing !== who.session) return false;
    await this.keep({ who, next: this.backend.runningConfig(), origin: 'terminal', comment });
    this.growing = null;
    return true;
  }

  /** The archive is for rollbacks to come; that it cannot be written must not undo what is in force. */
  private async keep({ who, next, origin, comment }: Order): Promise<void> {
    const grows = origin === 'terminal' && who.session !== null;
    const entry = {
      timeMs: this.clock.now(),
      by: who,
      origin,
      comment: comment ?? null,
      text: renderConfig(next),
    };
    try {
      if (grows && this.growing === who.session) await this.archive.amend(entry);
      else await this.archive.add(entry);
      this.growing = grows ? who.session : null;
    } catch (err) {
      this.growing = null;
      this.log.error({ err }, 'the archive of configurations cannot be written');
    }
  }

  /** What the daemon starts with becomes the newest entry, unless it is that already. */
  async keepStart(who: Who, origin: ArchiveOrigin): Promise<void> {
    const next = this.backend.runningConfig();
    const newest = await this.archive.get(0).catch(() => null);
    if (newest?.text !== renderConfig(next)) await this.keep({ who, next, origin });
  }
}
