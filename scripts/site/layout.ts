/** The HTML around a page: navigation, search, the list of its headings. */
import type { Chapter } from './contents.js';
import type { Document } from './document.js';
import { addressFrom, outputOf } from './sources.js';

/** Longer lists of headings hide more than they show. */
const MOST_HEADINGS = 40;

export interface Surroundings {
  chapters: Chapter[];
  version: string;
}

/** A whole HTML page; `path` from the root of the project. */
export function pageOf(path: string, document: Document, { chapters, version }: Surroundings): string {
  const here = outputOf(path);
  const to = (output: string) => escaped(addressFrom(here, output));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(document.title)} · Octolink</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${to('style.css')}">
<script type="importmap">{"imports":{"minisearch":"${to('minisearch.js').replace(/^(?!\.)/, './')}"}}</script>
<script type="module" src="${to('search.js')}"></script>
</head>
<body>
<a class="skip" href="#content">Skip to the text</a>
<header>
<a class="home" href="${to('index.html')}">Octolink</a> <span class="version">${escaped(version)}</span>
<a class="pages" href="#pages">Pages</a>
<form role="search" hidden data-root="${to('index.html').replace(/index\.html$/, '')}">
<input type="search" aria-label="Search the documentation" placeholder="Search" autocomplete="off">
<ol id="results" aria-live="polite"></ol>
</form>
</header>
<main id="content">
${document.html}</main>
${headingsOf(document)}
<nav id="pages" aria-label="Pages">
${chapters.map((chapter) => chapterOf(chapter, here)).join('\n')}
</nav>
</body>
</html>
`;
}

function chapterOf({ title, pages }: Chapter, here: string): string {
  const items = pages.map(({ title: name, path }) => {
    const current = outputOf(path) === here ? ' aria-current="page"' : '';
    return `<li><a href="${escaped(addressFrom(here, outputOf(path)))}"${current}>${escaped(name)}</a></li>`;
  });
  return `<h2>${escaped(title)}</h2>\n<ul>\n${items.join('\n')}\n</ul>`;
}

function headingsOf({ sections }: Document): string {
  const headings = sections.filter(({ level }) => level === 2);
  if (headings.length < 2 || headings.length > MOST_HEADINGS) return '';
  const items = headings.map(
    ({ anchor, title }) => `<li><a href="#${escaped(anchor)}">${escaped(title)}</a></li>`,
  );
  return `<aside aria-label="On this page"><h2>On this page</h2>\n<ul>\n${items.join('\n')}\n</ul></aside>`;
}

function escaped(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/"/g, '&quot;');
}
