/**
 * Puts configurations into force, atomically and guarded if asked to, keeps the archive, and takes back what nobody
 * confirmed. Every change of the running configuration passes through here. Calls never overlap: the `ChangeQueue`
 * runs one at a time.
 */

import type { Config } from '../../api/config.js';
import { type ArchiveOrigin, ERROR, type Who } from '../../api/index.js';
import { type ConfigDiff, diffConfigs } from '../../config/diff.js';
import { renderConfig } from '../../config/render.js';
import type { Clock } from '../base/clock.js';
import type { EventLog } from '../base/event-log.js';
import type { Log } from '../base/log.js';
import { RequestError } from '../base/request-errors.js';
import { type Accounting, DAEMON, nameOf } from './accounting.js';
import type { Archive } from './archive.js';
import type { Candidates } from './candidates.js';
import { changeSummary } from './change-summary.js';
import type { Guard } from './guard.js';
import type { RecordFaults } from './record-faults.js';

/** What runs a configuration. */
export interface ConfigurationHost {
  /** The configuration that runs. Callers must not modify it. */
  runningConfig(): Config;
  /**
   * Makes `next` the running configuration, all or nothing: when the system refuses a part of it, what ran before runs
   * again and a `RequestError` says why. `next` has been parsed and validated. Calls never overlap.
   */
  applyConfig(next: Config): Promise<void>;
  /** Throws what `applyConfig` would, as far as that can be known without doing anything. */
  checkConfig(next: Config): void;
}

interface Order {
  who: Who;
  next: Config;
  origin: ArchiveOrigin;
  comment?: string | undefined;
  /** Minutes after which it is undone unless confirmed. */
  confirmMinutes?: number | undefined;
  /** Overrides the lock and a commit that awaits confirmation. */
  force?: boolean;
}

interface TransactionsOptions {
  host: ConfigurationHost;
  events: EventLog;
  archive: Archive;
  accounting: Accounting;
  guard: Guard;
  candidates: Candidates;
  clock: Clock;
  log: Log;
  faults: RecordFaults;
}

export class Transactions {
  /** The connection whose line-by-line changes are gathered in the newest entry of the archive. */
  private growing: number | null = null;

  constructor(private readonly options: TransactionsOptions) {}

  /** Throws `RequestError`, and changes nothing, when a lock, another user's commit or the system forbids it. */
  async enforce(order: Order): Promise<ConfigDiff> {
    const { host, guard, events } = this.options;
    const { who, next, confirmMinutes } = order;
    if (!order.force) this.checkFree(who);
    const running = host.runningConfig();
    const diff = diffConfigs(running, next);
    const changed = diff.lines.length > 0;
    const guarded = guard.active;
    if (confirmMinutes !== undefined) await this.armGuard(order, running);
    if (!changed) return diff;
    try {
      await host.applyConfig(next);
    } catch (error) {
      if (confirmMinutes !== undefined && !guarded) await guard.disarm();
      throw error;
    }
    await this.keep(order);
    const what = order.origin === 'not confirmed' ? 'rolled back' : 'changed';
    events.publish({ kind: 'config', by: who.user, what, ...changeSummary(diff) });
    return diff;
  }

  /** Throws what `enforce` would, as far as that can be known without doing anything. */
  check(who: Who, next: Config): void {
    this.checkFree(who);
    this.options.host.checkConfig(next);
  }

  /** Throws when another connection's lock or unconfirmed commit forbids changes. */
  checkFree(who: Who): void {
    const { guard, candidates } = this.options;
    candidates.checkLock(who);
    const holder = guard.heldByOther(who.session);
    if (holder === null) return;
    const left = Math.ceil(guard.status(null)?.secondsLeft ?? 0);
    throw new RequestError(
      `a commit of ${nameOf(holder)} awaits confirmation for ${left} s more`,
      ERROR.BUSY,
    );
  }

  /** From now on the running configuration goes back to `target` unless somebody confirms. */
  async armGuard(
    { who, comment, confirmMinutes }: Omit<Order, 'next' | 'origin'>,
    target: Config,
  ): Promise<void> {
    const { guard, events } = this.options;
    const minutes = confirmMinutes ?? 0;
    try {
      await guard.arm({ by: who, comment: comment ?? null, minutes, target });
    } catch (error) {
      throw new RequestError(
        `a rollback cannot be prepared, nothing was changed: ${(error as Error).message}`,
      );
    }
    events.publish({ kind: 'unconfirmed', by: who.user, secondsLeft: minutes * 60 });
  }

  /**
   * Takes an unconfirmed commit back. When the system refuses, the running configuration stays and the rollback is
   * tried again later. `why` completes the sentence "a commit …".
   */
  async rollBack(why: string, who: Who = DAEMON): Promise<void> {
    const { guard, events, accounting, log } = this.options;
    const { target } = guard;
    if (target === null) return;
    const by = guard.status(null)?.by ?? DAEMON;
    const change = { action: `rollback: the commit of ${nameOf(by)} ${why}` };
    try {
      const { lines } = await this.enforce({ who, next: target, origin: 'not confirmed', force: true });
      await guard.disarm();
      if (lines.length === 0) events.publish({ kind: 'config', by: who.user, what: 'rolled back' });
    } catch (err) {
      log.error({ err }, 'rolling back an unconfirmed commit failed and will be tried again');
      events.publish({ kind: 'config', by: who.user, what: 'rollback failed' });
      guard.retryLater();
      await accounting.record(who, change, 'refused');
      return;
    }
    log.warn({ by }, `a commit ${why} and is undone`);
    await accounting.record(who, change, 'done');
  }

  /**
   * The first configuration of a daemon: that from before a commit which was not confirmed when the previous daemon
   * ended, else `startup`. Throws when neither can run.
   */
  async begin(startup: Config): Promise<void> {
    const { host, guard, log } = this.options;
    if (!(await this.beginBeforeCommit())) {
      await host.applyConfig(startup);
      await this.keepFirst('start');
    }
    await guard.forgetInherited().catch((err) => {
      log.error({ err }, 'the record of an unconfirmed commit cannot be removed');
    });
  }

  /** False when every commit was confirmed, or when the configuration from before cannot run. */
  private async beginBeforeCommit(): Promise<boolean> {
    const { host, guard, accounting, log } = this.options;
    try {
      const inherited = await guard.inherited();
      if (inherited === null) return false;
      await host.applyConfig(inherited.target);
      log.warn({ by: inherited.by }, 'a commit was not confirmed before the daemon ended and is undone');
    } catch (err) {
      log.error({ err }, 'the configuration from before an unconfirmed commit cannot be used');
      return false;
    }
    await this.keepFirst('not confirmed');
    await accounting.record(DAEMON, { action: 'rollback of an unconfirmed commit' }, 'done');
    return true;
  }

  /** The next line-by-line change starts an archive entry of its own. */
  endGrowing(session: number | null): void {
    if (this.growing === session) this.growing = null;
  }

  /** Gives the newest archive entry a comment, if it still gathers the changes of this connection. */
  async comment(who: Who, comment: string): Promise<void> {
    if (who.session === null || this.growing !== who.session) return;
    const next = this.options.host.runningConfig();
    await this.keep({ who, next, origin: 'terminal', comment });
    this.growing = null;
  }

  /** The archive serves later rollbacks: failing to write it must not undo what is in force. */
  private async keep({ who, next, origin, comment }: Order): Promise<void> {
    const { archive, clock, faults } = this.options;
    const grows = origin === 'terminal' && who.session !== null;
    const text = renderConfig(next);
    const entry = { timeMs: clock.now(), by: who, origin, comment: comment ?? null, text };
    try {
      if (grows && this.growing === who.session) await archive.amend(entry);
      else await archive.add(entry);
      this.growing = grows ? who.session : null;
    } catch (err) {
      this.growing = null;
      faults.failed('the archive of configurations', err as Error);
    }
  }

  /** Archives what the daemon starts with, unless it is the newest entry already. */
  private async keepFirst(origin: ArchiveOrigin): Promise<void> {
    const { host, archive } = this.options;
    const next = host.runningConfig();
    const newest = await archive.get(0).catch(() => null);
    if (newest?.text !== renderConfig(next)) await this.keep({ who: DAEMON, next, origin });
  }
}
