import { EventEmitter } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ReadStream } from 'node:tty';
import { describe, expect, it } from 'vitest';
import { readArguments } from '../../src/cli/arguments.js';
import { execCommands, execTree } from '../../src/cli/commands/index.js';
import { History } from '../../src/cli/history.js';
import { bytes, duration, milliseconds } from '../../src/cli/output/format.js';
import { table, twoColumns } from '../../src/cli/output/table.js';
import { Pager } from '../../src/cli/pager.js';
import { readPipeline, splitPipes } from '../../src/cli/pipes.js';
import { type KeyActions, TerminalInput } from '../../src/cli/terminal-input.js';
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
    const walk = (line: string): number => {
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
  const filter = (chain: string, lines: string[]) =>
    readPipeline(splitPipes(`show x ${chain}`).stages).filters.reduce((rest, stage) => stage(rest), lines);
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
    ['| head 2', ['interface a', ' mtu 1']],
    ['| tail 1', [' mtu 2']],
    ['|inc mtu |ta 1', [' mtu 2']],
    ['| include "x|peer"', [' peer b']],
  ])('%s', (chain, expected) => {
    expect(filter(chain, lines)).toEqual(expected);
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
      const history = new History({ OCTOLINK_HISTFILE: file });
      const key = 'hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo=';
      for (const line of ['show peers', 'show peers', ` ${key}`, `public-key ${key}`, 'end', ''])
        history.add(line);
      expect(readFileSync(file, 'utf8')).toBe(`show peers\npublic-key ${key}\nend\n`);
      expect(statSync(file).mode & 0o777).toBe(0o600);
      expect(new History({ OCTOLINK_HISTFILE: file }).load()[0]).toBe('end');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('the pager', () => {
  it('stops at full screens, and goes on, gives a line or ends as told', async () => {
    let screen = '';
    const pager = new Pager((text) => {
      screen += text;
    });
    const lines = Array.from({ length: 10 }, (_, index) => `line ${index}`);
    expect(pager.key(' ')).toBe(false);
    const printing = pager.print(lines, 4);
    expect(screen).toBe('line 0\nline 1\nline 2\n --More-- ');
    pager.key('x');
    pager.key('\r');
    await Promise.resolve();
    expect(screen).toMatch(/line 3\n --More-- $/);
    pager.key(' ');
    await Promise.resolve();
    expect(screen).toMatch(/line 6\n --More-- $/);
    pager.key('q');
    await printing;
    expect(screen).not.toContain('line 7');
  });

  it('never stops behind the last line', async () => {
    let screen = '';
    const pager = new Pager((text) => {
      screen += text;
    });
    await pager.print(['a', 'b', 'c'], 4);
    expect(screen).toBe('a\nb\nc\n');
  });
});

describe('the keyboard', () => {
  /** Types chunks of bytes; gives what came through to the line editor and which actions were called. */
  async function typed(chunks: string[], before = '', empty = false): Promise<string> {
    const terminal = new EventEmitter();
    const input = new TerminalInput(terminal as unknown as ReadStream);
    let log = '';
    const action = (name: string) => async () => {
      log += `<${name}>`;
    };
    const actions: KeyActions = {
      textBeforeCursor: () => before,
      lineIsEmpty: () => empty,
      help: action('help'),
      end: action('end'),
      up: action('up'),
      cancel: () => {
        log += '<cancel>';
      },
      atPause: () => false,
    };
    input.begin(actions);
    input.on('data', (chunk: Buffer) => {
      log += chunk.toString();
    });
    for (const chunk of chunks) {
      terminal.emit('data', Buffer.from(chunk));
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    }
    return log;
  }

  it('acts on "?" at once and never passes it on', async () => {
    expect(await typed(['sh', '?', 'ow'])).toBe('sh<help>ow');
    expect(await typed(['sh?ow'])).toBe('sh<help>ow');
  });

  it('passes "?" on inside quotes, behind Ctrl-V, and in what a terminal says', async () => {
    expect(await typed(['?'], 'description "wh')).toBe('?');
    expect(await typed(['\x16?'])).toBe('?');
    expect(await typed(['\x1b[?1;2c'])).toBe('\x1b[?1;2c');
  });

  it('takes Ctrl-Z, and Ctrl-D on an empty line only', async () => {
    expect(await typed(['a\x1a'])).toBe('a<end>');
    expect(await typed(['\x04'], '', true)).toBe('<up>');
    expect(await typed(['\x04'], 'abc', false)).toBe('\x04');
  });

  it('holds what is pasted behind a line until the line has run, and drops it at Ctrl-C', async () => {
    expect(await typed(['one\rtwo\r'])).toBe('one\r');
    expect(await typed(['one\rtwo\r', '\x03'])).toBe('one\r<cancel>');
  });
});
