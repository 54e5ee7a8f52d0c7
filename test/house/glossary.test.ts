/** One word for one thing: what `docs/glossary.md` says not to call a thing is refused in source and documentation. */
import { describe, expect, it } from 'vitest';
import { commentsOf, filesUnder, proseOf, textOf } from './sources.js';

const GLOSSARY = 'docs/glossary.md';
const LONGEST_GLOSSARY = 50;

/** Words still in use in `src`; each leaves this list with its last use. */
const PENDING = new Set(['fec', 'repaired']);

/** Words that stand for something else in these files. */
const MEANT: Record<string, RegExp> = {
  // The line that was being typed before an older one was shown; a key file before it has its name; an IRTF draft.
  draft: /^src\/(cli\/terminal\/line-editor|crypto\/key-file|crypto\/primitives)\.ts$/,
};

/** `fec` is a word of the configuration and a key of the API: allowed as a property, a key and a quoted word. */
const KEYS = /[.'`]fec\b|\bfec\??:/g;

/** Words that are refused in comments and documentation only: identifiers may use them for short. */
const IN_PROSE = new Set(['beat', 'beats']);

interface Term {
  name: string;
  refused: string[];
}

interface Word {
  word: string;
  line: number;
}

function parse(text: string): Term[] {
  return [...text.matchAll(/^- ([^:]+): .*?(?:\(not: ([^)]+)\))?$/gm)].map(([, name, refused = '']) => ({
    name,
    refused: refused.split(', ').filter((word) => word !== ''),
  }));
}

/** Words in lower case, those inside of identifiers taken apart: `keptDraft` and `KEPT_DRAFT` are two each. */
function wordsOf(text: string): Word[] {
  return text.split('\n').flatMap((content, index) =>
    (content.replace(/([a-z0-9])([A-Z])/g, '$1 $2').match(/[A-Za-z]+/g) ?? []).map((word) => ({
      word: word.toLowerCase(),
      line: index + 1,
    })),
  );
}

/** Lines in which the words of `phrase` follow one another. */
function linesWith(words: readonly Word[], phrase: string): number[] {
  const wanted = phrase.split(' ');
  return words
    .filter((_, at) => wanted.every((word, offset) => words[at + offset]?.word === word))
    .map(({ line }) => line);
}

/** Where a text says one of the terms' refused words, as `word (line)`. */
function breaches(
  terms: readonly Term[],
  words: readonly Word[],
  skipped: (word: string) => boolean,
): string[] {
  return terms.flatMap(({ name, refused }) =>
    refused
      .filter((word) => !skipped(word))
      .flatMap((word) => linesWith(words, word).map((line) => `line ${line}: "${word}" for ${name}`)),
  );
}

const terms = parse(textOf(GLOSSARY));
const sources = filesUnder('src', /\.ts$/);
const documents = [
  ...filesUnder('docs', /\.md$/).filter((file) => file !== GLOSSARY),
  ...['README.md', 'SECURITY.md', 'CONTRIBUTING.md'],
];

describe('the glossary', () => {
  it(`has at most ${LONGEST_GLOSSARY} lines, so that it is read`, () => {
    expect(textOf(GLOSSARY).trimEnd().split('\n').length).toBeLessThanOrEqual(LONGEST_GLOSSARY);
  });

  it('gives each term once and refuses no word that it explains', () => {
    const names = terms.map(({ name }) => name.toLowerCase());
    expect(new Set(names).size).toBe(names.length);
    expect(terms.flatMap(({ refused }) => refused).filter((word) => names.includes(word))).toEqual([]);
    expect(names.length).toBe(textOf(GLOSSARY).match(/^- /gm)!.length);
  });

  it('is kept by the code, its file names, its help and its messages', () => {
    const found = sources.flatMap((file) => {
      const text = textOf(file);
      const isMeant = (word: string) => PENDING.has(word) || MEANT[word]?.test(file) === true;
      const everywhere = [...wordsOf(file), ...wordsOf(text.replace(KEYS, ''))];
      return [
        ...breaches(terms, everywhere, (word) => isMeant(word) || IN_PROSE.has(word)),
        ...breaches(terms, wordsOf(commentsOf(text)), (word) => isMeant(word) || !IN_PROSE.has(word)),
      ].map((breach) => `${file} ${breach}`);
    });
    expect(found).toEqual([]);
  });

  it('is kept by the documentation', () => {
    const found = documents.flatMap((file) =>
      breaches(terms, wordsOf(proseOf(textOf(file))), () => false).map((breach) => `${file} ${breach}`),
    );
    expect(found).toEqual([]);
  });
});

describe('the check itself', () => {
  const sample = parse('- candidate: a configuration (not: draft, working copy)\n- row: an entry');
  const found = (text: string) => breaches(sample, wordsOf(text), () => false);

  it('sees a word in prose and inside of identifiers', () => {
    for (const text of ['the draft of', 'keptDraft', 'KEPT_DRAFT', 'draft-store', "'draft'"]) {
      expect(found(text)).toEqual(['line 1: "draft" for candidate']);
    }
  });

  it('sees words that follow one another, over a line break too', () => {
    expect(found('a\nworking\ncopy')).toEqual(['line 2: "working copy" for candidate']);
    expect(found('working on a copy')).toEqual([]);
  });

  it('lets other words pass that only look alike', () => {
    expect(found('draughts, drafting, overdraft')).toEqual([]);
  });

  it('reads comments and prose without what they quote', () => {
    expect(commentsOf("const draft = 1; // a\n/* b */ 'c'").trim().split(/\s+/)).toEqual([
      '//',
      'a',
      '/*',
      'b',
      '*/',
    ]);
    expect(proseOf('a `draft`\n```\ndraft\n```\n[x](draft.md) b').split(/\s+/)).toEqual(['a', '[x', 'b']);
  });
});
