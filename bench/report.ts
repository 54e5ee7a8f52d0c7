/** The bench's results: medians, spreads, ratios, and the table that shows them. */
import { FIGURES, type Figure, type Figures } from './figures.js';

export interface Row {
  name: string;
  title: string;
  layer: 2 | 3 | null;
  encrypted: boolean;
  /** One entry a round; a round in which the peer failed is absent. */
  rounds: Figures[];
}

export interface Ratio {
  figure: Figure;
  what: string;
  /** Octolink's median divided by the other's; undefined when one of them is missing. */
  ratio: number | undefined;
}

/** Undefined of no values; of an even number of them the mean of the middle two. */
export function median(values: readonly number[]): number | undefined {
  if (values.length === 0) return undefined;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The values that a row has for a figure, one a round. */
export function valuesOf(row: Row, figure: Figure): number[] {
  return row.rounds.flatMap((round) => round[figure] ?? []);
}

/** Half the distance between the lowest and the highest round, in percent of the median. */
export function spreadPercent(values: number[]): number | undefined {
  const middle = median(values);
  if (middle === undefined || middle === 0 || values.length < 2) return undefined;
  return ((Math.max(...values) - Math.min(...values)) / 2 / middle) * 100;
}

/** The best of `rows` by a figure's median. */
function best(rows: Row[], figure: Figure): number | undefined {
  const medians = rows.flatMap((row) => median(valuesOf(row, figure)) ?? []);
  if (medians.length === 0) return undefined;
  return FIGURES[figure].lowerIsBetter ? Math.min(...medians) : Math.max(...medians);
}

/** Octolink against the peers that its goals name. */
export function ratios(octolink: Row, rows: Row[]): Ratio[] {
  const others = rows.filter((row) => !row.name.startsWith('octolink') && row.encrypted);
  const named = (name: string) => rows.filter((row) => row.name === name);
  const compare = (figure: Figure, what: string, against: Row[]): Ratio => {
    const own = median(valuesOf(octolink, figure));
    const other = best(against, figure);
    return { figure, what, ratio: own === undefined || !other ? undefined : own / other };
  };
  return [
    compare('tcp1', 'wireguard-go', named('wireguard-go')),
    compare(
      'tcp1',
      'the best Layer-2 VPN beside it',
      others.filter((row) => row.layer === 2),
    ),
    compare('loss1', 'wireguard-go', named('wireguard-go')),
    compare('udp64', 'kernel VXLAN in the clear', named('vxlan')),
    compare('rtt', 'the best VPN beside it', others),
  ];
}

/** A figure for the reader: three digits or so. */
export function number(value: number | undefined): string {
  if (value === undefined) return '—';
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toFixed(value < 1 ? 3 : 2);
}

/** One line a row: the median and, from two rounds on, the spread of each figure. */
export function table(rows: Row[], figures: Figure[]): string {
  const head = ['', 'layer', ...figures.map((figure) => `${FIGURES[figure].title}, ${FIGURES[figure].unit}`)];
  const body = rows.map((row) => [
    row.title,
    row.layer === null ? '—' : `L${row.layer}${row.encrypted ? '' : ' clear'}`,
    ...figures.map((figure) => {
      const values = valuesOf(row, figure);
      const spread = spreadPercent(values);
      return number(median(values)) + (spread === undefined ? '' : ` ±${spread.toFixed(0)}%`);
    }),
  ]);
  return markdown([head, ...body]);
}

/** A table whose first row is its head. */
export function markdown(rows: string[][]): string {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const line = (row: string[]) => `| ${row.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`;
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`;
  return [line(rows[0]), rule, ...rows.slice(1).map(line)].join('\n');
}

/** The ratios of one row of Octolink, a line each. */
export function ratioLines(octolink: Row, rows: Row[]): string {
  return ratios(octolink, rows)
    .filter(({ ratio }) => ratio !== undefined)
    .map(({ figure, what, ratio }) => `${FIGURES[figure].title}: ${ratio!.toFixed(2)} × ${what}`)
    .join('\n');
}

/** The figures of one run, in a line. */
export function summary(figures: Figures): string {
  return Object.entries(figures)
    .map(([figure, value]) => `${figure} ${value.toPrecision(3)} ${FIGURES[figure as Figure].unit}`)
    .join(', ');
}
