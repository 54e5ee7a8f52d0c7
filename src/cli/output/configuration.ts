/** The life of a configuration as text. */
import type {
  AccountingRecord,
  ArchiveEntry,
  CommitResult,
  Comparison,
  ConfigurationState,
  NamedCandidate,
  Problem,
  Who,
} from '../../api/index.js';
import { duration, orDash, plural } from './format.js';
import { type Column, foldLine, TEXT_WIDTH, table } from './table.js';

/** What came of a commit, a rollback or a replacement. */
export function commitText(result: Omit<CommitResult, 'warnings'>): string[] {
  const { changed, confirmed, linesAdded, linesRemoved, state } = result;
  const said: string[] = [];
  if (changed) said.push(`Committed: ${plural(linesAdded, 'line')} added, ${linesRemoved} removed.`);
  if (confirmed) said.push('Confirmed.');
  const remarks = stateRemarks(state);
  return said.length + remarks.length === 0 ? ['% No changes.'] : [...said, ...remarks];
}

/** What hangs over the configuration. */
export function stateRemarks({ pending, reload }: ConfigurationState): string[] {
  return [
    ...(pending === null
      ? []
      : [
          `Will roll back at ${timeOfDay(pending.deadlineMs)}, in ${duration(pending.secondsLeft)}, unless you type "confirm".`,
        ]),
    ...(reload === null
      ? []
      : [
          `Will reload at ${timeOfDay(reload.atMs)}, in ${duration(reload.secondsLeft)}, unless you type "reload cancel".`,
        ]),
  ];
}

export function warningLines(warnings: readonly Problem[]): string[] {
  return warnings.map(({ message }) => `% Warning: ${message}`);
}

export function configurationText({ text }: { text: string }): string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}

export function comparisonText({ changed, lines, from, to }: Comparison): string[] {
  return changed ? lines : [`No differences between ${from} and ${to}.`];
}

const ARCHIVE_COLUMNS: Column<ArchiveEntry>[] = [
  { title: 'No', cell: (entry) => String(entry.number), align: 'right' },
  { title: 'Time', cell: (entry) => timestamp(entry.timeMs) },
  { title: 'User', cell: (entry) => entry.by.user, shrinkTo: 8 },
  { title: 'By', cell: (entry) => entry.origin },
  { title: 'Comment', cell: (entry) => entry.comment ?? '', shrinkTo: 20, folds: true },
];

export function archiveText(entries: ArchiveEntry[]): string[] {
  return table(ARCHIVE_COLUMNS, entries, 'The archive is empty.');
}

const SESSION_COLUMNS: Column<NamedCandidate>[] = [
  { title: 'Session', cell: (candidate) => candidate.name, shrinkTo: 16 },
  { title: 'User', cell: (candidate) => candidate.by.user, shrinkTo: 8 },
  { title: 'State', cell: (candidate) => (candidate.open ? 'open' : 'detached') },
  { title: 'Changes', cell: (candidate) => (candidate.uncommitted ? 'uncommitted' : 'none') },
];

export function sessionsText(candidates: NamedCandidate[]): string[] {
  return table(SESSION_COLUMNS, candidates, 'No configuration sessions.');
}

export function lockText({ lock, pending }: ConfigurationState): string[] {
  return [
    lock === null
      ? 'The configuration is not locked.'
      : `The configuration is locked by ${named(lock.holder)}, for ${duration(lock.heldSeconds)}.`,
    ...(pending === null
      ? []
      : [
          `A commit by ${named(pending.by)} awaits confirmation and will roll back in ${duration(pending.secondsLeft)}.`,
        ]),
  ].flatMap((line) => foldLine(line, TEXT_WIDTH));
}

export function reloadText({ reload }: ConfigurationState): string[] {
  if (reload === null) return ['No reload is scheduled.'];
  const line = `Reload at ${timestamp(reload.atMs)}, in ${duration(reload.secondsLeft)}, requested by ${named(reload.by)}.`;
  return foldLine(line, TEXT_WIDTH);
}

/** A head line for each command, its lines below it. */
export function accountingText(records: AccountingRecord[]): string[] {
  if (records.length === 0) return ['No commands on record.'];
  return records.flatMap(({ timeMs, by, action, context, lines, comment, outcome }) => [
    `${timestamp(timeMs)} ${by.user} (uid ${orDash(by.uid)}, pid ${orDash(by.pid)}) ${action}` +
      `${comment === null ? '' : ` comment ${comment}`}: ${outcome}`,
    ...[...context, ...lines].map(
      (line, depth) => `${' '.repeat(Math.min(depth, context.length) + 1)} ${line.trim()}`,
    ),
  ]);
}

function named({ user, session, pid }: Who): string {
  const place = session === null ? '' : ` on connection ${session}`;
  return `user ${user}${place}${pid === null ? '' : ` (process ${pid})`}`;
}

/** Local time, as `2026-11-23 04:12:55`. */
function timestamp(ms: number): string {
  const date = new Date(ms);
  const two = (part: number) => String(part).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${timeOfDay(ms)}`;
}

function timeOfDay(ms: number): string {
  const date = new Date(ms);
  return [date.getHours(), date.getMinutes(), date.getSeconds()]
    .map((part) => String(part).padStart(2, '0'))
    .join(':');
}
