/**
 * What each connection edits: a candidate, under the lock that keeps others from changing the running configuration,
 * or the running configuration itself, line by line.
 */

import type { Config } from '../../api/config.js';
import {
  type ConfigOpenParams,
  type EditMode,
  ERROR,
  type LockStatus,
  type NamedCandidate,
  type Who,
} from '../../api/index.js';
import { diffConfigs } from '../../config/diff.js';
import { mergeConfigs } from '../../config/merge.js';
import type { Clock } from '../base/clock.js';
import { RequestError } from '../base/request-errors.js';
import { nameOf } from './accounting.js';

/** Named candidates outlive their connections, so they need a limit. */
const MAX_NAMED = 16;

export interface Candidate {
  mode: Exclude<EditMode, 'none' | 'terminal'>;
  /** Null unless the candidate has a name. */
  name: string | null;
  by: Who;
  /** What ran when the candidate was copied from it. */
  base: Config;
  config: Config;
}

interface Lock {
  holder: Who;
  sinceMs: number;
}

export class Candidates {
  /** By number of the connection that edits it. */
  private readonly byConnection = new Map<number, Candidate>();
  private readonly byName = new Map<string, Candidate>();
  private lock: Lock | null = null;

  constructor(private readonly clock: Clock) {}

  of({ session }: Who): Candidate | null {
    return session === null ? null : (this.byConnection.get(session) ?? null);
  }

  /** Throws when the connection has none. */
  require(who: Who): Candidate {
    const candidate = this.of(who);
    if (candidate !== null) return candidate;
    throw new RequestError('the candidate is gone: it was taken by force, or the connection was lost');
  }

  lockStatus(): LockStatus | null {
    if (this.lock === null) return null;
    const heldSeconds = Math.max(0, Math.round((this.clock.now() - this.lock.sinceMs) / 1000));
    return { holder: this.lock.holder, heldSeconds };
  }

  /** Throws when another connection holds the lock. */
  checkLock(who: Who): void {
    const lock = this.lockStatus();
    if (lock === null || lock.holder.session === who.session) return;
    const minutes = Math.floor(lock.heldSeconds / 60);
    throw new RequestError(
      `configuration is locked by ${nameOf(lock.holder)} for ${minutes === 0 ? `${lock.heldSeconds} s` : `${minutes} min`}`,
      ERROR.BUSY,
    );
  }

  /**
   * Opens a candidate that starts as `running`. Throws when another connection holds it; with `force` it is taken from
   * that one, whose number is returned. Null: it was free.
   */
  open(who: Who, { mode, session: name, force }: ConfigOpenParams, running: Config): number | null {
    this.close(who);
    let victim: number | null = null;
    if (mode === 'terminal') this.checkLock(who);
    else if (mode === 'session') victim = this.openNamed(who, name ?? '', force === true, running);
    else if (mode === 'exclusive') victim = this.takeLock(who, force === true);
    if (mode === 'terminal') return null;
    if (mode !== 'session') this.enter(who, { mode, name: null, by: who, base: running, config: running });
    return victim;
  }

  /** Ends editing. A named candidate stays, unless `discard`. */
  close(who: Who, discard = false): void {
    const candidate = this.of(who);
    if (who.session !== null) this.byConnection.delete(who.session);
    if (this.lock !== null && this.lock.holder.session === who.session) this.lock = null;
    if (discard && candidate?.name) this.byName.delete(candidate.name);
  }

  named(): NamedCandidate[] {
    return [...this.byName.values()]
      .map((candidate) => ({
        name: candidate.name as string,
        by: candidate.by,
        open: this.isOpen(candidate),
        uncommitted: isDirty(candidate),
      }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Throws when there is no candidate of that name, or a connection has it open. */
  removeNamed(name: string): void {
    const candidate = this.byName.get(name);
    if (candidate === undefined) throw new RequestError(`configuration session ${name} not found`);
    if (this.isOpen(candidate)) throw heldBy(`session ${name}`, candidate.by);
    this.byName.delete(name);
  }

  private openNamed(who: Who, name: string, force: boolean, running: Config): number | null {
    const found = this.byName.get(name);
    if (found === undefined && this.byName.size >= MAX_NAMED) {
      throw new RequestError(`there are ${MAX_NAMED} configuration sessions already: commit or abort one`);
    }
    const holder = found !== undefined && this.isOpen(found) ? found.by : null;
    if (holder !== null && !force) throw heldBy(`session ${name}`, holder);
    if (holder?.session != null) this.byConnection.delete(holder.session);
    const candidate = found ?? { mode: 'session', name, by: who, base: running, config: running };
    candidate.by = who;
    this.byName.set(name, candidate);
    this.enter(who, candidate);
    return holder?.session ?? null;
  }

  private takeLock(who: Who, force: boolean): number | null {
    if (!force) this.checkLock(who);
    const victim = this.lock?.holder.session ?? null;
    if (victim !== null) this.byConnection.delete(victim);
    this.lock = { holder: who, sinceMs: this.clock.now() };
    return victim;
  }

  private enter(who: Who, candidate: Candidate): void {
    if (who.session !== null) this.byConnection.set(who.session, candidate);
  }

  private isOpen(candidate: Candidate): boolean {
    return candidate.by.session !== null && this.byConnection.get(candidate.by.session) === candidate;
  }
}

/** Whether a candidate differs from its base. */
export function isDirty({ base, config }: Candidate): boolean {
  return diffConfigs(base, config).lines.length > 0;
}

function heldBy(what: string, who: Who): RequestError {
  return new RequestError(`${what} is held by ${nameOf(who)}`, ERROR.BUSY);
}

interface DirectEdit {
  before: Config;
  after: Config;
}

/**
 * What each connection changed in the running configuration, line by line, since it began or last confirmed. When it
 * asks for a guarded commit only afterwards, this is what will be undone.
 */
export class DirectEdits {
  /** By number of the connection. */
  private readonly edits = new Map<number, DirectEdit>();

  begin({ session }: Who, running: Config): void {
    if (session !== null) this.edits.set(session, { before: running, after: running });
  }

  end({ session }: Who): void {
    if (session !== null) this.edits.delete(session);
  }

  has({ session }: Who): boolean {
    return session !== null && this.edits.has(session);
  }

  /** Notes that the connection changed `before` into `after`. */
  changed({ session }: Who, before: Config, after: Config): void {
    if (session === null) return;
    this.edits.set(session, { before: this.edits.get(session)?.before ?? before, after });
  }

  /** What would run if the connection had changed nothing. */
  undone({ session }: Who, running: Config): Config {
    const edit = session === null ? undefined : this.edits.get(session);
    return edit === undefined ? running : mergeConfigs(edit.after, edit.before, running).config;
  }
}
