/** All pages with their links resolved, and what is wrong with those links. */
import { type Document, render } from './document.js';
import { addressFrom, outputOf, pagePaths, targetOf, textOf } from './sources.js';

export interface Site {
  /** By the path from the root of the project. */
  pages: Map<string, Document>;
  /** Files that pages link to or show, by the path from the root of the project. */
  files: Set<string>;
  /** One line a link that leads nowhere. */
  problems: string[];
}

export function readSite(): Site {
  const files = new Set<string>();
  const pages = new Map(
    pagePaths().map((path) => [path, render(textOf(path), (link) => resolve(path, link, files))] as const),
  );
  return {
    pages,
    files,
    problems: [...pages].flatMap(([path, { links }]) => problemsOf(path, links, pages)),
  };
}

function resolve(page: string, link: string, files: Set<string>): string {
  const target = targetOf(page, link);
  if (target.kind === 'page') {
    const address = addressFrom(outputOf(page), outputOf(target.path));
    return target.anchor === '' ? address : `${address}#${target.anchor}`;
  }
  if (target.kind !== 'file') return link;
  files.add(target.path);
  return addressFrom(outputOf(page), outputOf(target.path));
}

function problemsOf(page: string, links: string[], pages: Map<string, Document>): string[] {
  return links.flatMap((link) => {
    const target = targetOf(page, link);
    if (target.kind === 'missing') return [`${page}: no file ${target.path}`];
    if (target.kind === 'folder') return [`${page}: ${target.path} is a folder without a page`];
    if (target.kind !== 'page' || target.anchor === '') return [];
    const isThere = pages.get(target.path)?.sections.some(({ anchor }) => anchor === target.anchor);
    return isThere ? [] : [`${page}: no heading #${target.anchor} in ${target.path}`];
  });
}
