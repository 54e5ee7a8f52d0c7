/** What the search of the site looks through: every section of every page. */
import MiniSearch from 'minisearch';
import type { Document } from './document.js';
import { outputOf } from './sources.js';

/** As much of a section as is searched; the tables of measurements in some pages are long. */
const SEARCHED_CHARACTERS = 2_000;

/** The index as JSON, for `MiniSearch.loadJSON` with the options of scripts/site/browser/search.ts. */
export function searchIndex(pages: Map<string, Document>): string {
  const index = new MiniSearch({ fields: ['title', 'text'], storeFields: ['title', 'page'] });
  for (const [path, { title: page, sections }] of pages)
    for (const { anchor, title, text } of sections)
      index.add({
        id: anchor === '' ? outputOf(path) : `${outputOf(path)}#${anchor}`,
        title: title || page,
        page,
        text: text.slice(0, SEARCHED_CHARACTERS),
      });
  return JSON.stringify(index);
}
