/** Writes the documentation as a static site, after its links were checked. */
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { chaptersOf } from './contents.js';
import { pageOf } from './layout.js';
import { searchIndex } from './search-index.js';
import { readSite, type Site } from './site.js';
import { CONTENTS, outputOf, textOf } from './sources.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
export const HELP = `usage: npm run site [-- --out FOLDER | --check]

Writes the documentation as HTML into FOLDER (build/site), which it empties first.

  --check   only check that every link inside the documentation leads somewhere
`;

/** Returns the exit status. */
export function main(args: string[]): number {
  const { values } = parseArgs({
    args,
    options: {
      out: { type: 'string', default: join(ROOT, 'build/site') },
      check: { type: 'boolean', default: false },
    },
  });
  const site = readSite();
  for (const problem of site.problems) console.error(problem);
  if (site.problems.length > 0) return 1;
  if (!values.check) write(site, values.out);
  console.log(
    `${site.pages.size} pages, every link leads somewhere${values.check ? '' : `: ${join(values.out, 'index.html')}`}`,
  );
  return 0;
}

function write(site: Site, folder: string): void {
  const put = (output: string, text: string) => {
    mkdirSync(dirname(join(folder, output)), { recursive: true });
    writeFileSync(join(folder, output), text);
  };
  rmSync(folder, { recursive: true, force: true });
  const chapters = chaptersOf(textOf(CONTENTS));
  const { version } = JSON.parse(textOf('package.json')) as { version: string };
  for (const [path, document] of site.pages)
    put(outputOf(path), pageOf(path, document, { chapters, version }));
  for (const path of site.files) {
    mkdirSync(dirname(join(folder, outputOf(path))), { recursive: true });
    copyFileSync(join(ROOT, path), join(folder, outputOf(path)));
  }
  put('style.css', textOf('scripts/site/style.css'));
  put('search.js', readFileSync(join(ROOT, 'dist/scripts/site/browser/search.js'), 'utf8'));
  put('minisearch.js', readFileSync(minisearch(), 'utf8'));
  put('search-index.json', searchIndex(site.pages));
}

/** The library of the search as a module for browsers. */
function minisearch(): string {
  const main = createRequire(import.meta.url).resolve('minisearch');
  return join(dirname(dirname(main)), 'es/index.js');
}
