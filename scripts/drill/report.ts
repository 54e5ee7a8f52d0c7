/** The drill's result as text. */
import { DEATHS } from '../lab/deaths.js';
import type { Timers } from './bed.js';
import { type Cell, outageGoal, type Percentiles, summarize } from './summary.js';

const HEAD = [
  'death',
  'policy',
  'load',
  'detection p50',
  'p99',
  'outage p50',
  'p95',
  'p99',
  'max',
  'goal',
  'lost',
  'twice',
  'by kernel',
  'resent',
  'late',
  '',
];

/** `12.3`, or a dash for what is not known. */
export function milliseconds(value: number | null | undefined): string {
  return value === null || value === undefined ? '—' : value.toFixed(1);
}

function cellRow(cell: Cell, timers: Timers): string[] {
  const summary = summarize(cell);
  const of = (values: Percentiles | null, ...which: (keyof Percentiles)[]) =>
    which.map((name) => milliseconds(values?.[name]));
  const idle = cell.load === 'idle';
  const word = { held: 'held', broken: 'BROKEN', told: '' }[summary.verdict];
  return [
    cell.kind,
    cell.policy,
    cell.load,
    ...of(summary.detectionMs, 'p50', 'p99'),
    ...of(summary.outageMs, 'p50', 'p95', 'p99', 'max'),
    idle ? '—' : milliseconds(outageGoal(cell.kind, cell.policy, timers)),
    idle ? '—' : String(summary.lost),
    idle ? '—' : String(summary.duplicated),
    String(summary.kernelDrops),
    String(summary.resent),
    milliseconds(summary.latenessMs),
    summary.unnoticed > 0 ? `${word}, ${summary.unnoticed} unnoticed` : word,
  ];
}

/** All cells as a table; times in ms. */
export function drillTable(cells: Cell[], timers: Timers): string {
  const rows = [HEAD, ...cells.map((cell) => cellRow(cell, timers))];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows
    .map((row) =>
      row
        .map((text, column) => (column < 3 ? text.padEnd(widths[column]) : text.padStart(widths[column])))
        .join('  '),
    )
    .join('\n');
}

/** What went wrong, a line each. */
export function troubleLines(cells: Cell[]): string[] {
  return cells.flatMap((cell) => {
    const place = `${cell.kind}, ${cell.policy}, ${cell.load}`;
    const failure = cell.failure === null ? [] : [`${place}: ${cell.failure}`];
    const losses = cell.trials.flatMap(({ traffic, link }, index) =>
      traffic === null || traffic.lost + traffic.duplicated === 0 || DEATHS[cell.kind].outcome === 'worse'
        ? []
        : [`${place}, death ${index + 1} (link ${link}): ${traffic.lost} lost, ${traffic.duplicated} twice`],
    );
    return [...failure, ...losses];
  });
}
