/** Shows a prompt and a line on a terminal, over as many rows as they take, and keeps the cursor in its place. */
import { displayWidth } from '../../grammar/display-width.js';

interface ViewedLine {
  prompt: string;
  text: string;
  /** Offset of the cursor in `text`. */
  cursor: number;
}

interface Place {
  row: number;
  column: number;
}

const CLEAR_BELOW = '\r\x1b[J';

export class LineView {
  private readonly write: (text: string) => void;
  private readonly columns: () => number;
  private shown: ViewedLine | null = null;

  constructor(write: (text: string) => void, columns: () => number) {
    this.write = write;
    this.columns = columns;
  }

  /** Shows the line, in the place of what this showed before. */
  show(line: ViewedLine): void {
    const before = this.shown;
    this.shown = line;
    // What is typed at the end is just written: nothing flickers, and programs that read along see plain text.
    if (before !== null && this.appends(before, line)) {
      this.write(line.text.slice(before.text.length) + this.wrap(line));
      return;
    }
    if (before !== null) this.write(this.toTop(before) + CLEAR_BELOW);
    this.write(line.prompt + line.text + this.wrap(line) + this.fromEnd(line));
  }

  /** Takes the line off the screen; the cursor is where it began. */
  hide(): void {
    if (this.shown === null) return;
    this.write(this.toTop(this.shown) + CLEAR_BELOW);
    this.shown = null;
  }

  /** Leaves the line on the screen for good, followed by `ending`; the cursor is below. */
  leave(ending = ''): void {
    if (this.shown === null) return;
    const atEnd = { ...this.shown, cursor: this.shown.text.length };
    this.show(atEnd);
    this.shown = null;
    const wrapped = ending === '' && this.end(atEnd).column === 0 && this.end(atEnd).row > 0;
    this.write(wrapped ? '' : `${ending}\n`);
  }

  /** Shows the line again after the terminal has changed its width. */
  redraw(): void {
    const line = this.shown;
    if (line === null) return;
    this.hide();
    this.show(line);
  }

  /** Shows the line on a screen that was cleared. */
  redrawOnTop(): void {
    const line = this.shown;
    this.shown = null;
    this.write('\x1b[H\x1b[2J');
    if (line !== null) this.show(line);
  }

  private appends(before: ViewedLine, line: ViewedLine): boolean {
    return (
      before.prompt === line.prompt &&
      before.cursor === before.text.length &&
      line.cursor === line.text.length &&
      line.text.startsWith(before.text)
    );
  }

  /** At the right margin terminals wait for the next character before they go on to the next row; this makes them. */
  private wrap(line: ViewedLine): string {
    const end = this.end(line);
    return end.column === 0 && end.row > 0 ? ' \r' : '';
  }

  private toTop(line: ViewedLine): string {
    const { row } = this.placeOf(line);
    return row === 0 ? '' : `\x1b[${row}A`;
  }

  /** Moves from the end of the line to its cursor. */
  private fromEnd(line: ViewedLine): string {
    if (line.cursor === line.text.length) return '';
    const end = this.end(line);
    const place = this.placeOf(line);
    const up = end.row - place.row;
    return `${up === 0 ? '' : `\x1b[${up}A`}\r${place.column === 0 ? '' : `\x1b[${place.column}C`}`;
  }

  private end({ prompt, text }: ViewedLine): Place {
    return place(prompt + text, this.columns());
  }

  private placeOf({ prompt, text, cursor }: ViewedLine): Place {
    return place(prompt + text.slice(0, cursor), this.columns());
  }
}

/** Where the character after `text` stands, if `text` begins at the left margin. */
function place(text: string, columns: number): Place {
  let row = 0;
  let column = 0;
  for (const character of text) {
    const width = displayWidth(character);
    // A wide character that does not fit leaves the last column empty.
    if (column + width > columns) {
      row++;
      column = 0;
    }
    column += width;
    if (column === columns) {
      row++;
      column = 0;
    }
  }
  return { row, column };
}
