/** Every path that documentation or a comment names exists, so that moving a file moves what is said about it. */
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commentsOf, filesUnder, ROOT, textOf } from './sources.js';

const FOLDERS = 'src|test|scripts|bench|native|docs|examples|findings|bin';
const CODE = /\.(ts|mjs|cc|h)$/;

const code = ['src', 'test', 'scripts', 'bench', 'native', 'examples'].flatMap((folder) =>
  filesUnder(folder, CODE),
);
const pages = [
  'README.md',
  'SECURITY.md',
  'CONTRIBUTING.md',
  'ARCHITECTURE.md',
  'docs',
  'examples',
  'findings',
].flatMap((place) => filesUnder(place, /\.md$/));
const names = new Set(code.map((file) => basename(file)));

/** `src/link/` and `src/config/*-commands.ts`: paths from the root. What follows `<` or a brace is an example. */
function pathsIn(text: string): string[] {
  const found = text.matchAll(new RegExp(`(?<![\\w./@-])(?:${FOLDERS})/[\\w./*-]*[\\w/*](?![<{])`, 'g'));
  return [...found].map(([path]) => path);
}

/** Names of code files alone, quoted: `mtu-search.ts`. */
function namesIn(text: string): string[] {
  return [...text.matchAll(/`([\w-]+\.(?:ts|mjs|cc|h))`/g)].map(([, name]) => name);
}

function exists(path: string): boolean {
  if (!path.includes('*')) return existsSync(join(ROOT, path));
  const pattern = new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\*+/g, '.*')}$`);
  return code.some((file) => pattern.test(file));
}

/** Targets of relative links in Markdown, from the root. */
function linksIn(file: string): string[] {
  return [...textOf(file).matchAll(/\]\(([^):#]+)(?:#[^)]*)?\)/g)].map(([, target]) =>
    join(dirname(file), target),
  );
}

/** Members of classes, quoted, that no class of the name has: `Bridge.decide`. */
function missingMembers(text: string): string[] {
  return [...text.matchAll(/`([A-Z]\w+)\.(\w+)`/g)]
    .filter(([, name, member]) => {
      const holders = code.map(textOf).filter((source) => new RegExp(`\\bclass ${name}\\b`).test(source));
      return !holders.some((source) => new RegExp(`^ +(?:[\\w ]+ )?${member}\\b[(:; ]`, 'm').test(source));
    })
    .map(([, name, member]) => `${name}.${member}`);
}

/** What a text names that is not there. */
function missing(text: string): string[] {
  return [
    ...pathsIn(text).filter((path) => !exists(path)),
    ...namesIn(text).filter((name) => !names.has(name)),
  ];
}

describe('paths', () => {
  it.each([
    ['documentation', pages, (file: string) => textOf(file)],
    ['comments', code, (file: string) => commentsOf(textOf(file))],
  ])('in %s name files that exist', (_, files, read) => {
    const found = files.flatMap((file) => missing(read(file)).map((path) => `${file} names ${path}`));
    expect(found).toEqual([]);
  });

  it('in links lead to files that exist', () => {
    const found = pages.flatMap((file) =>
      linksIn(file)
        .filter((target) => !existsSync(join(ROOT, target)))
        .map((target) => `${file} links to ${target}`),
    );
    expect(found).toEqual([]);
  });
});

describe('classes and their members', () => {
  it('that ARCHITECTURE.md names exist', () => {
    expect(missingMembers(textOf('ARCHITECTURE.md'))).toEqual([]);
  });
});

describe('the check itself', () => {
  it('sees a class or a member that is not there', () => {
    const text = '`Bridge.decide`, `Bridge.guess` and `Nobody.decide`';
    expect(missingMembers(text)).toEqual(['Bridge.guess', 'Nobody.decide']);
  });

  it.each([
    ['see `src/link/choice/` and test/house/paths.test.ts.', []],
    ['`src/config/*-commands.ts` has them', []],
    ['formerly `src/datapath/relay.ts`', ['src/datapath/relay.ts']],
    ['`src/config/*-nothing.ts`', ['src/config/*-nothing.ts']],
    ['`no-such-file.ts` does it', ['no-such-file.ts']],
    ['`paths.test` and https://example.com/src/nothing.ts', []],
  ])('finds in %j what is missing', (text, absent) => {
    expect(missing(text)).toEqual(absent);
  });
});
