/** Which pages of the project make the site, and where each goes. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const PAGE_FOLDERS = ['docs', 'examples', 'findings'];
const PAGES_OF_ROOT = ['ARCHITECTURE.md', 'SECURITY.md', 'CONTRIBUTING.md'];
/** The page that lists the others; the front page of the site. */
export const CONTENTS = 'docs/README.md';

/** Paths of all pages, from the root of the project. */
export function pagePaths(): string[] {
  const inFolders = PAGE_FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((path) => join(folder, path)),
  );
  return [...inFolders.filter((path) => path.endsWith('.md')), ...PAGES_OF_ROOT].sort();
}

export function textOf(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** Where a page or a file beside the pages goes, from the root of the site. */
export function outputOf(path: string): string {
  const place = path.startsWith('docs/') ? path.slice('docs/'.length) : path;
  return place.replace(/(^|\/)README\.md$/, '$1index.html').replace(/\.md$/, '.html');
}

export type Target =
  | { kind: 'elsewhere' }
  | { kind: 'page'; path: string; anchor: string }
  | { kind: 'file' | 'folder' | 'missing'; path: string };

/** What a link on `page` leads to. README.md of the root stands for the front page; a folder for its README.md, if there is one. */
export function targetOf(page: string, link: string): Target {
  if (/^[a-z]+:/.test(link)) return { kind: 'elsewhere' };
  const [place, anchor = ''] = link.split('#');
  const path = place === '' ? page : normalize(join(dirname(page), place)).replace(/\/$/, '');
  if (path === 'README.md') return { kind: 'page', path: CONTENTS, anchor: '' };
  if (!existsSync(join(ROOT, path))) return { kind: 'missing', path };
  if (!statSync(join(ROOT, path)).isDirectory())
    return pagePaths().includes(path) ? { kind: 'page', path, anchor } : { kind: 'file', path };
  const readme = join(path, 'README.md');
  return pagePaths().includes(readme) ? { kind: 'page', path: readme, anchor } : { kind: 'folder', path };
}

/** The address of `output` as written on the page at `from`; both from the root of the site. */
export function addressFrom(from: string, output: string): string {
  return relative(dirname(from), output) || '.';
}
