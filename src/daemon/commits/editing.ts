/** Candidate configurations, and the lock that keeps all but one from changing what runs. */
import {
  type ConfigOpenParams,
  type EditMode,
  ERROR,
  type LockStatus,
  type NamedCandidate,
  type Who,
} from '../../api/index.js';
import { diffConfigs } from '../../config/diff.js';
import type { Config } from '../../config/model.js';
import type { Clock } from '../base/clock.js';
import { RequestError } from '../base/errors.js';
import { nameOf } from './who.js';

/** Named candidates outlive their connections, so that somebody has to count them. */
const MAX_NAMED = 16;

export interface Draft {
  mode: Exclude<EditMode, 'none' | 'terminal'>;
  /** Null unless the candidate has a name. */
  name: string | null;
  by: Who;
  /** What ran when the candidate was taken from it. */
  base: Config;
  candidate: Config;
}

interface Lock {
  holder: Who;
  sinceMs: number;
}

export class Drafts {
  /** By number of the connection that is in it. */
  private readonly byConnection = new Map<number, Draft>();
  private readonly byName = new Map<string, Draft>();
  private lock: Lock | null = null;

  constructor(private readonly clock: Clock) {}

  of({ session }: Who): Draft | null {
    return session === null ? null : (this.byConnection.get(session) ?? null);
  }

  /** Throws when the connection has none. */
  require(who: Who): Draft {
    const draft = this.of(who);
    if (draft !== null) return draft;
    throw new RequestError('the candidate is gone: it was taken by force, or the connection was lost');
  }

  lockStatus(): LockStatus | null {
    if (this.lock === null) return null;
    const heldSeconds = Math.max(0, Math.round((this.clock.now() - this.lock.sinceMs) / 1000));
    return { holder: this.lock.holder, heldSeconds };
  }

  /** Throws when another one holds the lock. */
  checkLock(who: Who): void {
    const lock = this.lockStatus();
    if (lock === null || lock.holder.session === who.session) return;
    const minutes = Math.floor(lock.heldSeconds / 60);
    throw new RequestError(
      `configuration is locked by ${nameOf(lock.holder)} for ${minutes === 0 ? `${lock.heldSeconds} s` : `${minutes} min`}`,
      ERROR.BUSY,
    );
  }

  /** Opens a candidate that starts as `running`. Throws when it is held by another one. */
  open(who: Who, { mode, session: name, force }: ConfigOpenParams, running: Config): void {
    this.close(who);
    if (mode === 'terminal') return this.checkLock(who);
    if (mode === 'session') this.openNamed(who, name ?? '', force === true, running);
    else if (mode === 'exclusive') this.takeLock(who, force === true);
    if (mode !== 'session') this.enter(who, { mode, name: null, by: who, base: running, candidate: running });
  }

  /** Ends editing. A named candidate stays, unless `discard`. */
  close(who: Who, discard = false): void {
    const draft = this.of(who);
    if (who.session !== null) this.byConnection.delete(who.session);
    if (this.lock !== null && this.lock.holder.session === who.session) this.lock = null;
    if (discard && draft?.name) this.byName.delete(draft.name);
  }

  named(): NamedCandidate[] {
    return [...this.byName.values()]
      .map((draft) => ({
        name: draft.name as string,
        by: draft.by,
        open: this.isOpen(draft),
        uncommitted: isDirty(draft),
      }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Throws when there is none of that name, or somebody is in it. */
  removeNamed(name: string): void {
    const draft = this.byName.get(name);
    if (draft === undefined) throw new RequestError(`configuration session ${name} not found`);
    if (this.isOpen(draft)) throw heldBy(`session ${name}`, draft.by);
    this.byName.delete(name);
  }

  private openNamed(who: Who, name: string, force: boolean, running: Config): void {
    const found = this.byName.get(name);
    if (found === undefined && this.byName.size >= MAX_NAMED) {
      throw new RequestError(`there are ${MAX_NAMED} configuration sessions already: commit or abort one`);
    }
    if (found !== undefined && this.isOpen(found)) {
      if (!force) throw heldBy(`session ${name}`, found.by);
      if (found.by.session !== null) this.byConnection.delete(found.by.session);
    }
    const draft = found ?? { mode: 'session', name, by: who, base: running, candidate: running };
    draft.by = who;
    this.byName.set(name, draft);
    this.enter(who, draft);
  }

  private takeLock(who: Who, force: boolean): void {
    if (!force) this.checkLock(who);
    const previous = this.lock?.holder.session ?? null;
    if (previous !== null && previous !== who.session) this.byConnection.delete(previous);
    this.lock = { holder: who, sinceMs: this.clock.now() };
  }

  private enter(who: Who, draft: Draft): void {
    if (who.session !== null) this.byConnection.set(who.session, draft);
  }

  private isOpen(draft: Draft): boolean {
    return draft.by.session !== null && this.byConnection.get(draft.by.session) === draft;
  }
}

/** Whether a candidate holds anything that its base does not. */
export function isDirty({ base, candidate }: Draft): boolean {
  return diffConfigs(base, candidate).lines.length > 0;
}

function heldBy(what: string, who: Who): RequestError {
  return new RequestError(`${what} is held by ${nameOf(who)}`, ERROR.BUSY);
}
