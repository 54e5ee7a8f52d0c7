/** Where the demo is shown: redrawn in place on a terminal, one plain line per event anywhere else. */
import { plain, truncate } from './ansi.js';

const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';

export interface Screen {
  /** Redraws the picture; a no-op where there is no terminal. */
  draw(lines: string[]): void;
  /** Reports an event; a no-op where the picture shows it. */
  log(line: string): void;
  /** Prints the closing lines below the picture. */
  close(lines: string[]): void;
}

/** A screen for `stream`; `quiet` shows nothing at all. */
export function openScreen(stream: NodeJS.WriteStream, quiet: boolean): Screen {
  if (quiet) return { draw() {}, log() {}, close() {} };
  return stream.isTTY ? new TerminalScreen(stream) : new PlainScreen(stream);
}

class TerminalScreen implements Screen {
  private drawn = 0;
  private readonly showCursor = () => {
    this.stream.write(SHOW_CURSOR);
  };

  constructor(private readonly stream: NodeJS.WriteStream) {
    stream.write(HIDE_CURSOR);
    process.on('exit', this.showCursor);
  }

  draw(lines: string[]): void {
    const up = this.drawn === 0 ? '' : `\u001b[${this.drawn}A\r\u001b[J`;
    const visible = lines.slice(0, this.stream.rows - 1).map((line) => truncate(line, this.stream.columns));
    this.stream.write(`${up}${visible.join('\n')}\n`);
    this.drawn = visible.length;
  }

  log(): void {}

  close(lines: string[]): void {
    this.draw([]);
    this.stream.write(`${lines.join('\n')}\n${SHOW_CURSOR}`);
    process.off('exit', this.showCursor);
  }
}

class PlainScreen implements Screen {
  constructor(private readonly stream: NodeJS.WriteStream) {}

  draw(): void {}

  log(line: string): void {
    this.stream.write(`${plain(line)}\n`);
  }

  close(lines: string[]): void {
    this.stream.write(`\n${lines.map(plain).join('\n')}\n`);
  }
}
