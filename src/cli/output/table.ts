/** Aligned columns that fit a terminal. */
import { displayWidth } from '../../grammar/explain.js';

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
}

/** Lays rows out under their titles; an empty table is one line that says so. */
export function table<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  whenEmpty: string,
): string[] {
  if (rows.length === 0) return [whenEmpty];
  const cells = rows.map((row) => columns.map((column) => column.cell(row)));
  const widths = columns.map((column, index) =>
    cells.reduce((widest, row) => Math.max(widest, displayWidth(row[index])), column.title.length),
  );
  let excess = widths.reduce((sum, width) => sum + width + GAP, -GAP) - TEXT_WIDTH;
  for (const [index, { shrinkTo }] of columns.entries()) {
    if (excess <= 0 || shrinkTo === undefined) continue;
    const cut = Math.min(excess, Math.max(0, widths[index] - shrinkTo));
    widths[index] -= cut;
    excess -= cut;
  }
  return [columns.map((column) => column.title), ...cells].flatMap((row) =>
    unfold(row, columns, widths).map((line) =>
      line
        .map((cell, index) => fitCell(cell, widths[index], columns[index].align === 'right'))
        .join(' '.repeat(GAP))
        .trimEnd(),
    ),
  );
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

function fold(text: string, width: number): string[] {
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

function fitCell(text: string, width: number, right: boolean): string {
  let shown = text;
  if (displayWidth(shown) > width) {
    while (displayWidth(shown) > width - 1) shown = [...shown].slice(0, -1).join('');
    shown += '…';
  }
  const padding = ' '.repeat(Math.max(0, width - displayWidth(shown)));
  return right ? padding + shown : shown + padding;
}
