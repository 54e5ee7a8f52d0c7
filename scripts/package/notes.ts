/** Changelog and release notes, from the subjects of commits. */
import { run } from '../lab/run.js';
import type { ReleaseFacts } from './facts.js';

/** Commits of a release, by the part that they change. */
export interface Change {
  part: string;
  what: string;
}

/** What users do not see: it is in the history, and stays out of the notes. */
const INWARD = new Set([
  'test',
  'bench',
  'house',
  'src',
  'lint',
  'ci',
  'grid',
  'findings',
  'changelog',
  'sim',
]);
const FORM = /^([a-z][a-z0-9 ,/-]{0,40}): (\S.*)$/;

/** Splits `switch: hold the newer port of a loop`; null for merges and for what users do not see. */
export function changeOf(subject: string): Change | null {
  const found = FORM.exec(subject);
  if (found === null) return null;
  const [, part, what] = found;
  return part.split(', ').every((word) => INWARD.has(word)) ? null : { part, what };
}

/** Changes from the tag `before`, or from the beginning, up to `until`; newest first. */
export async function changesSince(root: string, before: string | null, until = 'HEAD'): Promise<Change[]> {
  const range = before === null ? until : `${before}..${until}`;
  const subjects = await run('git', ['-C', root, 'log', '--no-merges', '--format=%s', range]);
  return subjects
    .split('\n')
    .map(changeOf)
    .filter((change) => change !== null);
}

/** Tags of versions in the history of HEAD, the newest first: `v0.2.0`, `v0.1.0`. */
export async function versionTags(root: string): Promise<string[]> {
  const words = ['tag', '--merged', 'HEAD', '--sort=-version:refname', '--list', 'v[0-9]*'];
  const tags = await run('git', ['-C', root, ...words]);
  return tags.split('\n').filter((tag) => tag !== '');
}

/** The newest version tag that is not the one of HEAD itself. */
export async function previousTag(root: string, { version }: ReleaseFacts): Promise<string | null> {
  return (await versionTags(root)).find((tag) => tag !== `v${version}`) ?? null;
}

/** One section of CHANGELOG.md: `when` is a day, or says that there was none yet. */
export function notesOf(version: string, when: string, changes: readonly Change[]): string {
  const byPart = new Map<string, string[]>();
  for (const { part, what } of changes) byPart.set(part, [...(byPart.get(part) ?? []), what]);
  const parts = [...byPart].sort(([a], [b]) => (a < b ? -1 : 1));
  const sections = parts.map(([part, lines]) =>
    [`### ${part}`, '', ...lines.map((line) => `- ${line}`), ''].join('\n'),
  );
  return [`## ${version} (${when})`, '', ...sections].join('\n');
}

/** CHANGELOG.md: a section for each tag, and one for what no tag has yet. */
export async function changelogOf(root: string, version: string): Promise<string> {
  const tags = await versionTags(root);
  const head = `v${version}`;
  const ends = tags.includes(head) ? tags : [head, ...tags];
  const sections: string[] = [];
  for (const [index, tag] of ends.entries()) {
    const isTag = tags.includes(tag);
    const until = isTag ? tag : 'HEAD';
    const when = isTag
      ? (await run('git', ['-C', root, 'log', '-1', '--format=%cs', tag])).trim()
      : 'not released yet';
    const changes = await changesSince(root, ends[index + 1] ?? null, until);
    sections.push(notesOf(tag.slice(1), when, changes));
  }
  const title = '# Changes\n\n<!-- Written by "npm run changelog" from tags and commits; do not edit. -->\n';
  return [title, ...sections].join('\n');
}

/** The same for Debian: one entry, which says where the changes are listed. */
export function debianChangelog({ version, epoch }: ReleaseFacts, maintainer: string): string {
  const date = new Date(epoch * 1000).toUTCString().replace('GMT', '+0000');
  const where = '/usr/share/doc/octolink/NEWS.md.gz';
  return `octolink (${version}) unstable; urgency=medium\n\n  * Release ${version}; ${where} lists its changes.\n\n -- ${maintainer}  ${date}\n`;
}
