/** What people type and editors write beside the canonical form: addresses with ports, line ends, free text. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Config } from '../../src/api/config.js';
import { parseConfig } from '../../src/config/edit.js';
import { renderConfig } from '../../src/config/render.js';
import { EXAMPLE } from '../control/fixtures.js';

function parsed(text: string): Config {
  const { config, syntax, contradictions } = parseConfig(text);
  expect([...syntax, ...contradictions]).toEqual([]);
  return config;
}

const inLink = (line: string) => ['interface octo0', 'peer osaka', 'shutdown', 'link 0', line].join('\n');

describe('the usual notations', () => {
  it.each([
    ['remote 192.0.2.1:5', 'remote 192.0.2.1 port 5'],
    ['remote [2001:db8::1]:5', 'remote 2001:db8::1 port 5'],
    ['local 192.0.2.1:5', 'local 192.0.2.1 port 5'],
    ['local [2001:db8::1]:5', 'local 2001:db8::1 port 5'],
  ])('"%s" is "%s"', (given, printed) => {
    expect(renderConfig(parsed(inLink(given))).split('\n')).toContain(`   ${printed}`);
    expect(parsed(inLink(given))).toEqual(parsed(inLink(printed)));
  });

  it.each([
    'remote 192.0.2.1:0',
    'remote 192.0.2.1:65536',
    'remote 192.0.2.1:',
    'remote 2001:db8::1:7700 port',
    'remote [192.0.2.1]:5',
    'remote [2001:db8::1]',
    'remote [ff02::1]:5',
    'remote 192.0.2.1:5 port 6',
    'local 0.0.0.0:5',
  ])('"%s" is refused', (given) => expect(parseConfig(inLink(given)).syntax).toHaveLength(1));

  it('a byte order mark in front is skipped', () => {
    expect(renderConfig(parsed(`\ufeff${EXAMPLE}`))).toBe(EXAMPLE);
    expect(parseConfig(`hostname a\ufeffb`).syntax).toHaveLength(1);
  });

  it.each(['\n', '\r\n'])('lines may end in %j, the last one in nothing', (end) => {
    expect(renderConfig(parsed(EXAMPLE.trimEnd().replaceAll('\n', end)))).toBe(EXAMPLE);
  });
});

describe('free text', () => {
  const described = (text: string) => parseConfig(`interface a\n description ${text}`);
  const keptOf = (text: string) => described(text).config.interfaces[0].description;

  it.each([
    'circuit # 12345',
    'rack 4 ! left',
    '! rack 4 # "left" | json ?',
    '# 7',
    "Anna's #1",
    'an "open quote',
    '"two" "words"',
    '"a" b # c',
    'x !',
  ])('is kept to the end of the line: %s', (text) => {
    expect(described(text).syntax).toEqual([]);
    expect(keptOf(text)).toBe(text);
    const again = parseConfig(renderConfig(described(text).config));
    expect(again.config).toEqual(described(text).config);
  });

  it('in quotes may be followed by a comment, and may be blank at its ends', () => {
    expect(keptOf('"circuit # 12345" # a comment')).toBe('circuit # 12345');
    expect(keptOf("' x ' ! a comment")).toBe(' x ');
    expect(keptOf('circuit # 12345   \t')).toBe('circuit # 12345');
  });

  it('is refused, not cut, when it cannot be kept', () => {
    const messages = (text: string) => described(text).syntax.map(({ message }) => message);
    expect(messages(`a # ${'x'.repeat(255)}`)).toEqual([
      'Invalid input: text must be at most 255 characters',
    ]);
    expect(messages('a # \x1b[2J')).toEqual([
      'Invalid input: text must hold no character that cannot be printed',
    ]);
  });

  it('is the only place where a comment is none', () => {
    expect(parsed('interface a # b\n mtu 1400 # "c\n no description # d').interfaces).toMatchObject([
      { name: 'a', mtu: 1400 },
    ]);
    expect(parseConfig('interface a\n description').syntax).toHaveLength(1);
    expect(parseConfig('interface a\n mtu "1400').syntax).toHaveLength(1);
  });

  it('reads back whatever it is', () => {
    const texts = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(texts, (text) => {
        const { config, syntax } = described(text);
        fc.pre(syntax.length === 0);
        const isQuoted = /^["']/.test(text.trim());
        if (!isQuoted) expect(config.interfaces[0].description).toBe(text.replace(/^[ \t]+|[ \t]+$/g, ''));
        expect(parseConfig(renderConfig(config)).config).toEqual(config);
      }),
      { numRuns: 1000 },
    );
  });
});
