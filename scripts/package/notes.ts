/** Changelog and release notes, from the subjects of commits. */
import { run } from '../lab/run.js';
import { dayOf, type ReleaseFacts } from './facts.js';

/** Commits of a release, by the part that they change. */
export interface Change {
  part: string;
  what: string;
}

/** What users do not see: it is in the history, and stays out of the notes. */
const INWARD = new Set(['test', 'bench', 'house', 'src', 'lint', 'ci', 'grid', 'findings']);
const FORM = /^([a-z][a-z0-9 ,/-]{0,40}): (\S.*)$/;

/** Splits `switch: hold the newer port of a loop`; null for merges and for what users do not see. */
export function changeOf(subject: string): Change | null {
  const found = FORM.exec(subject);
  if (found === null) return null;
  const [, part, what] = found;
  return part.split(', ').every((word) => INWARD.has(word)) ? null : { part, what };
}

/** Changes since the tag before `ref`, or since the beginning, newest first. */
export async function changesSince(root: string, before: string | null): Promise<Change[]> {
  const range = before === null ? 'HEAD' : `${before}..HEAD`;
  const subjects = await run('git', ['-C', root, 'log', '--no-merges', '--format=%s', range]);
  return subjects
    .split('\n')
    .map(changeOf)
    .filter((change) => change !== null);
}

/** The newest version tag that is not the one of HEAD itself: `v0.1.0`. */
export async function previousTag(root: string, { version }: ReleaseFacts): Promise<string | null> {
  const tags = await run('git', [
    '-C',
    root,
    'tag',
    '--merged',
    'HEAD',
    '--sort=-version:refname',
    '--list',
    'v*',
  ]);
  return tags.split('\n').find((tag) => tag !== '' && tag !== `v${version}`) ?? null;
}

/** One section of CHANGELOG.md. */
export function notesOf(facts: ReleaseFacts, changes: readonly Change[]): string {
  const byPart = new Map<string, string[]>();
  for (const { part, what } of changes) byPart.set(part, [...(byPart.get(part) ?? []), what]);
  const parts = [...byPart].sort(([a], [b]) => (a < b ? -1 : 1));
  const sections = parts.map(([part, lines]) =>
    [`### ${part}`, '', ...lines.map((line) => `- ${line}`), ''].join('\n'),
  );
  return [`## ${facts.version} (${dayOf(facts)})`, '', ...sections].join('\n');
}

/** The same for Debian: one entry, which says where the changes are listed. */
export function debianChangelog({ version, epoch }: ReleaseFacts, maintainer: string): string {
  const date = new Date(epoch * 1000).toUTCString().replace('GMT', '+0000');
  const where = '/usr/share/doc/octolink/NEWS.md.gz';
  return `octolink (${version}) unstable; urgency=medium\n\n  * Release ${version}; ${where} lists its changes.\n\n -- ${maintainer}  ${date}\n`;
}
