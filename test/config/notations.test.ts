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
    ['remote [fe80::b%va0]:5', 'remote fe80::b%va0 port 5'],
    ['remote fe80::b%va0', 'remote fe80::b%va0 port 7700'],
    ['remote osaka.example:5', 'remote osaka.example port 5'],
    ['remote osaka.example', 'remote osaka.example port 7700'],
    ['remote gw-1', 'remote gw-1 port 7700'],
    ['remote "via"', 'remote "via" port 7700'],
    ['local fe80::a%va0', 'local fe80::a%va0'],
    ['local [fe80::a%va0]:5', 'local fe80::a%va0 port 5'],
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
    'remote -a.example',
    'remote a..example',
    'remote a_b.example',
    'remote 10.0.0',
    'remote [osaka.example]:5',
    'remote osaka.example:0',
    'remote osaka.example:5 port 6',
    'remote zürich.example',
    'remote fd00::1%va0',
    'remote fe80::1%',
    'remote fe80::1%a/b',
    `remote ${'a'.repeat(64)}.example`,
    `remote ${'a.'.repeat(126)}example`,
  ])('"%s" is refused', (given) => expect(parseConfig(inLink(given)).syntax).toHaveLength(1));

  it('a byte order mark in front is skipped', () => {
    expect(renderConfig(parsed(`\ufeff${EXAMPLE}`))).toBe(EXAMPLE);
    expect(parseConfig(`hostname a\ufeffb`).syntax).toHaveLength(1);
  });

  it.each(['\n', '\r\n'])('lines may end in %j, the last one in nothing', (end) => {
    expect(renderConfig(parsed(EXAMPLE.trimEnd().replaceAll('\n', end)))).toBe(EXAMPLE);
  });

  it('the last one may have lost half of its end, as in "$(cat FILE)"', () => {
    expect(renderConfig(parsed(EXAMPLE.replaceAll('\n', '\r\n').slice(0, -1)))).toBe(EXAMPLE);
    expect(parsed('interface a\n description rack 4\r').interfaces[0].description).toBe('rack 4');
    expect(parseConfig('hostname a\rb').syntax).toHaveLength(1);
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

describe('what a host name may be is said where it is none', () => {
  it.each([
    [
      'remote a_b.example',
      'host must be a host name: labels of 1-63 letters, digits or "-", with dots between them',
    ],
    ['remote zürich.example', 'host must be written in ASCII (xn--…)'],
    ['remote fd00::1%va0', 'address is not link-local (fe80::/10): it takes no interface after "%"'],
    ['remote 192.0.2', 'address must be an IPv4 address'],
  ])('%s', (line, reason) => {
    expect(parseConfig(inLink(line)).syntax.map(({ message }) => message)).toEqual([
      expect.stringContaining(reason),
    ]);
  });

  it('equal ends are equal in other spellings, and a link-local end needs its interface', () => {
    const issues = (...links: string[][]) =>
      parseConfig(
        [
          'interface octo0',
          'peer osaka',
          'shutdown',
          ...links.flatMap((lines, id) => [`link ${id}`, ...lines]),
        ].join('\n'),
      ).contradictions.map(({ message }) => message);
    expect(issues(['remote gw.example'], ['remote GW.Example. port 7700'])).toHaveLength(1);
    expect(issues(['remote gw.example'], ['remote gw.example port 7701'])).toEqual([]);
    expect(issues(['remote fe80::b%va0'], ['remote fe80::b%va1'])).toEqual([]);
    expect(issues(['remote fe80::b%va0', 'local va1'])).toEqual(['local is on va1, remote on va0']);
  });
});
