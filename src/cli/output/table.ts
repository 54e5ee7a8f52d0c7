/** Aligned columns that fit a terminal. */
import { displayWidth } from '../../grammar/display-width.js';

export const TEXT_WIDTH = 80;
const GAP = 2;

export interface Column<Row> {
  title: string;
  cell(row: Row): string;
  align?: 'right';
  /** Gives way when the row is too wide, down to this many columns. */
  shrinkTo?: number;
  /** What does not fit continues on the next line, rather than being cut. Last column only. */
  folds?: true;
  /** Left out where there is no room for it, the last such column first. */
  optional?: true;
}

/** Gathered from all rows, and printed below them. */
export interface Summary<Row> {
  add(rows: readonly Row[]): void;
  lines(): string[];
}

/** A table that may be too long to be laid out at once. */
export interface TableLayout<Row> {
  columns: readonly Column<Row>[];
  /** Stands there instead of a table without rows. */
  whenEmpty: string;
  /** Stands below the rows. */
  footer?: readonly string[];
  /** A new one for each table. */
  summary?(): Summary<Row>;
  /** Columns that there are; absent: 80, which every terminal has. */
  width?: number;
}

/** Lays rows out under their titles; an empty table is one line that says so. */
export function table<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  whenEmpty: string,
): string[] {
  const growing = new GrowingTable({ columns, whenEmpty });
  return [...growing.add(rows), ...growing.end()];
}

/** Lays rows out as they come. */
export interface Growing<Row> {
  add(rows: readonly Row[]): string[];
  /** What stands below the last row. */
  end(): string[];
}

/** Several lines for each row, with an empty one between two. */
export interface BlockLayout<Row> {
  block(row: Row): string[];
  /** Stands there where there are no rows. */
  whenEmpty: string;
}

export class GrowingBlocks<Row> implements Growing<Row> {
  private begun = false;

  constructor(private readonly layout: BlockLayout<Row>) {}

  add(rows: readonly Row[]): string[] {
    return rows.flatMap((row) => {
      const lines = this.layout.block(row);
      const all = this.begun ? ['', ...lines] : lines;
      this.begun = true;
      return all;
    });
  }

  end(): string[] {
    return this.begun ? [] : [this.layout.whenEmpty];
  }
}

/** Lays rows out under titles as they come. Columns never get narrower; titles stand above the first rows. */
export class GrowingTable<Row> implements Growing<Row> {
  private readonly layout: TableLayout<Row>;
  /** Those that there is room for, once the first rows are known. */
  private columns: readonly Column<Row>[];
  private wanted: number[] = [];
  private begun = false;
  private readonly summary: Summary<Row> | undefined;

  constructor(layout: TableLayout<Row>) {
    this.layout = layout;
    this.columns = layout.columns;
    this.summary = layout.summary?.();
  }

  add(rows: readonly Row[]): string[] {
    if (rows.length === 0) return [];
    this.summary?.add(rows);
    const available = this.layout.width ?? TEXT_WIDTH;
    if (!this.begun) this.columns = thatFit(this.layout.columns, rows, available);
    const { columns } = this;
    const cells = rows.map((row) => columns.map((column) => column.cell(row)));
    this.wanted = columns.map(({ title }, index) =>
      cells.reduce(
        (widest, row) => Math.max(widest, displayWidth(row[index])),
        this.wanted[index] ?? displayWidth(title),
      ),
    );
    const widths = fitting(columns, this.wanted, available);
    const titles = this.begun ? [] : [columns.map((column) => column.title)];
    this.begun = true;
    return [...titles, ...cells].flatMap((row) =>
      unfold(row, columns, widths).map((line) =>
        line
          .map((cell, index) => fitCell(cell, widths[index], columns[index].align === 'right'))
          .join(' '.repeat(GAP))
          .trimEnd(),
      ),
    );
  }

  end(): string[] {
    const { whenEmpty, footer = [] } = this.layout;
    return this.begun ? [...footer, ...(this.summary?.lines() ?? [])] : [whenEmpty];
  }
}

/** The columns without those optional ones that find no room beside the first rows, or have nothing to say of them. */
function thatFit<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  available: number,
): readonly Column<Row>[] {
  const widthOf = (column: Column<Row>): number =>
    rows.reduce((widest, row) => Math.max(widest, displayWidth(column.cell(row))), 0);
  const sized = columns.map((column) => ({ column, width: widthOf(column) }));
  const kept = sized.filter(({ column, width }) => !column.optional || width > 0);
  const total = (): number =>
    kept.reduce((sum, { column, width }) => sum + Math.max(width, displayWidth(column.title)) + GAP, -GAP);
  while (total() > available) {
    const last = kept.findLastIndex(({ column }) => column.optional);
    if (last < 0) break;
    kept.splice(last, 1);
  }
  return kept.map(({ column }) => column);
}

/** Widths that fit the line: what is too much is taken from the columns that give way. */
function fitting<Row>(
  columns: readonly Column<Row>[],
  wanted: readonly number[],
  available: number,
): number[] {
  const widths = [...wanted];
  let excess = widths.reduce((sum, width) => sum + width + GAP, -GAP) - available;
  for (const [index, { shrinkTo }] of columns.entries()) {
    if (excess <= 0 || shrinkTo === undefined) continue;
    const cut = Math.min(excess, Math.max(0, widths[index] - shrinkTo));
    widths[index] -= cut;
    excess -= cut;
  }
  return widths;
}

/** The lines that a row takes: several where its last cell folds. */
function unfold<Row>(row: string[], columns: readonly Column<Row>[], widths: readonly number[]): string[][] {
  const last = columns.length - 1;
  if (!columns[last].folds) return [row];
  return fold(row[last], widths[last]).map((text, line) =>
    row.map((cell, index) => (index === last ? text : line === 0 ? cell : '')),
  );
}

/** Two columns, the second folded under itself: for help. */
export function twoColumns(rows: readonly (readonly [string, string])[], width: number): string[] {
  const first = Math.min(
    28,
    rows.reduce((widest, [name]) => Math.max(widest, displayWidth(name)), 0),
  );
  return rows.flatMap(([name, text]) => {
    const folded = fold(text, Math.max(20, width - first - 4));
    return folded.map((line, index) =>
      `  ${fitCell(index === 0 ? name : '', first, false)}  ${line}`.trimEnd(),
    );
  });
}

/** Words in as many columns as fit, read from left to right: for what Tab offers. */
export function columnsOf(words: readonly string[], width: number): string[] {
  const cell = GAP + words.reduce((widest, word) => Math.max(widest, displayWidth(word)), 0);
  const perRow = Math.max(1, Math.floor(width / cell));
  const rows: string[] = [];
  for (let at = 0; at < words.length; at += perRow) {
    const row = words.slice(at, at + perRow).map((word) => fitCell(word, cell, false));
    rows.push(row.join('').trimEnd());
  }
  return rows;
}

/** Text in lines of at most `width` columns, broken between words. */
export function fold(text: string, width: number): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines[lines.length - 1];
    if (last === '') lines[lines.length - 1] = word;
    else if (displayWidth(last) + 1 + displayWidth(word) <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** A line in lines of at most `width` columns, each with its indentation; it is not broken inside words. */
export function foldLine(line: string, width: number): string[] {
  if (displayWidth(line) <= width) return [line];
  const indent = line.slice(0, line.search(/\S|$/));
  return fold(line.trimStart(), width - indent.length - GAP).map(
    (part, index) => `${indent}${index === 0 ? '' : ' '.repeat(GAP)}${part}`,
  );
}

function fitCell(text: string, width: number, right: boolean): string {
  const shown = shorten(text, width);
  const padding = ' '.repeat(Math.max(0, width - displayWidth(shown)));
  return right ? padding + shown : shown + padding;
}

/** A name in at most `width` columns: `…` stands for its middle, since long names mostly differ at their ends. */
export function shorten(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  const tail = lastColumns(text, Math.floor((width - 1) / 2));
  return cut(text, width - displayWidth(tail)) + tail;
}

/** The end of a text, in at most `width` columns. */
function lastColumns(text: string, width: number): string {
  let tail = '';
  for (const character of [...text].reverse()) {
    if (displayWidth(character + tail) > width) break;
    tail = character + tail;
  }
  return tail;
}

/** Text in at most `width` columns; `…` stands for what is missing. */
export function cut(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  let shown = '';
  let used = 0;
  for (const character of text) {
    used += displayWidth(character);
    if (used > width - 1) break;
    shown += character;
  }
  return `${shown}…`;
}
