/**
 * The life of a configuration, as the control protocol sees it: edits, candidates, commits and their confirmation,
 * the archive, the lock, and the record of who changed what.
 *
 * A connection edits what runs, each request at once, until it opens a candidate by `config.open`. From then on
 * `config.apply` and `config.rollback` of this connection edit the candidate, and `config.commit` puts it in force.
 */

import type { Config } from './config.js';
import type { Problem } from './protocol.js';

/** Entries that the archive keeps; the newest is number 0, what runs. */
export const ARCHIVE_ENTRIES = 20;
/** Longest time in minutes that a commit may wait for its confirmation, or a reload for its time. */
export const MAX_CONFIRM_MINUTES = 60;
export const MAX_RELOAD_MINUTES = 1440;
/** Longest comment of a commit, in characters. */
export const MAX_COMMENT = 255;

export interface RunningConfig {
  /** Replayable text. */
  text: string;
  config: Config;
}

export interface StartupConfig {
  file: string;
  /** null: the file does not exist. */
  text: string | null;
}

/** Who asked for something: the kernel's word on the process at the other end of the control socket. */
export interface Who {
  /** Account name; the number as text where there is no account; `octolinkd` for what the daemon does by itself. */
  user: string;
  uid: number | null;
  pid: number | null;
  /** Number of the connection; null for what the daemon does by itself, or did before it was restarted. */
  session: number | null;
}

/** What a commit may say besides what it puts in force. */
export interface CommitOptions {
  comment?: string;
  /** 1–60: undone after so many minutes unless it is confirmed. */
  confirmMinutes?: number;
  /** Meant for a candidate: refused when this connection has none, as after it was lost or taken by force. */
  candidate?: boolean;
}

export interface ConfigApplyParams extends CommitOptions {
  /** Header lines of the blocks that the lines stand in, such as `['interface octo0', 'peer osaka']`. */
  context: string[];
  lines: string[];
  /** `merge` edits what is there; `replace` makes these lines the whole configuration (context must be empty). */
  mode: 'merge' | 'replace';
  /** Nothing is put in force; the answer holds the differences. */
  checkOnly: boolean;
}

export interface ConfigApplyResult {
  changed: boolean;
  /** The context after the last line. */
  context: string[];
  /** Accepted, but probably not what was meant: a peer without a key, a link without a remote end. */
  warnings: Problem[];
  /** Lines that came and went. */
  linesAdded: number;
  linesRemoved: number;
  /** The differences as `show configuration compare` prints them; null unless `checkOnly`. */
  diff: string[] | null;
  state: ConfigurationState;
}

export interface ConfigWriteResult {
  file: string;
  bytes: number;
  /** Where the text lies that somebody else had put there since the daemon read or wrote the file; null: nobody had. */
  othersKeptAs: string | null;
}

/**
 * How a connection edits: not at all, what runs (`terminal`), or a candidate that is under the lock (`exclusive`), its
 * own (`private`), or has a name and outlives the connection (`session`).
 */
export type EditMode = 'none' | 'terminal' | 'exclusive' | 'private' | 'session';

export interface ConfigOpenParams {
  mode: Exclude<EditMode, 'none'>;
  /** Name of the candidate, for `session` alone. */
  session?: string;
  /** Takes the lock, or the named candidate, from whoever has it. */
  force?: boolean;
}

export interface LockStatus {
  holder: Who;
  heldSeconds: number;
}

/** A commit that is undone unless it is confirmed in time. */
export interface PendingCommit {
  by: Who;
  comment: string | null;
  /** Milliseconds since the epoch at which it is undone. */
  deadlineMs: number;
  secondsLeft: number;
  /** This connection asked for it; when the connection is lost before, it is undone at once. */
  own: boolean;
}

/** Where a connection stands, all that a prompt needs. */
export interface ConfigurationState {
  mode: EditMode;
  /** Name of the candidate in mode `session`. */
  session: string | null;
  /** The candidate holds changes that are not in force. */
  uncommitted: boolean;
  /** What runs differs from the startup configuration as last read or written by the daemon. */
  unsaved: boolean;
  pending: PendingCommit | null;
  lock: LockStatus | null;
  reload: ReloadStatus | null;
}

export interface ReloadStatus {
  by: Who;
  /** Milliseconds since the epoch. */
  atMs: number;
  secondsLeft: number;
}

export interface CommitResult {
  /** What runs is another configuration than before. */
  changed: boolean;
  /** A commit that had been waiting is confirmed by this. */
  confirmed: boolean;
  linesAdded: number;
  linesRemoved: number;
  warnings: Problem[];
  state: ConfigurationState;
}

export interface AbortResult {
  /** What there was to abort. */
  what: 'candidate' | 'commit' | 'nothing';
  state: ConfigurationState;
}

export interface CandidateResult {
  /** Headers of what both sides changed; the candidate's side was kept. */
  conflicts: string[];
  state: ConfigurationState;
}

/** One side of a comparison. */
export type ComparedWith = 'running' | 'startup' | number;

export interface Comparison {
  /** `running`, `startup`, `candidate` or `rollback N`. */
  from: string;
  to: string;
  changed: boolean;
  linesAdded: number;
  linesRemoved: number;
  /** Each line begins with `+`, `-`, or a blank where it only says which block the others stand in. */
  lines: string[];
}

/** How a configuration came to run. */
export type ArchiveOrigin =
  | 'start'
  | 'terminal'
  | 'commit'
  | 'replace'
  | 'rollback'
  | 'reload'
  | 'not confirmed';

export interface ArchiveEntry {
  /** What `rollback` takes: 0 is what runs, 1 what ran before it. */
  number: number;
  /** Grows with each entry and is never used again. */
  revision: number;
  /** Milliseconds since the epoch. */
  timeMs: number;
  by: Who;
  origin: ArchiveOrigin;
  comment: string | null;
}

export interface ArchivedConfig extends ArchiveEntry {
  text: string;
}

/** A candidate with a name. */
export interface NamedCandidate {
  name: string;
  /** Who opened it last. */
  by: Who;
  /** Somebody is in it now. */
  open: boolean;
  uncommitted: boolean;
}

/** One command that changed the configuration or tried to. */
export interface AccountingRecord {
  /** Milliseconds since the epoch. */
  timeMs: number;
  by: Who;
  action: string;
  /** Headers of the blocks that the lines stand in. */
  context: string[];
  /** As they were typed, keys replaced by `<removed>`; a long text by its beginning. */
  lines: string[];
  comment: string | null;
  /** What came of it. */
  outcome: 'done' | 'no change' | 'refused';
}

/** What happened to the configuration that runs. */
export type ConfigEvent =
  | 'changed'
  | 'written'
  | 'erased'
  | 'confirmed'
  | 'rolled back'
  | 'rollback failed'
  | 'reload scheduled'
  | 'reload cancelled'
  /** A candidate, from whoever had it open: their `config.state` says `none` now. */
  | 'taken by force';

type None = Record<string, never>;

/** Methods of the configuration, with their parameters and results. */
export interface ConfigurationMethods {
  'show.runningConfig': { params: None; result: RunningConfig };
  'show.startupConfig': { params: None; result: StartupConfig };
  'config.apply': { params: ConfigApplyParams; result: ConfigApplyResult };
  'config.write': { params: None; result: ConfigWriteResult };
  /** Makes the startup configuration an empty one; its text stays beside it, with `.sav` appended. */
  'config.erase': { params: None; result: ConfigWriteResult };
  'config.state': { params: None; result: ConfigurationState };
  /** Fails with `BUSY` while another one holds the lock or the named candidate. */
  'config.open': { params: ConfigOpenParams; result: ConfigurationState };
  /** Ends editing. A named candidate stays; any other is discarded. */
  'config.close': { params: None; result: ConfigurationState };
  /** The candidate of this connection, or what runs. */
  'config.candidate': { params: None; result: RunningConfig };
  /** Compares the candidate, or what runs, with something else: by default what runs, or the startup configuration. */
  'config.compare': { params: { with?: ComparedWith }; result: Comparison };
  /** Puts the candidate in force. Without one it confirms, or with `confirmMinutes` guards what is typed from now on. */
  'config.commit': { params: CommitOptions & { checkOnly?: boolean }; result: CommitResult };
  'config.confirm': { params: None; result: ConfigurationState };
  /** Discards the candidate and ends editing; without a candidate, undoes the commit that awaits confirmation. */
  'config.abort': { params: None; result: AbortResult };
  /** Makes the candidate what runs and stays in it. */
  'config.discard': { params: None; result: CandidateResult };
  /** Brings what others have committed since into the candidate. */
  'config.update': { params: None; result: CandidateResult };
  /** Loads an entry of the archive into the candidate, or without one puts it in force. */
  'config.rollback': { params: CommitOptions & { number: number }; result: CommitResult };
  /** Leaves a commit that awaits confirmation to its time: the end of this connection does not undo it. */
  'config.detach': { params: None; result: null };
  'config.archive': { params: None; result: ArchiveEntry[] };
  'config.archived': { params: { number: number }; result: ArchivedConfig };
  'config.sessions': { params: None; result: NamedCandidate[] };
  /** Discards a named candidate that nobody is in. */
  'config.removeSession': { params: { session: string }; result: null };
  /** Makes the startup configuration what runs, at once or in so many minutes. */
  'reload.start': { params: { inMinutes?: number }; result: CommitResult };
  'reload.cancel': { params: None; result: ConfigurationState };
  /** The newest last. */
  'show.accounting': { params: { last?: number }; result: AccountingRecord[] };
}
