/** The life of the configuration: edits, candidates, commits and rollbacks, one at a time. */
import {
  type AbortResult,
  type CandidateResult,
  type CommitOptions,
  type CommitResult,
  type ConfigApplyParams,
  type ConfigApplyResult,
  type ConfigOpenParams,
  type ConfigurationState,
  type ConfigWriteResult,
  ERROR,
  type Problem,
  type Who,
} from '../../api/index.js';
import { type ConfigDiff, diffConfigs } from '../../config/diff.js';
import { editConfig, emptyConfig } from '../../config/edit.js';
import { mergeConfigs } from '../../config/merge.js';
import type { Config } from '../../config/model.js';
import type { Clock } from '../base/clock.js';
import { type Backend, RequestError } from '../base/errors.js';
import type { Log } from '../base/log.js';
import type { Accounting } from './accounting.js';
import type { Archive } from './archive.js';
import { Deeds } from './change-queue.js';
import { checked, newWarnings } from './checked.js';
import { type Draft, Drafts, isDirty } from './editing.js';
import { Guard } from './guard.js';
import type { PendingStore } from './pending-store.js';
import { ReloadTimer } from './reload.js';
import { Sittings } from './sittings.js';
import { Startup } from './startup.js';
import { Transactions } from './transactions.js';
import { Unconfirmed } from './unconfirmed.js';
import { Views } from './views.js';
import { DAEMON } from './who.js';

const NO_DIFFERENCE: ConfigDiff = { lines: [], added: 0, removed: 0 };

export interface ConfiguratorOptions {
  backend: Backend;
  archive: Archive;
  pending: PendingStore;
  accounting: Accounting;
  clock: Clock;
  log: Log;
}

export class Configurator {
  private readonly drafts: Drafts;
  private readonly options: ConfiguratorOptions;
  private readonly guard: Guard;
  private readonly scheduledReload: ReloadTimer;
  private readonly transactions: Transactions;
  private readonly unconfirmed: Unconfirmed;
  private readonly startup: Startup;
  private readonly deeds: Deeds;
  private readonly sittings = new Sittings();
  readonly views: Views;

  constructor(options: ConfiguratorOptions) {
    this.options = options;
    const { backend, archive, pending, accounting, clock, log } = options;
    this.deeds = new Deeds(accounting, clock, log);
    this.drafts = new Drafts(clock);
    this.guard = new Guard(pending, clock, {
      expired: () => void this.deeds.inTurn(() => this.unconfirmed.rollBack('was not confirmed in time')),
      reminder: (secondsLeft) => {
        backend.publish({ kind: 'unconfirmed', by: this.guard.status(null)?.by.user ?? '', secondsLeft });
      },
    });
    this.scheduledReload = new ReloadTimer(clock);
    this.transactions = new Transactions(backend, archive, this.guard, this.drafts, clock, log);
    this.unconfirmed = new Unconfirmed(backend, this.guard, this.transactions, this.deeds, log);
    this.startup = new Startup(backend, this.guard, this.transactions);
    this.views = new Views(backend, this.drafts, this.startup, archive, accounting);
  }

  // --- the daemon's and the connections' beginning and end ------------------------------------------

  /**
   * Puts the first configuration in force: that of the startup file, or where a commit had not been confirmed when
   * the daemon ended, the one from before that commit. Throws when neither can run.
   */
  async start(startup: Config): Promise<void> {
    const { backend, archive, accounting, log } = this.options;
    await accounting.load().catch((err) => log.warn({ err }, 'earlier accounting cannot be read'));
    const wrong = await archive
      .load()
      .catch((err: Error) => [`no archive of configurations: ${err.message}`]);
    for (const message of wrong) log.warn({}, message);
    this.startup.begin(startup);
    if (!(await this.unconfirmed.startBefore())) {
      await backend.applyConfig(startup);
      await this.transactions.keepStart(DAEMON, 'start');
    }
    await this.guard.forgetInherited().catch((err) => {
      log.error({ err }, 'the record of an unconfirmed commit cannot be removed');
    });
  }

  /** The daemon ends: what is under way is finished, and nothing more is begun. */
  async stop(): Promise<void> {
    this.guard.suspend();
    this.scheduledReload.cancel();
    await this.deeds.end();
  }

  /** A connection begins, and gets its number. */
  join(person: Omit<Who, 'session'>): Who {
    return this.deeds.join(person);
  }

  /** A connection has ended: what hangs on it goes. */
  leave(who: Who): void {
    void this.deeds.inTurn(async () => {
      if (this.deeds.ended) return;
      this.deeds.leave(who);
      this.drafts.close(who);
      this.endSitting(who);
      if (this.guard.owns(who.session)) {
        await this.unconfirmed.rollBack('lost the connection of its owner');
      }
    });
  }

  // --- edits ----------------------------------------------------------------------------------------

  /** Applies lines to the candidate of the connection, or to what runs. */
  apply(who: Who, params: ConfigApplyParams): Promise<ConfigApplyResult> {
    const { context, lines, comment = null, confirmMinutes } = params;
    const guarded = confirmMinutes === undefined ? '' : `, commit confirmed ${confirmMinutes}`;
    const action = (params.mode === 'replace' ? 'configure replace' : 'configure') + guarded;
    const deed = params.checkOnly ? null : { action, context, lines, comment };
    return this.deeds.run(who, deed, () => this.applyNow(who, params));
  }

  private async applyNow(who: Who, params: ConfigApplyParams): Promise<ConfigApplyResult> {
    const { context, lines, mode, checkOnly } = params;
    if (mode === 'replace' && context.length > 0) {
      throw new RequestError('a whole configuration has no context', ERROR.INVALID_PARAMS);
    }
    const draft = this.draftOf(who, params);
    const before = draft?.candidate ?? this.running;
    const edit = checked(editConfig(mode === 'replace' ? emptyConfig() : before, context, lines));
    let diff: ConfigDiff;
    if (draft === null && !checkOnly) {
      diff = await this.changeDirectly(who, edit.config, params);
    } else {
      diff = diffConfigs(before, edit.config);
      if (draft !== null && !checkOnly && diff.lines.length > 0) draft.candidate = edit.config;
    }
    return {
      changed: diff.lines.length > 0,
      context: edit.context,
      warnings: newWarnings(edit.warnings, before),
      linesAdded: diff.added,
      linesRemoved: diff.removed,
      diff: checkOnly ? diff.lines : null,
      state: this.state(who),
    };
  }

  /** Without a candidate. What the connection changed is remembered, should it ask for a guard only afterwards. */
  private async changeDirectly(
    who: Who,
    next: Config,
    { mode, comment, confirmMinutes }: ConfigApplyParams,
  ): Promise<ConfigDiff> {
    const isCommit = comment !== undefined || confirmMinutes !== undefined;
    const origin = mode === 'replace' ? 'replace' : isCommit ? 'commit' : 'terminal';
    const before = this.running;
    const diff = await this.transactions.enforce({ who, next, origin, comment, confirmMinutes });
    if (origin === 'terminal') this.sittings.changed(who, before, this.running);
    return diff;
  }

  open(who: Who, params: ConfigOpenParams): Promise<ConfigurationState> {
    return this.deeds.run(
      who,
      params.force ? { action: `configure ${params.mode} force` } : null,
      async () => {
        const draft = this.drafts.of(who);
        if (draft !== null && draft.name === null && isDirty(draft)) {
          throw new RequestError('the candidate holds uncommitted changes: commit or abort first');
        }
        this.endSitting(who);
        this.drafts.open(who, params, this.running);
        if (params.mode === 'terminal') this.sittings.begin(who, this.running);
        return this.state(who);
      },
    );
  }

  close(who: Who): Promise<ConfigurationState> {
    return this.deeds.run(who, null, async () => {
      this.drafts.close(who);
      this.endSitting(who);
      return this.state(who);
    });
  }

  discard(who: Who): Promise<CandidateResult> {
    return this.deeds.run(who, { action: 'discard' }, async () => {
      const draft = this.drafts.require(who);
      draft.base = this.running;
      draft.candidate = this.running;
      return { conflicts: [], state: this.state(who) };
    });
  }

  /** Discards a named candidate that nobody is in. */
  removeSession(who: Who, session: string): Promise<null> {
    return this.deeds.run(who, { action: `clear configuration session ${session}` }, async () => {
      this.drafts.removeNamed(session);
      return null;
    });
  }

  update(who: Who): Promise<CandidateResult> {
    return this.deeds.run(who, { action: 'update' }, async () => {
      const draft = this.drafts.require(who);
      const { config, conflicts } = mergeConfigs(draft.base, draft.candidate, this.running);
      draft.base = this.running;
      draft.candidate = config;
      return { conflicts, state: this.state(who) };
    });
  }

  // --- commits --------------------------------------------------------------------------------------

  commit(who: Who, options: CommitOptions & { checkOnly?: boolean }): Promise<CommitResult> {
    const { comment = null, confirmMinutes } = options;
    const action = confirmMinutes === undefined ? 'commit' : `commit confirmed ${confirmMinutes}`;
    return this.deeds.run(who, options.checkOnly ? null : { action, comment }, () =>
      this.commitNow(who, options),
    );
  }

  private async commitNow(who: Who, options: CommitOptions & { checkOnly?: boolean }): Promise<CommitResult> {
    const draft = this.draftOf(who, options);
    if (draft === null) return this.commitWithoutCandidate(who, options);
    const next = this.merged(draft);
    const { warnings } = checked(editConfig(next, [], []));
    const diff = diffConfigs(this.running, next);
    if (options.checkOnly) return this.committed(who, diff, false, warnings, false);
    await this.transactions.enforce({ who, next, origin: 'commit', ...options });
    const confirmed = options.confirmMinutes === undefined && (await this.confirmNow(who));
    draft.base = this.running;
    draft.candidate = this.running;
    if (draft.name !== null) this.drafts.close(who, true);
    return this.committed(who, diff, confirmed, warnings);
  }

  /** Every line is in force already: what is left is to guard them, to confirm them, or to give them a comment. */
  private async commitWithoutCandidate(
    who: Who,
    { comment, confirmMinutes, checkOnly }: CommitOptions & { checkOnly?: boolean },
  ): Promise<CommitResult> {
    const { warnings } = editConfig(this.running, [], []);
    let confirmed = false;
    if (!checkOnly && confirmMinutes !== undefined) {
      this.transactions.checkFree(who);
      const target = this.sittings.undone(who, this.running);
      await this.transactions.armGuard({ who, comment, confirmMinutes }, target);
    } else if (!checkOnly) {
      confirmed = await this.confirmNow(who);
    }
    if (!checkOnly && comment !== undefined) await this.transactions.comment(who, comment);
    return this.committed(who, NO_DIFFERENCE, confirmed, warnings);
  }

  /** The candidate with what others have committed since it was taken. Throws when they changed the same. */
  private merged({ base, candidate }: Draft): Config {
    if (base === this.running) return candidate;
    const { config, conflicts } = mergeConfigs(base, candidate, this.running);
    if (conflicts.length === 0) return config;
    const places = conflicts.slice(0, 5).join('; ');
    throw new RequestError(`others have changed the same meanwhile: ${places}: use "update", then compare`);
  }

  confirm(who: Who): Promise<ConfigurationState> {
    return this.deeds.run(who, { action: 'confirm' }, async () => {
      if (!(await this.confirmNow(who))) throw new RequestError('no commit awaits confirmation');
      return this.state(who);
    });
  }

  private async confirmNow(who: Who): Promise<boolean> {
    if (!this.guard.active) return false;
    try {
      await this.guard.disarm();
    } catch (error) {
      throw new RequestError(`the confirmation cannot be recorded: ${(error as Error).message}`);
    }
    this.transactions.endGrowing(who.session);
    if (this.sittings.has(who)) this.sittings.begin(who, this.running);
    this.options.backend.publish({ kind: 'config', by: who.user, what: 'confirmed' });
    return true;
  }

  abort(who: Who): Promise<AbortResult> {
    return this.deeds.run(who, { action: 'abort' }, async () => {
      let what: AbortResult['what'] = 'nothing';
      if (this.drafts.of(who) !== null) {
        this.drafts.close(who, true);
        what = 'candidate';
      } else if (this.guard.active) {
        this.drafts.checkLock(who);
        await this.unconfirmed.rollBack('was aborted', who);
        what = 'commit';
      }
      return { what, state: this.state(who) };
    });
  }

  rollback(who: Who, params: CommitOptions & { number: number }): Promise<CommitResult> {
    const deed = { action: `rollback ${params.number}`, comment: params.comment ?? null };
    return this.deeds.run(who, deed, async () => {
      const draft = this.draftOf(who, params);
      const { config, warnings } = await this.views.readArchived(params.number);
      const diff = diffConfigs(draft?.candidate ?? this.running, config);
      if (draft !== null) draft.candidate = config;
      else await this.transactions.enforce({ who, next: config, origin: 'rollback', ...params });
      return this.committed(who, diff, false, warnings, draft === null);
    });
  }

  detach({ session }: Who): Promise<null> {
    return this.deeds.inTurn(async () => {
      this.guard.detach(session);
      return null;
    });
  }

  // --- startup configuration ------------------------------------------------------------------------

  write(who: Who): Promise<ConfigWriteResult> {
    return this.deeds.run(who, { action: 'write memory' }, () => this.startup.write(who));
  }

  /** Makes the startup configuration what runs, at once or in so many minutes. */
  reload(who: Who, inMinutes: number | undefined): Promise<CommitResult> {
    const action = inMinutes === undefined ? 'reload' : `reload in ${inMinutes}`;
    return this.deeds.run(who, { action }, async () => {
      const { config, warnings } = await this.startup.read();
      const diff = diffConfigs(this.running, config);
      if (inMinutes === undefined) {
        await this.startup.reload(who, config, false);
        return this.committed(who, diff, false, warnings);
      }
      this.scheduledReload.schedule(who, inMinutes, () => void this.deeds.inTurn(() => this.reloadDue(who)));
      this.options.backend.publish({ kind: 'config', by: who.user, what: 'reload scheduled' });
      return this.committed(who, diff, false, warnings, false);
    });
  }

  cancelReload(who: Who): Promise<ConfigurationState> {
    return this.deeds.run(who, { action: 'reload cancel' }, async () => {
      if (!this.scheduledReload.cancel()) throw new RequestError('no reload is scheduled');
      this.options.backend.publish({ kind: 'config', by: who.user, what: 'reload cancelled' });
      return this.state(who);
    });
  }

  /** The one who asked may be gone by now. */
  private async reloadDue(by: Who): Promise<void> {
    const who: Who = { ...by, session: null };
    try {
      await this.startup.reload(who, (await this.startup.read()).config, true);
      await this.deeds.account(who, { action: 'reload' }, 'done');
    } catch (err) {
      this.options.log.error({ err }, 'the scheduled reload failed');
      await this.deeds.account(who, { action: 'reload' }, 'refused');
    }
  }

  // --- parts ----------------------------------------------------------------------------------------

  private get running(): Config {
    return this.options.backend.runningConfig();
  }

  /** Where a connection stands. */
  state(who: Who): ConfigurationState {
    const draft = this.drafts.of(who);
    return {
      mode: draft?.mode ?? (this.sittings.has(who) ? 'terminal' : 'none'),
      session: draft?.name ?? null,
      uncommitted: draft !== null && isDirty(draft),
      unsaved: this.startup.isUnsaved(),
      pending: this.guard.status(who.session),
      lock: this.drafts.lockStatus(),
      reload: this.scheduledReload.status(),
    };
  }

  private committed(
    who: Who,
    diff: ConfigDiff,
    confirmed: boolean,
    warnings: Problem[],
    inForce = true,
  ): CommitResult {
    return {
      changed: inForce && diff.lines.length > 0,
      confirmed,
      linesAdded: diff.added,
      linesRemoved: diff.removed,
      warnings,
      state: this.state(who),
    };
  }

  private draftOf(who: Who, { candidate }: { candidate?: boolean }): Draft | null {
    return candidate ? this.drafts.require(who) : this.drafts.of(who);
  }

  private endSitting(who: Who): void {
    this.sittings.end(who);
    this.transactions.endGrowing(who.session);
  }
}
