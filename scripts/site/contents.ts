/** The order of the site: the lists of docs/README.md, which is its table of contents in the repository too. */
export interface Chapter {
  title: string;
  pages: { title: string /** From the root of the project. */; path: string }[];
}

/** Chapters are headings of the second level, their pages the items of the lists below them that begin with a link. */
export function chaptersOf(source: string): Chapter[] {
  return source
    .split(/^## /m)
    .slice(1)
    .map((part) => ({
      title: part.slice(0, part.indexOf('\n')).trim(),
      pages: [...part.matchAll(/^- \[([^\]]+)\]\(([^)#]+)\)/gm)].map(([, title, target]) => ({
        title,
        path: target.startsWith('../') ? target.slice(3) : `docs/${target}`,
      })),
    }));
}
