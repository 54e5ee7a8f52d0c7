/** Stops long output at full screens, and goes back and forth in it. */
import { displayWidth } from '../../grammar/display-width.js';
import { askAtFullScreen, type Wish } from './pager-keys.js';
import type { Terminal } from './terminal.js';

interface PagerOptions {
  /** Rows of a screen; 0: never stop. Asked at each screen, since it may change. */
  height(): number;
  /** What is done to a line last, such as colours; it must not change its width. */
  paint(line: string): string;
}

/**
 * Prints lines as they come and stops whenever a screen is full. Ends the source early when the user has seen enough,
 * and when `signal` aborts.
 */
export async function page(
  terminal: Terminal,
  lines: AsyncIterable<string[]>,
  options: PagerOptions,
  signal: AbortSignal,
): Promise<void> {
  const pager = new Pager(terminal, new ReadLines(lines), options, signal);
  await pager.run();
}

/** Lines read from a source as far as somebody has asked; those read can be had again. */
class ReadLines {
  private readonly source: AsyncIterator<string[]>;
  private readonly lines: string[] = [];
  private isOver = false;

  constructor(source: AsyncIterable<string[]>) {
    this.source = source[Symbol.asyncIterator]();
  }

  /** Lines that can be had without waiting. */
  get count(): number {
    return this.lines.length;
  }

  /** The line of an index; null after the last. */
  async at(index: number): Promise<string | null> {
    while (index >= this.lines.length && !this.isOver) {
      const { done, value } = await this.source.next();
      if (done) this.isOver = true;
      else for (const line of value) this.lines.push(line);
    }
    return this.lines[index] ?? null;
  }

  /** A line that was read before. */
  known(index: number): string {
    return this.lines[index];
  }

  async close(): Promise<void> {
    await this.source.return?.();
  }
}

class Pager {
  private readonly terminal: Terminal;
  private readonly lines: ReadLines;
  private readonly options: PagerOptions;
  private readonly signal: AbortSignal;
  /** Index of the line to print next. */
  private next = 0;
  /** Rows left on the screen. */
  private room: number;
  private output = '';
  private pattern: RegExp | null = null;
  /** Index of the line that the last search found. */
  private found = -1;

  constructor(terminal: Terminal, lines: ReadLines, options: PagerOptions, signal: AbortSignal) {
    this.terminal = terminal;
    this.lines = lines;
    this.options = options;
    this.signal = signal;
    this.room = this.screen;
  }

  async run(): Promise<void> {
    try {
      while (!this.signal.aborted) {
        if (this.next >= this.lines.count) await this.flush();
        const line = await this.lines.at(this.next);
        if (line === null) break;
        const rows = this.rowsOf(line);
        // Asked before the line that does not fit, so that nothing is asked after the last line.
        if (rows > this.room && this.room < this.screen) {
          if (!(await this.ask())) return;
        } else {
          this.output += `${rows === 1 ? this.options.paint(line) : line}\n`;
          this.room -= rows;
          this.next++;
        }
      }
      await this.flush();
    } finally {
      await this.lines.close();
    }
  }

  private get screen(): number {
    const height = this.options.height();
    return height > 1 ? height - 1 : Number.POSITIVE_INFINITY;
  }

  private async flush(): Promise<void> {
    const { output } = this;
    this.output = '';
    if (output !== '') await this.terminal.writeFully(output);
  }

  /** Asks until there is something to print; false: the user has seen enough. */
  private async ask(): Promise<boolean> {
    await this.flush();
    for (let note = ''; ; ) {
      const wish = await askAtFullScreen(this.terminal, note, this.signal);
      if (wish.kind === 'quit') return false;
      if (await this.go(wish)) return true;
      if (this.signal.aborted) return false;
      note = this.pattern === null ? 'nothing was searched for' : 'pattern not found';
    }
  }

  /** Goes where the user wants to; false, and it stays, when there is no such place. */
  private async go(wish: Exclude<Wish, { kind: 'quit' }>): Promise<boolean> {
    switch (wish.kind) {
      case 'page':
        this.room = this.screen;
        return true;
      case 'line':
        this.room = this.rowsOf(this.lines.known(this.next));
        return true;
      case 'back':
        return this.jump(this.topOf(this.topOf(this.next)), '...back');
      case 'first':
        return this.jump(0, '...back');
      case 'last':
        while ((await this.lines.at(this.lines.count)) !== null && !this.signal.aborted);
        return this.jump(Math.max(this.next, this.topOf(this.lines.count)), '...skipping');
      case 'search':
        this.pattern = wish.pattern;
        return this.search(this.next, 1);
      case 'next':
        return this.search(this.found + 1, 1);
      case 'previous':
        return this.search(this.found - 1, -1);
    }
  }

  private async search(from: number, step: 1 | -1): Promise<boolean> {
    if (this.pattern === null) return false;
    for (let index = from; index >= 0 && !this.signal.aborted; index += step) {
      const line = await this.lines.at(index);
      if (line === null) return false;
      if (!this.pattern.test(line)) continue;
      this.found = index;
      return this.jump(index, index < this.next ? '...back' : '...skipping');
    }
    return false;
  }

  private jump(to: number, remark: string): true {
    this.terminal.write(`${remark}\n`);
    this.next = to;
    this.room = this.screen;
    return true;
  }

  /** Index of the first line of the screen that ends before `end`. */
  private topOf(end: number): number {
    let top = end;
    for (let room = this.screen; top > 0; top--) {
      room -= this.rowsOf(this.lines.known(top - 1));
      if (room < 0) break;
    }
    return top;
  }

  /** Rows that a line takes on the screen. */
  private rowsOf(line: string): number {
    const { columns } = this.terminal;
    if (line.length <= columns / 2) return 1;
    return Math.max(1, Math.ceil(displayWidth(line) / columns));
  }
}
