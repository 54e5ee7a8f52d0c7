import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { colourLine, wantsColour } from '../../src/cli/output/colour.js';
import { linesOf, type OutputPart } from '../../src/cli/output/render.js';
import { HistorySearch } from '../../src/cli/terminal/history-search.js';
import { KeyDecoder } from '../../src/cli/terminal/key-decoder.js';
import { LineEditor } from '../../src/cli/terminal/line-editor.js';
import { LineView } from '../../src/cli/terminal/line-view.js';

describe('keys', () => {
  /** Keys as short words: characters as they are, literal ones in quotes, presses in angle brackets. */
  function keysOf(...chunks: (string | Buffer)[]): string {
    const decoder = new KeyDecoder();
    return chunks
      .flatMap((chunk) => decoder.push(Buffer.from(chunk)))
      .map((key) =>
        key.kind === 'press'
          ? `<${key.name}${key.pasted ? ' pasted' : ''}>`
          : key.literal
            ? `'${key.text}'`
            : key.text,
      )
      .join('');
  }

  it.each([
    ['show?', 'show?'],
    ['\x01\x1a\x7f\t\r', '<ctrl-a><ctrl-z><backspace><tab><enter>'],
    ['a\r\nb\nc', 'a<enter>b<enter>c'],
    ['\x1b[A\x1b[1;5D\x1bOH\x1b[3~', '<up><meta-b><home><delete>'],
    ['\x1bb\x1b\x7f\x1bD', '<meta-b><meta-backspace><meta-d>'],
    ['\x16?\x16\x1b', "'?'"],
    ['\x1b[200~a?\tb\r\n c\x1b[201~?', "'a''?'' ''b'<enter pasted>' ''c'<paste-end pasted>?"],
    ['\x1b[?1;2c\x1b[99~x', 'x'],
    ['日本é', '日本é'],
  ])('%j is %s', (typed, expected) => {
    expect(keysOf(typed)).toBe(expected);
  });

  it('are the same wherever the bytes are cut', () => {
    const pieces = [
      'a',
      '日',
      '\x1b[A',
      '\x1bb',
      '\x1b[200~x\n?\x1b[201~',
      '\t',
      '\x16?',
      '\x1b[3~',
      '\r',
      '😀',
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...pieces)), fc.array(fc.nat(60)), (parts, cuts) => {
        const bytes = Buffer.from(parts.join(''));
        const places = [0, ...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length];
        const chunks = places.slice(1).map((to, index) => bytes.subarray(places[index], to));
        expect(keysOf(...chunks)).toBe(keysOf(bytes));
      }),
    );
  });
});

describe('the line editor', () => {
  /** Presses keys (in angle brackets) and types the text between them; shows the line with `|` for the cursor. */
  function edited(keys: string, history: string[] = []): string {
    const line = new LineEditor(() => history);
    for (const part of keys.match(/<[^>]+>|[^<]+/g) ?? []) {
      if (part.startsWith('<')) line.press(part.slice(1, -1));
      else line.insert(part);
    }
    return `${line.text.slice(0, line.cursor)}|${line.text.slice(line.cursor)}`;
  }

  it.each([
    ['abc<ctrl-b>x', 'abx|c'],
    ['abc<ctrl-a>x<ctrl-e>y', 'xabcy|'],
    ['show peers<meta-b><meta-b>x', 'x|show peers'],
    ['show peers<ctrl-a><meta-f>', 'show| peers'],
    ['show peers<ctrl-a><meta-d>', '| peers'],
    ['10.0.0.1 port<ctrl-w><ctrl-w>', '|'],
    ['one two three<ctrl-w><ctrl-w><ctrl-y>', 'one two three|'],
    ['one two<ctrl-b><ctrl-b><ctrl-k><ctrl-a><ctrl-y>', 'wo|one t'],
    ['one two<ctrl-u>x<ctrl-y>', 'xone two|'],
    ['sohw<ctrl-b><ctrl-b><ctrl-t>', 'sho|w'],
    ['shwo<ctrl-t>', 'show|'],
    ['a<ctrl-t>', 'a|'],
    ['abc<ctrl-b><ctrl-d><backspace>', 'a|'],
    ['日本<left><backspace>', '|本'],
    ['e\u0301x<left><left><delete>', '|x'],
    ['👨‍👩‍👧a<left><left>b', 'b|👨‍👩‍👧a'],
  ])('%s', (keys, expected) => {
    expect(edited(keys)).toBe(expected);
  });

  it('walks through the history and comes back to what was being typed', () => {
    const history = ['newest', 'older'];
    expect(edited('draft<up>', history)).toBe('newest|');
    expect(edited('draft<up><up><up>', history)).toBe('older|');
    expect(edited('draft<ctrl-p><ctrl-p><ctrl-n><ctrl-n>', history)).toBe('draft|');
  });

  it('keeps its cursor between characters, whatever is pressed', () => {
    const names = [
      'left',
      'right',
      'up',
      'ctrl-w',
      'ctrl-k',
      'ctrl-y',
      'ctrl-t',
      'meta-d',
      'meta-b',
      'delete',
    ];
    const parts = [...names.map((name) => `<${name}>`), 'a', ' ', '日', 'e\u0301', '😀'];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...parts)), (keys) => {
        const [before] = edited(keys.join(''), ['one 二']).split('|');
        expect(before).not.toMatch(/[\ud800-\udbff]$/);
      }),
    );
  });
});

describe('the search through the history', () => {
  const lines = ['show peers', 'conf t', 'show links', 'show peers'];

  it('finds newer lines first, and goes on from there', () => {
    const search = new HistorySearch(lines);
    search.extend('sh');
    expect([search.found, search.prompt]).toEqual(['show peers', "(reverse-i-search)`sh': "]);
    search.older();
    expect(search.found).toBe('show links');
    search.extend('o');
    expect(search.found).toBe('show links');
    search.extend('w p');
    expect(search.found).toBe('show peers');
    expect(search.cursor).toBe(0);
  });

  it('says when there is nothing, and takes characters back', () => {
    const search = new HistorySearch(lines);
    search.extend('conf x');
    expect([search.found, search.prompt]).toEqual(['', "(failed reverse-i-search)`conf x': "]);
    search.shorten();
    search.shorten();
    expect([search.found, search.prompt]).toEqual(['conf t', "(reverse-i-search)`conf': "]);
  });
});

/** A terminal that does what the few sequences in use say; rows are what is on the screen. */
class Screen {
  rows: string[][] = [[]];
  row = 0;
  column = 0;

  constructor(public columns: number) {}

  write(text: string): void {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what terminals are told by
    for (const part of text.match(/\x1b\[\d*[A-Z]|./gsu) ?? []) this.take(part);
  }

  private take(part: string): void {
    const count = Number(/\d+/.exec(part)?.[0] ?? 1);
    if (part === '\r') this.column = 0;
    else if (part === '\n') {
      this.row++;
      this.column = 0;
    } else if (part.endsWith('A') && part.length > 1) this.row -= count;
    else if (part.endsWith('C') && part.length > 1) this.column += count;
    else if (part === '\x1b[J') {
      this.rows.length = this.row + 1;
      this.rows[this.row] = (this.rows[this.row] ?? []).slice(0, this.column);
    } else {
      const width = /[日本]/.test(part) ? 2 : 1;
      if (this.column + width > this.columns) {
        this.row++;
        this.column = 0;
      }
      this.rows[this.row] ??= [];
      this.rows[this.row][this.column] = part;
      if (width === 2) this.rows[this.row][this.column + 1] = '';
      this.column += width;
    }
    this.rows[this.row] ??= [];
  }

  get text(): string[] {
    return this.rows.map((row) =>
      Array.from(row, (cell) => cell ?? ' ')
        .join('')
        .trimEnd(),
    );
  }
}

describe('the view of the line', () => {
  function view(columns: number) {
    const screen = new Screen(columns);
    return {
      screen,
      view: new LineView(
        (text) => screen.write(text),
        () => screen.columns,
      ),
    };
  }

  it('keeps the cursor in its place over several rows', () => {
    const { screen, view: line } = view(10);
    line.show({ prompt: 'h# ', text: '0123456789abc', cursor: 13 });
    expect(screen.text).toEqual(['h# 0123456', '789abc']);
    expect([screen.row, screen.column]).toEqual([1, 6]);
    line.show({ prompt: 'h# ', text: '0123456789abc', cursor: 2 });
    expect([screen.row, screen.column]).toEqual([0, 5]);
    line.show({ prompt: 'h# ', text: '01', cursor: 2 });
    expect(screen.text).toEqual(['h# 01']);
  });

  it('goes on to the next row at the margin, and over it with wide characters', () => {
    const { screen, view: line } = view(10);
    line.show({ prompt: 'h# ', text: '0123456', cursor: 7 });
    expect([screen.row, screen.column]).toEqual([1, 0]);
    line.show({ prompt: 'h# ', text: '012345日', cursor: 7 });
    expect(screen.text).toEqual(['h# 012345', '日']);
    expect([screen.row, screen.column]).toEqual([1, 2]);
  });

  it('writes only what is new when something is typed at the end', () => {
    let written = '';
    const line = new LineView(
      (text) => {
        written += text;
      },
      () => 80,
    );
    line.show({ prompt: 'h# ', text: '', cursor: 0 });
    line.show({ prompt: 'h# ', text: 's', cursor: 1 });
    line.show({ prompt: 'h# ', text: 'sh', cursor: 2 });
    line.leave();
    expect(written).toBe('h# sh\n');
  });

  it('makes room for an event and shows the line again', () => {
    const { screen, view: line } = view(10);
    const shown = { prompt: 'h# ', text: '0123456789abc', cursor: 4 };
    line.show(shown);
    line.hide();
    screen.write('event\r\n');
    line.show(shown);
    expect(screen.text).toEqual(['event', 'h# 0123456', '789abc']);
    expect([screen.row, screen.column]).toEqual([1, 7]);
  });
});

describe('colours', () => {
  const plain = (line: string) => colourLine(line) === line;

  it('are for states, and for nothing that only looks like one', () => {
    expect(colourLine('h2       0  up*     1.7')).toBe('h2       0  \x1b[32mup*\x1b[0m     1.7');
    expect(colourLine('octo0 peer h2 link 0 down: carrier lost')).toContain('\x1b[31mdown\x1b[0m:');
    expect(plain('  description set up on monday')).toBe(true);
    expect(plain('uptime is 00:00:01')).toBe(true);
  });

  it('are off for NO_COLOR and for terminals that have none', () => {
    expect(wantsColour({ TERM: 'xterm-256color' })).toBe(true);
    expect(wantsColour({ TERM: 'xterm-256color', NO_COLOR: '1' })).toBe(false);
    expect([wantsColour({ TERM: 'dumb' }), wantsColour({ TERM: 'vt100' }), wantsColour({})]).toEqual([
      false,
      false,
      false,
    ]);
  });
});

describe('an output that comes in parts', () => {
  async function* parts(sizes: number[]): AsyncGenerator<OutputPart> {
    let number = 0;
    for (const size of sizes) {
      const data = Array.from({ length: size }, () => ({ number: number++ }));
      yield { data, text: data.map((row) => String(row.number)) };
    }
  }

  async function lines(sizes: number[], form: 'compact' | 'pretty', json: 'array' | 'rows' = 'array') {
    const found: string[] = [];
    for await (const batch of linesOf({ json, parts: parts(sizes) }, form)) found.push(...batch);
    return found;
  }

  it.each([[[]], [[0]], [[1]], [[2, 0]], [[1, 2, 3]], [[0, 1, 0, 2]]])(
    'of %j rows is one JSON array',
    async (sizes) => {
      const rows = Array.from({ length: sizes.reduce((sum, size) => sum + size, 0) }, (_, number) => ({
        number,
      }));
      expect(JSON.parse((await lines(sizes, 'compact')).join('\n'))).toEqual(rows);
      const pretty = (await lines(sizes, 'pretty')).join('\n');
      expect(pretty).toBe(JSON.stringify(rows, null, 2));
    },
  );

  it('is one line when it has one part, and else a line for each', async () => {
    expect(await lines([3, 0], 'compact')).toHaveLength(1);
    expect(await lines([3, 3, 0], 'compact')).toHaveLength(2);
  });

  it('that never ends is an object on each line', async () => {
    expect(await lines([1, 2], 'compact', 'rows')).toEqual(['{"number":0}', '{"number":1}', '{"number":2}']);
  });
});
