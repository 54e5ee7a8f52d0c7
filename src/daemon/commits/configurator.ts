/** The life of the configuration: edits, candidates, commits and rollbacks, one at a time. */
import { join } from 'node:path';
import type { Config } from '../../api/config.js';
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
import { validateConfig } from '../../config/validate.js';
import { type Clock, systemClock } from '../base/clock.js';
import type { EventLog } from '../base/event-log.js';
import type { Log } from '../base/log.js';
import { checked, RequestError } from '../base/request-errors.js';
import { Accounting, DAEMON } from './accounting.js';
import { Archive } from './archive.js';
import { type Candidate, Candidates, DirectEdits, isDirty } from './candidates.js';
import { ChangeQueue } from './change-queue.js';
import { Guard, PendingStore } from './guard.js';
import { RecordFaults } from './record-faults.js';
import { ReloadTimer, Startup } from './startup.js';
import type { StartupFile } from './startup-file.js';
import { type ConfigurationHost, Transactions } from './transactions.js';
import { Views } from './views.js';

const NO_DIFFERENCE: ConfigDiff = { lines: [], added: 0, removed: 0 };

interface ConfiguratorOptions {
  host: ConfigurationHost;
  startupFile: Pick<StartupFile, 'file' | 'load' | 'save'>;
  /** Where archive, accounting and the record of an unconfirmed commit are kept. */
  stateFolder: string;
  events: EventLog;
  log: Log;
  /** Absent: the system's. */
  clock?: Clock;
}

export class Configurator {
  private readonly host: ConfigurationHost;
  private readonly events: EventLog;
  private readonly log: Log;
  private readonly archive: Archive;
  private readonly accounting: Accounting;
  private readonly queue: ChangeQueue;
  private readonly candidates: Candidates;
  private readonly directEdits = new DirectEdits();
  private readonly guard: Guard;
  private readonly scheduledReload: ReloadTimer;
  private readonly transactions: Transactions;
  private readonly startup: Startup;
  readonly views: Views;

  constructor({ host, startupFile, stateFolder, events, log, clock = systemClock }: ConfiguratorOptions) {
    this.host = host;
    this.events = events;
    this.log = log;
    this.archive = new Archive(join(stateFolder, 'archive'));
    const faults = new RecordFaults(events, log);
    this.accounting = new Accounting(join(stateFolder, 'accounting.log'), clock, faults);
    this.queue = new ChangeQueue(this.accounting, faults);
    this.candidates = new Candidates(clock);
    this.guard = new Guard(new PendingStore(join(stateFolder, 'pending-commit.json')), clock, {
      expired: () => void this.queue.inTurn(() => this.transactions.rollBack('was not confirmed in time')),
      reminder: (secondsLeft) => {
        events.publish({ kind: 'unconfirmed', by: this.guard.status(null)?.by.user ?? '', secondsLeft });
      },
    });
    this.scheduledReload = new ReloadTimer(clock);
    const { archive, accounting, candidates, guard } = this;
    this.transactions = new Transactions({
      host,
      events,
      archive,
      accounting,
      guard,
      candidates,
      clock,
      log,
      faults,
    });
    this.startup = new Startup({ host, file: startupFile, events, guard, transactions: this.transactions });
    this.views = new Views(host, candidates, this.startup, archive, accounting);
  }

  // --- start and end of the daemon and of connections -----------------------------------------------

  /**
   * Makes the first configuration the running one: the startup file's, or after an unconfirmed commit that from before
   * the commit. Throws when neither can run.
   */
  async start(startup: Config): Promise<void> {
    const { archive, accounting, log } = this;
    await accounting.load().catch((err) => log.warn({ err }, 'earlier accounting cannot be read'));
    const wrong = await archive
      .load()
      .catch((err: Error) => [`no archive of configurations: ${err.message}`]);
    for (const message of wrong) log.warn({}, message);
    this.startup.begin(startup);
    await this.transactions.begin(startup);
  }

  /** The daemon ends: finishes the change under way and accepts no more. */
  async stop(): Promise<void> {
    this.guard.suspend();
    this.scheduledReload.cancel();
    await this.queue.stop();
  }

  /** Numbers a new connection. */
  join(person: Omit<Who, 'session'>): Who {
    return this.queue.join(person);
  }

  /** A connection has ended: its candidate, its lock and its unconfirmed commit go with it. */
  leave(who: Who): void {
    void this.queue.inTurn(async () => {
      if (this.queue.stopped) return;
      this.queue.leave(who);
      this.candidates.close(who);
      this.endDirectEdits(who);
      if (this.guard.owns(who.session)) {
        await this.transactions.rollBack('lost the connection of its owner');
      }
    });
  }

  // --- edits ----------------------------------------------------------------------------------------

  /** Applies lines to the candidate of the connection, or to the running configuration. */
  apply(who: Who, params: ConfigApplyParams): Promise<ConfigApplyResult> {
    const { context, lines, comment = null, confirmMinutes } = params;
    const guarded = confirmMinutes === undefined ? '' : `, commit confirmed ${confirmMinutes}`;
    const action = (params.mode === 'replace' ? 'configure replace' : 'configure') + guarded;
    const change = params.checkOnly ? null : { action, context, lines, comment };
    return this.queue.run(who, change, () => this.applyNow(who, params));
  }

  private async applyNow(who: Who, params: ConfigApplyParams): Promise<ConfigApplyResult> {
    const { context, lines, mode, checkOnly } = params;
    if (mode === 'replace' && context.length > 0) {
      throw new RequestError('a whole configuration has no context', ERROR.INVALID_PARAMS);
    }
    const candidate = this.candidateOf(who, params);
    const before = candidate?.config ?? this.running;
    const edit = checked(editConfig(mode === 'replace' ? emptyConfig() : before, context, lines));
    let diff: ConfigDiff;
    if (candidate === null && !checkOnly) {
      diff = await this.changeDirectly(who, edit.config, params);
    } else {
      if (candidate === null) this.transactions.check(who, edit.config);
      diff = diffConfigs(before, edit.config);
      if (candidate !== null && !checkOnly && diff.lines.length > 0) candidate.config = edit.config;
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

  /** Without a candidate. The change is remembered in case the connection asks for a guard afterwards. */
  private async changeDirectly(
    who: Who,
    next: Config,
    { mode, comment, confirmMinutes }: ConfigApplyParams,
  ): Promise<ConfigDiff> {
    const isCommit = comment !== undefined || confirmMinutes !== undefined;
    const origin = mode === 'replace' ? 'replace' : isCommit ? 'commit' : 'terminal';
    const before = this.running;
    const diff = await this.transactions.enforce({ who, next, origin, comment, confirmMinutes });
    if (origin === 'terminal') this.directEdits.changed(who, before, this.running);
    return diff;
  }

  open(who: Who, params: ConfigOpenParams): Promise<ConfigurationState> {
    return this.queue.run(
      who,
      params.force ? { action: `configure ${params.mode} force` } : null,
      async () => {
        const candidate = this.candidates.of(who);
        if (candidate !== null && candidate.name === null && isDirty(candidate)) {
          throw new RequestError('the candidate holds uncommitted changes: commit or abort first');
        }
        this.endDirectEdits(who);
        const victim = this.candidates.open(who, params, this.running);
        if (victim !== null) this.events.publish({ kind: 'config', by: who.user, what: 'taken by force' });
        if (params.mode === 'terminal') this.directEdits.begin(who, this.running);
        return this.state(who);
      },
    );
  }

  close(who: Who): Promise<ConfigurationState> {
    return this.queue.run(who, null, async () => {
      this.candidates.close(who);
      this.endDirectEdits(who);
      return this.state(who);
    });
  }

  discard(who: Who): Promise<CandidateResult> {
    return this.queue.run(who, { action: 'discard' }, async () => {
      const candidate = this.candidates.require(who);
      candidate.base = this.running;
      candidate.config = this.running;
      return { conflicts: [], state: this.state(who) };
    });
  }

  /** Discards a named candidate that no connection has open. */
  removeCandidate(who: Who, name: string): Promise<null> {
    return this.queue.run(who, { action: `clear configuration session ${name}` }, async () => {
      this.candidates.removeNamed(name);
      return null;
    });
  }

  update(who: Who): Promise<CandidateResult> {
    return this.queue.run(who, { action: 'update' }, async () => {
      const candidate = this.candidates.require(who);
      const { config, conflicts } = mergeConfigs(candidate.base, candidate.config, this.running);
      candidate.base = this.running;
      candidate.config = config;
      return { conflicts, state: this.state(who) };
    });
  }

  // --- commits --------------------------------------------------------------------------------------

  commit(who: Who, options: CommitOptions & { checkOnly?: boolean }): Promise<CommitResult> {
    const { comment = null, confirmMinutes } = options;
    const action = confirmMinutes === undefined ? 'commit' : `commit confirmed ${confirmMinutes}`;
    return this.queue.run(who, options.checkOnly ? null : { action, comment }, () =>
      this.commitNow(who, options),
    );
  }

  private async commitNow(who: Who, options: CommitOptions & { checkOnly?: boolean }): Promise<CommitResult> {
    const candidate = this.candidateOf(who, options);
    if (candidate === null) return this.commitWithoutCandidate(who, options);
    const next = this.merged(candidate);
    const { warnings } = checked(editConfig(next, [], []));
    const diff = diffConfigs(this.running, next);
    if (options.checkOnly) {
      this.transactions.check(who, next);
      return this.committed(who, diff, false, warnings, false);
    }
    await this.transactions.enforce({ who, next, origin: 'commit', ...options });
    const confirmed = options.confirmMinutes === undefined && (await this.confirmNow(who));
    candidate.base = this.running;
    candidate.config = this.running;
    if (candidate.name !== null) this.candidates.close(who, true);
    return this.committed(who, diff, confirmed, warnings);
  }

  /** Every line is in force already; what remains is to guard, to confirm, or to add a comment. */
  private async commitWithoutCandidate(
    who: Who,
    { comment, confirmMinutes, checkOnly }: CommitOptions & { checkOnly?: boolean },
  ): Promise<CommitResult> {
    const { warnings } = editConfig(this.running, [], []);
    let confirmed = false;
    if (!checkOnly && confirmMinutes !== undefined) {
      this.transactions.checkFree(who);
      const target = this.directEdits.undone(who, this.running);
      await this.transactions.armGuard({ who, comment, confirmMinutes }, target);
    } else if (!checkOnly) {
      confirmed = await this.confirmNow(who);
    }
    if (!checkOnly && comment !== undefined) await this.transactions.comment(who, comment);
    return this.committed(who, NO_DIFFERENCE, confirmed, warnings);
  }

  /** The candidate with what others have committed since it was opened. Throws on conflicts. */
  private merged({ base, config: edited }: Candidate): Config {
    if (base === this.running) return edited;
    const { config, conflicts } = mergeConfigs(base, edited, this.running);
    if (conflicts.length === 0) return config;
    const places = conflicts.slice(0, 5).join('; ');
    throw new RequestError(`others have changed the same meanwhile: ${places}: use "update", then compare`);
  }

  confirm(who: Who): Promise<ConfigurationState> {
    return this.queue.run(who, { action: 'confirm' }, async () => {
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
    if (this.directEdits.has(who)) this.directEdits.begin(who, this.running);
    this.events.publish({ kind: 'config', by: who.user, what: 'confirmed' });
    return true;
  }

  abort(who: Who): Promise<AbortResult> {
    return this.queue.run(who, { action: 'abort' }, async () => {
      let what: AbortResult['what'] = 'nothing';
      if (this.candidates.of(who) !== null) {
        this.candidates.close(who, true);
        what = 'candidate';
      } else if (this.guard.active) {
        this.candidates.checkLock(who);
        await this.transactions.rollBack('was aborted', who);
        what = 'commit';
      }
      return { what, state: this.state(who) };
    });
  }

  rollback(who: Who, params: CommitOptions & { number: number }): Promise<CommitResult> {
    const change = { action: `rollback ${params.number}`, comment: params.comment ?? null };
    return this.queue.run(who, change, async () => {
      const candidate = this.candidateOf(who, params);
      const { config, warnings } = await this.views.readArchived(params.number);
      const diff = diffConfigs(candidate?.config ?? this.running, config);
      if (candidate !== null) candidate.config = config;
      else await this.transactions.enforce({ who, next: config, origin: 'rollback', ...params });
      return this.committed(who, diff, false, warnings, candidate === null);
    });
  }

  detach({ session }: Who): Promise<null> {
    return this.queue.inTurn(async () => {
      this.guard.detach(session);
      return null;
    });
  }

  // --- startup configuration ------------------------------------------------------------------------

  write(who: Who): Promise<ConfigWriteResult> {
    return this.queue.run(who, { action: 'write memory' }, () => this.startup.write(who));
  }

  erase(who: Who): Promise<ConfigWriteResult> {
    return this.queue.run(who, { action: 'write erase' }, () => this.startup.erase(who));
  }

  /** Makes the startup configuration the running one, at once or after `inMinutes`. */
  reload(who: Who, inMinutes: number | undefined): Promise<CommitResult> {
    const action = inMinutes === undefined ? 'reload' : `reload in ${inMinutes}`;
    return this.queue.run(who, { action }, async () => {
      const { config, warnings } = await this.startup.read();
      const diff = diffConfigs(this.running, config);
      if (inMinutes === undefined) {
        await this.startup.reload(who, config, false);
        return this.committed(who, diff, false, warnings);
      }
      this.scheduledReload.schedule(who, inMinutes, () => void this.queue.inTurn(() => this.reloadDue(who)));
      this.events.publish({ kind: 'config', by: who.user, what: 'reload scheduled' });
      return this.committed(who, diff, false, warnings, false);
    });
  }

  /** The same for SIGHUP, which has nobody to tell what went wrong but the log and the events. */
  async reloadBySignal(): Promise<void> {
    try {
      await this.reload(DAEMON, undefined);
      this.log.info({}, 'the startup configuration was loaded again');
    } catch (err) {
      this.log.error({ err }, 'the startup configuration cannot be loaded again');
      const detail = `the startup configuration cannot be loaded again: ${(err as Error).message}`;
      this.events.publish({ kind: 'warning', interface: null, peer: null, what: 'reload-failed', detail });
    }
  }

  cancelReload(who: Who): Promise<ConfigurationState> {
    return this.queue.run(who, { action: 'reload cancel' }, async () => {
      if (!this.scheduledReload.cancel()) throw new RequestError('no reload is scheduled');
      this.events.publish({ kind: 'config', by: who.user, what: 'reload cancelled' });
      return this.state(who);
    });
  }

  /** The user who asked may have left by now. */
  private async reloadDue(by: Who): Promise<void> {
    const who: Who = { ...by, session: null };
    try {
      await this.startup.reload(who, (await this.startup.read()).config, true);
      await this.accounting.record(who, { action: 'reload' }, 'done');
    } catch (err) {
      this.log.error({ err }, 'the scheduled reload failed');
      await this.accounting.record(who, { action: 'reload' }, 'refused');
    }
  }

  // --- parts ----------------------------------------------------------------------------------------

  private get running(): Config {
    return this.host.runningConfig();
  }

  /** What a connection edits, and what restricts it. */
  state(who: Who): ConfigurationState {
    const candidate = this.candidates.of(who);
    return {
      mode: candidate?.mode ?? (this.directEdits.has(who) ? 'terminal' : 'none'),
      session: candidate?.name ?? null,
      uncommitted: candidate !== null && isDirty(candidate),
      unsaved: this.startup.isUnsaved(),
      pending: this.guard.status(who.session),
      lock: this.candidates.lockStatus(),
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

  private candidateOf(who: Who, options: { candidate?: boolean }): Candidate | null {
    return options.candidate ? this.candidates.require(who) : this.candidates.of(who);
  }

  private endDirectEdits(who: Who): void {
    this.directEdits.end(who);
    this.transactions.endGrowing(who.session);
  }
}

/** Warnings that the lines caused: those about untouched parts that stood before are not repeated. */
function newWarnings(warnings: Problem[], before: Config): Problem[] {
  const known = new Set(validateConfig(before).map(({ message }) => message));
  return warnings.filter(({ line, message }) => line > 0 || !known.has(message));
}
