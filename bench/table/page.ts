/** `docs/bench-table.md` and its picture: one run of the bench, as it came out. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Machine, machineLine } from '../../scripts/drill/machine.js';
import { ROOT } from '../../scripts/lab/mesh.js';
import { capture } from '../../scripts/lab/run.js';
import { FIGURES, type Figure } from '../figures.js';
import { markdown, median, number, type Row, ratioLines, spreadPercent, valuesOf } from '../report.js';
import { barPlot } from './plot.js';

const NAME = 'bench-table';
/** What the picture shows of the table. */
const PICTURED: readonly Figure[] = ['tcp1', 'lossless64', 'lossless1400', 'rtt', 'p99'];

/** One run of the bench. */
export interface TableRun {
  /** As it was before the run. */
  machine: Machine;
  /** What was typed after `npm run bench --`. */
  args: readonly string[];
  rounds: number;
  seconds: number;
  figures: readonly Figure[];
  rows: readonly Row[];
}

/** Writes the page and the picture into `folder`, and returns the path of the page. */
export async function writeTable(run: TableRun, folder = join(ROOT, 'docs')): Promise<string> {
  const pictured = PICTURED.filter((figure) => run.figures.includes(figure));
  const page = join(folder, `${NAME}.md`);
  writeFileSync(join(folder, `${NAME}.svg`), barPlot(run.rows, pictured));
  writeFileSync(page, tablePage(run, new Date(), await revision()));
  return page;
}

/** The page's text: a table for each figure, since one with all of them would be too wide to read. */
export function tablePage(run: TableRun, date: Date, commit: string): string {
  const { rounds, seconds, figures, rows } = run;
  const own = rows.filter(({ name }) => name.startsWith('octolink'));
  return `# A run of the bench

Octolink beside other ways to join two hosts, written by the bench itself: do not edit. [What the rows mean](bench.md), and
what to keep in mind: absolute figures are this machine's, on which both hosts, the traffic and everything else share the
processors; compare within the table.

- ${date.toISOString().slice(0, 16).replace('T', ' ')} UTC, revision ${commit}
- ${machineLine(run.machine)}
- \`npm run bench -- ${run.args.join(' ')}\`: ${rounds} ${rounds === 1 ? 'round' : 'rounds'}, runs of ${seconds} s; the median
  and, from two rounds on, half the range in percent of it

![the same as bars](${NAME}.svg)

${figures.map((figure) => section(figure, rows)).join('\n\n')}

## Ratios

${own.map((row) => `${row.title}\n\n${asList(ratioLines(row, [...rows]))}`).join('\n\n')}
`;
}

function section(figure: Figure, rows: readonly Row[]): string {
  const { title, unit, lowerIsBetter } = FIGURES[figure];
  const body = rows.map((row) => {
    const values = valuesOf(row, figure);
    const spread = spreadPercent(values);
    const layer = row.layer === null ? '—' : `L${row.layer}${row.encrypted ? '' : ' clear'}`;
    return [row.title, layer, number(median(values)), spread === undefined ? '—' : `${spread.toFixed(0)} %`];
  });
  const head = ['', 'layer', unit, '±'];
  return `## ${title}\n\n${lowerIsBetter ? 'Less' : 'More'} is better.\n\n${markdown([head, ...body])}`;
}

function asList(lines: string): string {
  return lines === '' ? 'Nothing to compare with.' : lines.replace(/^/gm, '- ');
}

async function revision(): Promise<string> {
  const { stdout } = await capture('git', ['-C', ROOT, 'describe', '--always', '--dirty']);
  return stdout.trim() || 'unknown';
}
