/** Commits that nobody confirmed are undone: when time is up, when their owner is lost, when the daemon starts. */
import type { Who } from '../../api/index.js';
import type { Backend } from '../base/errors.js';
import type { Log } from '../base/log.js';
import type { Deeds } from './change-queue.js';
import type { Guard } from './guard.js';
import type { Transactions } from './transactions.js';
import { DAEMON, nameOf } from './who.js';

export class Unconfirmed {
  constructor(
    private readonly backend: Backend,
    private readonly guard: Guard,
    private readonly transactions: Transactions,
    private readonly deeds: Deeds,
    private readonly log: Log,
  ) {}

  /**
   * Back to what ran before. When the system refuses, what runs goes on running, and it is tried again later. `why`
   * follows "a commit". Called in turn with all other changes.
   */
  async rollBack(why: string, who: Who = DAEMON): Promise<void> {
    const { backend, guard, log } = this;
    const { target } = guard;
    if (target === null) return;
    const by = guard.status(null)?.by ?? DAEMON;
    const deed = { action: `rollback: the commit of ${nameOf(by)} ${why}` };
    try {
      await this.transactions.enforce({ who, next: target, origin: 'not confirmed', force: true });
      await guard.disarm();
    } catch (err) {
      log.error({ err }, 'rolling back an unconfirmed commit failed and will be tried again');
      backend.publish({ kind: 'config', by: who.user, what: 'rollback failed' });
      guard.retryLater();
      await this.deeds.account(who, deed, 'refused');
      return;
    }
    log.warn({ by }, `a commit ${why} and is undone`);
    backend.publish({ kind: 'config', by: who.user, what: 'rolled back' });
    await this.deeds.account(who, deed, 'done');
  }

  /**
   * At the start of the daemon: puts the configuration in force from before a commit that was not confirmed when the
   * daemon ended. False when there was none, or it cannot run.
   */
  async startBefore(): Promise<boolean> {
    const { backend, guard, log } = this;
    try {
      const inherited = await guard.inherited();
      if (inherited === null) return false;
      await backend.applyConfig(inherited.target);
      log.warn({ by: inherited.by }, 'a commit was not confirmed before the daemon ended and is undone');
    } catch (err) {
      log.error({ err }, 'the configuration from before an unconfirmed commit cannot be used');
      return false;
    }
    await this.transactions.keepStart(DAEMON, 'not confirmed');
    await this.deeds.account(DAEMON, { action: 'rollback of an unconfirmed commit' }, 'done');
    return true;
  }
}
