import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readArguments } from '../../src/cli/arguments.js';
import { execCommands, execTree } from '../../src/cli/commands/index.js';
import { type Lines, readPipeline, splitPipes } from '../../src/cli/interpreter/pipes.js';
import { bytes, duration, milliseconds } from '../../src/cli/output/format.js';
import { columnsOf, foldLine, GrowingTable, shorten, table, twoColumns } from '../../src/cli/output/table.js';
import { History, historyFileOf } from '../../src/cli/terminal/command-history.js';
import { completeLine } from '../../src/grammar/complete.js';
import { plainTokens } from '../grammar/tokens.js';

describe('arguments', () => {
  it('keep the words that the calling shell has made', () => {
    const { action } = readArguments(['show', 'peer', 'a b', '|', 'include', 'x|y'], {});
    expect(action).toEqual({ kind: 'commands', lines: ['show peer "a b" | include x|y'] });
  });

  it('take the socket from the option, the environment, the default', () => {
    const environment = { OCTOLINK_SOCKET: '/b' };
    expect(readArguments(['-s', '/a'], environment).socket).toBe('/a');
    expect(readArguments([], environment).socket).toBe('/b');
    expect(readArguments([], {}).socket).toBe('/run/octolink/octolink.sock');
  });

  it('take what SSH was told to run, as one line and with nothing in reach', () => {
    const forced = readArguments(['-r'], { SSH_ORIGINAL_COMMAND: 'show peers; reboot' });
    expect(forced.action).toEqual({ kind: 'commands', lines: ['show peers; reboot'] });
    expect([forced.restricted, forced.readOnly]).toEqual([true, true]);
    const own = readArguments(['-c', 'show links'], { SSH_ORIGINAL_COMMAND: 'show peers' });
    expect(own).toMatchObject({ restricted: false, action: { lines: ['show links'] } });
    expect(() => readArguments(['-R', '-f', '/etc/shadow'], {})).toThrow('may not read files');
  });

  it('take the patience with a starting daemon in whole seconds', () => {
    expect(readArguments(['-w', '30', 'show', 'peers'], {}).patienceMs).toBe(30_000);
    expect(readArguments([], {}).patienceMs).toBe(0);
    expect(() => readArguments(['-w', 'soon'], {})).toThrow("not 'soon'");
  });
});

describe('exec commands', () => {
  it('have help for every word', () => {
    for (const { tokens } of execCommands(true)) {
      for (const { help } of plainTokens(tokens)) expect(help).toMatch(/^\S.{3,}/);
    }
  });

  it('offer nothing that leads nowhere', () => {
    // Options may come in any order: the same words in another one lead to the same place.
    const seen = new Set<string>();
    const walk = (line: string): number => {
      const words = line.split(' ').sort().join(' ');
      if (seen.has(words)) return 0;
      seen.add(words);
      const { options: next, runnable } = completeLine(execTree(true), line);
      expect(next.length > 0 || runnable, line).toBe(true);
      const keywords = next.filter(({ kind }) => kind === 'keyword');
      return keywords.reduce((sum, { text }) => sum + walk(`${line}${text} `), Number(runnable));
    };
    expect(walk('')).toBeGreaterThan(20);
  });

  it('that change something do not exist before enable', () => {
    expect(execTree(true).keywords.has('configure')).toBe(true);
    expect(execTree(false).keywords.has('configure')).toBe(false);
    expect(execTree(false).keywords.has('show')).toBe(true);
  });
});

describe('pipes', () => {
  /** Sends lines through a chain, in batches of `size`. */
  async function filter(chain: string, lines: string[], size = 1): Promise<string[]> {
    async function* source(): Lines {
      for (let at = 0; at < lines.length; at += size) yield lines.slice(at, at + size);
    }
    const { filters } = readPipeline(splitPipes(`show x ${chain}`).stages, false);
    const found: string[] = [];
    const result = filters.reduce((rest: Lines, stage) => stage(rest), source());
    for await (const batch of result) found.push(...batch);
    return found;
  }
  const lines = ['interface a', ' mtu 1', ' peer b', '  policy c', 'interface d', ' mtu 2'];

  it.each([
    ['| include mtu', [' mtu 1', ' mtu 2']],
    ['| exclude [cf]', [' mtu 1', ' peer b', ' mtu 2']],
    ['| begin interface d', ['interface d', ' mtu 2']],
    ['| begin nothing', []],
    ['| section peer', [' peer b', '  policy c']],
    ['| section interface d', ['interface d', ' mtu 2']],
    ['| count', ['6']],
    ['| include mtu | count', ['2']],
    ['| count mtu', ['2']],
    ['| head 2', ['interface a', ' mtu 1']],
    ['| tail 1', [' mtu 2']],
    ['|inc mtu |ta 1', [' mtu 2']],
    ['| include "x|peer"', [' peer b']],
  ])('%s', async (chain, expected) => {
    for (const size of [1, 4, 10]) expect(await filter(chain, lines, size)).toEqual(expected);
  });

  it('write files, and pass on what they are told to', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'octolink-pipes-'));
    try {
      const file = join(folder, 'out');
      expect(await filter(`| include mtu | redirect ${file}`, lines)).toEqual([]);
      expect(readFileSync(file, 'utf8')).toBe(' mtu 1\n mtu 2\n');
      expect(await filter(`| tail 1 | append ${file}`, lines)).toEqual([]);
      expect(readFileSync(file, 'utf8')).toBe(' mtu 1\n mtu 2\n mtu 2\n');
      expect(await filter(`| tee ${file} | head 1`, lines, 10)).toEqual(['interface a']);
      expect(readFileSync(file, 'utf8')).toBe(`${lines.join('\n')}\n`);
      await expect(filter(`| redirect ${folder}`, lines)).rejects.toThrow(`cannot write ${folder}`);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('stop their source as soon as they have enough', async () => {
    let asked = 0;
    async function* endless(): Lines {
      for (;;) {
        asked++;
        yield ['line'];
      }
    }
    const [head] = readPipeline(splitPipes('show x | head 3').stages, false).filters;
    const found: string[] = [];
    for await (const batch of head(endless())) found.push(...batch);
    expect(found).toHaveLength(3);
    expect(asked).toBe(3);
  });

  it('are no pipes inside quotes or words', () => {
    expect(splitPipes('description "a | b" c|d')).toEqual({ command: 'description "a | b" c|d', stages: [] });
  });
});

describe('formats', () => {
  it('are short and say their unit where it varies', () => {
    expect([duration(null), duration(59.9), duration(3661), duration(93784)]).toEqual([
      '-',
      '00:00:59',
      '01:01:01',
      '1d02h03m',
    ]);
    expect([milliseconds(null), milliseconds(512), milliseconds(12345), milliseconds(123456)]).toEqual([
      '-',
      '0.512',
      '12.3',
      '123',
    ]);
    expect([bytes(0), bytes(1023), bytes(1536), bytes(5 * 1024 ** 3)]).toEqual([
      '0 B',
      '1023 B',
      '1.5 KiB',
      '5.0 GiB',
    ]);
  });
});

describe('tables', () => {
  interface Row {
    name: string;
    count: number;
  }
  const columns = [
    { title: 'Name', cell: (row: Row) => row.name, shrinkTo: 10 },
    { title: 'Count', cell: (row: Row) => String(row.count), align: 'right' as const },
  ];

  it('align by what is shown, wide characters too', () => {
    const rows = [
      { name: '大阪', count: 7 },
      { name: 'tokyo', count: 12345 },
    ];
    expect(table(columns, rows, '')).toEqual(['Name   Count', '大阪       7', 'tokyo  12345']);
  });

  it('give way where a column may', () => {
    const lines = table(columns, [{ name: 'x'.repeat(200), count: 1 }], '');
    expect(lines[1]).toHaveLength(80);
    expect(lines[1]).toContain('x…');
  });

  it('shorten long names in the middle, so that they stay different', () => {
    const rows = [1, 2].map((id) => ({ name: `site-with-a-long-name-${'x'.repeat(60)}-${id}`, count: id }));
    const lines = table(columns, rows, '');
    expect(lines[1]).toMatch(/^site-with-a-long-name-x+…x+-1 +1$/);
    expect(lines[2]).toMatch(/^site-with-a-long-name-x+…x+-2 +2$/);
    expect(shorten('abcdefgh', 6)).toBe('abc…gh');
    expect(shorten('大阪大阪大阪', 7)).toBe('大阪…阪');
    expect(shorten('abc', 3)).toBe('abc');
  });

  it('are not the only ones that keep words whole', () => {
    expect(foldLine('    Last change: one two three', 20)).toEqual([
      '    Last change:',
      '      one two three',
    ]);
    expect(foldLine('  short', 20)).toEqual(['  short']);
  });

  it('fold their last column where it asks for that', () => {
    const folding = [columns[1], { ...columns[0], folds: true as const }];
    const lines = table(folding, [{ name: 'word '.repeat(30).trim(), count: 1 }], '');
    expect(lines.slice(1).map((line) => line.slice(0, 11))).toEqual([
      '    1  word',
      '       word',
      '       word',
    ]);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it('that come in parts keep their columns, and say so when they are empty', () => {
    const growing = new GrowingTable({ columns, whenEmpty: 'Nothing.', footer: ['end'] });
    expect(growing.add([])).toEqual([]);
    expect(growing.add([{ name: 'a', count: 1 }])).toEqual(['Name  Count', 'a         1']);
    expect(growing.add([{ name: 'long name', count: 2 }])).toEqual(['long name      2']);
    expect(growing.add([{ name: 'b', count: 3 }])).toEqual(['b              3']);
    expect(growing.end()).toEqual(['end']);
    expect(new GrowingTable({ columns, whenEmpty: 'Nothing.' }).end()).toEqual(['Nothing.']);
  });

  it('of words fill the width', () => {
    expect(columnsOf(['one', 'two', 'three'], 20)).toEqual(['one    two', 'three']);
    expect(columnsOf([], 80)).toEqual([]);
  });

  it('fold help under itself', () => {
    const lines = twoColumns([['word', 'one two three four five six seven']], 30);
    expect(lines).toEqual(['  word  one two three four', '        five six seven']);
  });
});

describe('history', () => {
  it('is for the owner alone and keeps no keys', () => {
    const folder = mkdtempSync(join(tmpdir(), 'octolink-history-'));
    try {
      const file = join(folder, 'history');
      expect(historyFileOf({ OCTOLINK_HISTFILE: file })).toBe(file);
      const history = new History(file);
      const key = 'hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo=';
      for (const line of ['show peers', 'show peers', ` ${key}`, `public-key ${key}`, 'end', ''])
        history.add(line);
      expect(readFileSync(file, 'utf8')).toBe(`show peers\npublic-key ${key}\nend\n`);
      expect(statSync(file).mode & 0o777).toBe(0o600);
      const later = new History(file);
      later.load();
      expect(later.lines).toEqual(['end', `public-key ${key}`, 'show peers']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
