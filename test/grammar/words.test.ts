import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { renderLine, renderWord, restOfLine, splitLine, withRest } from '../../src/grammar/words.js';

const texts = (line: string) => splitLine(line).words.map(({ text }) => text);

describe('splitLine', () => {
  it('separates words at blanks and tabs', () => {
    expect(texts('  show\t peers ')).toEqual(['show', 'peers']);
  });

  it('takes "!" and "#" for a comment only where a word begins', () => {
    expect(texts('mtu 1500 ! bytes')).toEqual(['mtu', '1500']);
    expect(texts('# all of it')).toEqual([]);
    expect(texts('description a!b c#d')).toEqual(['description', 'a!b', 'c#d']);
  });

  it('keeps quoted words whole, with escapes in double quotes only', () => {
    expect(texts(`x "a b" 'c "d' "e\\"f\\\\"`)).toEqual(['x', 'a b', 'c "d', 'e"f\\']);
    expect(splitLine('"no"').words[0].quoted).toBe(true);
  });

  it('leaves an apostrophe inside a word alone', () => {
    expect(texts("it's fine")).toEqual(["it's", 'fine']);
  });

  it('reports an open quote at its place', () => {
    expect(splitLine('ab "cd').problem).toEqual({ at: 3, message: 'the quote is not closed' });
  });

  it.each(['\x1b[2J', 'a\u0000b', 'a\u009bb', 'a\u202eb', 'a\ud800b'])(
    'refuses %j, which would lie on a terminal',
    (text) => {
      expect(splitLine(`x ${text}`).problem).not.toBeNull();
    },
  );

  it('takes time in proportion to the line', () => {
    const line = `${'"a" '.repeat(200_000)}"`;
    const { words, problem } = splitLine(line);
    expect(words).toHaveLength(200_000);
    expect(problem?.at).toBe(800_000);
  });

  it('never throws, and its words lie where they say', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (line) => {
        for (const { start, end, text, quoted } of splitLine(line).words) {
          if (!quoted) expect(line.slice(start, end)).toBe(text);
        }
      }),
    );
  });
});

const printable = fc
  .string({ unit: 'grapheme', minLength: 1 })
  .filter((text) => splitLine(`"${text.replace(/["\\]/g, '')}"`).problem === null);

describe('rendering', () => {
  it('writes a word that reads back as one value', () => {
    fc.assert(
      fc.property(printable, (text) => {
        const { words, problem } = splitLine(`x ${renderWord(text)} y`);
        expect(problem).toBeNull();
        expect(words.map((word) => word.text)).toEqual(['x', text, 'y']);
      }),
    );
  });

  it('writes free text that reads back identically', () => {
    fc.assert(
      fc.property(printable, (text) => {
        const split = splitLine(`description ${renderLine(text)}`);
        const line = withRest(split) ?? split;
        expect(restOfLine(line, 1)).toBe(text);
      }),
    );
  });

  it('quotes only what needs it', () => {
    expect(renderLine('cluster LAN "east"')).toBe('cluster LAN "east"');
    expect(renderLine('a ! b')).toBe('a ! b');
    expect(renderLine('"a" b')).toBe('"\\"a\\" b"');
    expect(renderWord('eth0', ['any'])).toBe('eth0');
    expect(renderWord('an', ['any'])).toBe('"an"');
  });
});
