/** A panel of bars for each of some figures, as an SVG that stands alone: a bar for each row of the table. */
import { escapeHtml } from '../../scripts/drill/plot.js';
import { FIGURES, type Figure } from '../figures.js';
import { median, number, type Row, valuesOf } from '../report.js';

const [LABEL_WIDTH, BAR_WIDTH, VALUE_WIDTH] = [250, 330, 60];
const WIDTH = LABEL_WIDTH + BAR_WIDTH + VALUE_WIDTH;
const [BAR_HEIGHT, TITLE_HEIGHT, GAP] = [18, 28, 14];
const COLOURS = { own: '#0072b2', vpn: '#d55e00', clear: '#999999' };

/** The picture. Bars of a panel share a scale from 0. */
export function barPlot(rows: readonly Row[], figures: readonly Figure[]): string {
  const panelHeight = TITLE_HEIGHT + rows.length * BAR_HEIGHT + GAP;
  const height = figures.length * panelHeight;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escapeHtml(inWords(figures))}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    ...figures.flatMap((figure, index) => panel(rows, figure, index * panelHeight)),
    '</svg>\n',
  ].join('\n');
}

function inWords(figures: readonly Figure[]): string {
  return `Bars of ${figures.map((figure) => FIGURES[figure].title).join('; ')}. The table beside has the numbers.`;
}

function panel(rows: readonly Row[], figure: Figure, top: number): string[] {
  const { title, unit, lowerIsBetter } = FIGURES[figure];
  const values = rows.map((row) => median(valuesOf(row, figure)));
  const most = Math.max(Number.MIN_VALUE, ...values.map((value) => value ?? 0));
  const heading = `${title}, ${unit} (${lowerIsBetter ? 'less' : 'more'} is better)`;
  return [
    `<text x="${LABEL_WIDTH}" y="${top + 18}" font-weight="bold">${escapeHtml(heading)}</text>`,
    ...rows.map((row, index) => bar(row, values[index], most, top + TITLE_HEIGHT + index * BAR_HEIGHT)),
  ];
}

function bar(row: Row, value: number | undefined, most: number, top: number): string {
  const colour = row.name.startsWith('octolink') ? COLOURS.own : row.encrypted ? COLOURS.vpn : COLOURS.clear;
  const width = ((value ?? 0) / most) * BAR_WIDTH;
  const [middle, end] = [top + BAR_HEIGHT - 5, LABEL_WIDTH + width + 6];
  return [
    `<text x="${LABEL_WIDTH - 8}" y="${middle}" text-anchor="end">${escapeHtml(row.title)}</text>`,
    `<rect x="${LABEL_WIDTH}" y="${top + 2}" width="${width.toFixed(1)}" height="${BAR_HEIGHT - 4}" fill="${colour}"/>`,
    `<text x="${end.toFixed(1)}" y="${middle}">${number(value)}</text>`,
  ].join('');
}
