/** The drill's result as one page that needs no other file. */
import type { Policy } from '../../src/api/config.js';
import { DEATH_KINDS, DEATHS } from '../lab/deaths.js';
import { machineLine } from './machine.js';
import { escapeHtml, type Mark, type PlotRow, stripPlot } from './plot.js';
import { milliseconds, troubleLines } from './report.js';
import {
  type DrillResult,
  detectionOf,
  outageGoal,
  outageOf,
  percentiles,
  type SummarizedCell,
} from './summary.js';

const STYLE = `
:root { color-scheme: light dark; --paper: #fff; --ink: #1b1f24; --soft: #59636e; --line: #d8dee4; --faint: #eef1f4;
  --full: #0b5cad; --cross: #b3261e; --goal: #1a7f37; --tick: #9a6700; }
@media (prefers-color-scheme: dark) { :root { --paper: #12161c; --ink: #e6edf3; --soft: #9aa5b1; --line: #333c47;
  --faint: #1f262e; --full: #79b8ff; --cross: #ff8a80; --goal: #56d364; --tick: #e3b341; } }
body { margin: 0 auto; padding: 1.5rem; max-width: 78rem; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { margin: 0; font-size: 1.5rem; } h2 { margin: 2rem 0 .5rem; font-size: 1.15rem; } h3 { margin: .5rem 0; font-size: 1rem; }
p { margin: .4rem 0; } .soft { color: var(--soft); }
.tiles { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1rem 0; padding: 0; list-style: none; }
.tiles li { border: 1px solid var(--line); border-radius: .5rem; padding: .5rem 1rem; }
.tiles b { display: block; font-size: 1.4rem; font-variant-numeric: tabular-nums; }
.bad { color: var(--cross); }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr)); gap: 1rem 2rem; }
figure { margin: 0; } figcaption { font-weight: 600; }
svg { display: block; width: 100%; height: auto; } svg text { fill: var(--ink); font: 12px system-ui, sans-serif; }
.grid { stroke: var(--faint); } .grid.main { stroke: var(--line); } .row { stroke: var(--faint); }
.full { fill: var(--full); fill-opacity: .75; } .hollow { fill: none; stroke: var(--full); stroke-width: 1.4; }
.cross { fill: none; stroke: var(--cross); stroke-width: 2; } .goal { stroke: var(--goal); stroke-width: 2.5; }
.tick { stroke: var(--tick); stroke-width: 1.2; }
.key { display: inline-block; width: 1.2em; height: 1em; vertical-align: -.15em; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; font: 13px/1.4 system-ui, sans-serif;
  font-variant-numeric: tabular-nums; white-space: nowrap; }
caption { text-align: left; color: var(--soft); padding-bottom: .4rem; }
th, td { padding: .2rem .45rem; border-bottom: 1px solid var(--line); text-align: right; }
th[scope=row], td.word, th.word { text-align: left; } thead th { border-bottom: 2px solid var(--line); }
code { font-size: .92em; }
`;

/** The whole page. */
export function drillPage(result: DrillResult): string {
  const { options, cells, startedAt, machine } = result;
  const policies = options.policies;
  const { interval, hold } = options.timers;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Octolink: the drill</title>
<style>${STYLE}</style>
</head>
<body>
<h1>Octolink: the drill</h1>
<p class="soft">${escapeHtml(startedAt)} · ${escapeHtml(machineLine(machine))}</p>
<p>Two hosts, ${options.links} links, heartbeats every ${interval} ms, hold time ${hold} ms. The link in use dies
${options.times} ${options.times === 1 ? 'time' : 'times'} in each way. Busy: a ping every millisecond, and
${options.rate} UDP datagrams a second.</p>
${tiles(cells)}
${legend()}
${policies.map((policy) => policySection(result, policy)).join('\n')}
<h2>All figures</h2>
${figures(result)}
${trouble(cells)}
</body>
</html>
`;
}

function tiles(cells: SummarizedCell[]): string {
  const sum = (of: (cell: SummarizedCell) => number) => cells.reduce((total, cell) => total + of(cell), 0);
  const whole = cells.filter(({ kind }) => DEATHS[kind].outcome !== 'worse');
  const lost = whole.reduce((total, { summary }) => total + summary.lost + summary.duplicated, 0);
  const tile = (figure: string | number, text: string, isBad = false) =>
    `<li><b${isBad ? ' class="bad"' : ''}>${figure.toLocaleString('en')}</b>${text}</li>`;
  return `<ul class="tiles">
${tile(
  sum(({ trials }) => trials.length),
  'deaths',
)}
${tile(
  sum(({ summary }) => summary.sent),
  'frames sent meanwhile',
)}
${tile(lost, 'lost or twice, where none may be', lost > 0)}
${tile(whole.filter(({ summary }) => summary.verdict === 'broken').length, 'cells that did not hold')}
${tile(milliseconds(Math.max(...cells.map(({ summary }) => summary.latenessMs))), 'ms: the worst lateness of a worker')}
</ul>`;
}

function legend(): string {
  const key = (shape: string, text: string) =>
    `<svg class="key" viewBox="0 0 16 14" aria-hidden="true">${shape}</svg> ${text}`;
  return `<p>${[
    key('<circle class="full" cx="8" cy="7" r="4"/>', 'one death, busy'),
    key('<circle class="hollow" cx="8" cy="7" r="4"/>', 'one death, idle'),
    key('<path class="cross" d="M4 3L12 11M12 3L4 11"/>', 'something was lost or came twice'),
    key('<line class="tick" x1="8" x2="8" y1="3" y2="11"/>', "the workers' own lateness"),
    key('<line class="goal" x1="8" x2="8" y1="1" y2="13"/>', 'goal'),
  ].join(' &ensp; ')}</p>`;
}

function policySection({ cells, options }: DrillResult, policy: Policy): string {
  const own = cells.filter((cell) => cell.policy === policy);
  const kinds = DEATH_KINDS.filter((kind) => own.some((cell) => cell.kind === kind));
  const rows = (marksOf: (cell: SummarizedCell) => Mark[]): PlotRow[] =>
    kinds.map((label) => ({ label, marks: own.filter(({ kind }) => kind === label).flatMap(marksOf) }));
  const outages = rows((cell) => outageMarks(cell, options.timers));
  const detections = rows(detectionMarks);
  const mostMs = Math.max(
    ...cells.flatMap((cell) =>
      [...outageMarks(cell, options.timers), ...detectionMarks(cell)].map(({ ms }) => ms),
    ),
  );
  const plot = (title: string, plotRows: PlotRow[]) => `<figure><figcaption>${title}</figcaption>
${stripPlot(plotRows, { description: `${title}, policy ${policy}: ${inWords(plotRows)}`, mostMs })}</figure>`;
  return `<section><h2>Policy <code>${policy}</code></h2><div class="plots">
${plot('Outage: the longest silence of ping and stream', outages)}
${plot('Detection: until both ends have left the link', detections)}
</div></section>`;
}

function outageMarks(cell: SummarizedCell, timers: DrillResult['options']['timers']): Mark[] {
  if (cell.load === 'idle') return [];
  const goal = outageGoal(cell.kind, cell.policy, timers);
  return [
    ...(goal === null ? [] : [{ kind: 'goal' as const, ms: goal }]),
    ...cell.trials.flatMap(({ traffic, latenessMs: { near, far } }): Mark[] => {
      if (traffic === null) return [];
      const isWhole = traffic.lost + traffic.duplicated === 0;
      return [
        { kind: 'tick', ms: Math.max(near ?? 0, far ?? 0) },
        { kind: isWhole ? 'full' : 'cross', ms: outageOf(traffic) },
      ];
    }),
  ];
}

function detectionMarks(cell: SummarizedCell): Mark[] {
  const kind = cell.load === 'busy' ? 'full' : 'hollow';
  return cell.trials.flatMap((trial) => {
    const ms = detectionOf(trial);
    return ms === null ? [] : [{ kind, ms } as const];
  });
}

function inWords(rows: PlotRow[]): string {
  return rows
    .map(({ label, marks }) => {
      const found = percentiles(
        marks.filter(({ kind }) => kind !== 'goal' && kind !== 'tick').map(({ ms }) => ms),
      );
      return found === null
        ? `${label} none`
        : `${label} median ${milliseconds(found.p50)}, most ${milliseconds(found.max)} ms`;
    })
    .join('; ');
}

const COLUMNS = [
  'Detection p50',
  'p95',
  'p99',
  'max',
  'Outage p50',
  'p95',
  'p99',
  'max',
  'Goal',
  'Sent',
  'Lost',
  'Twice',
  'By kernel',
  'Resent',
  'Extra %',
  'Thread late',
  'Undisturbed silence',
];

function figures({ cells, options }: DrillResult): string {
  const head = ['Death', 'Policy', 'Load'].map((text) => `<th scope="col" class="word">${text}</th>`);
  const columns = [...COLUMNS, 'Verdict'].map((text) => `<th scope="col">${text}</th>`);
  return `<p class="soft">Times in milliseconds. Detection is counted from the order to the kernel, which itself takes a few.
Resent: datagrams sent a second time because they may have been lost, and their share of all frames. By kernel: what it threw away from queues
and buffers because a program came late, which no link is to blame for. Undisturbed: the longest silence before the first death.</p>
<div class="scroll"><table>
<caption>Every cell of the drill</caption>
<thead><tr>${[...head, ...columns].join('')}</tr></thead>
<tbody>
${cells.map((cell) => tableRow(cell, options.timers)).join('\n')}
</tbody></table></div>`;
}

function tableRow(cell: SummarizedCell, timers: DrillResult['options']['timers']): string {
  const { summary, undisturbed } = cell;
  const isBusy = cell.load === 'busy';
  const times = ({ detectionMs, outageMs }: typeof summary) =>
    [detectionMs, outageMs].flatMap((values) =>
      (['p50', 'p95', 'p99', 'max'] as const).map((name) => milliseconds(values?.[name])),
    );
  const counts = isBusy ? [summary.sent, summary.lost, summary.duplicated] : ['—', '—', '—'];
  const values = [
    ...times(summary),
    milliseconds(isBusy ? outageGoal(cell.kind, cell.policy, timers) : null),
    ...counts,
    summary.kernelDrops,
    summary.resent,
    summary.extraPercent === null ? '—' : summary.extraPercent.toFixed(2),
    milliseconds(summary.latenessMs),
    milliseconds(undisturbed && outageOf(undisturbed)),
  ];
  const { verdict } = summary;
  const words = { held: 'held', broken: '<span class="bad">broken</span>', told: '—' };
  return `<tr><th scope="row" title="${escapeHtml(DEATHS[cell.kind].title)}">${cell.kind}</th><td class="word">${cell.policy}</td><td class="word">${cell.load}</td>${values
    .map((value) => `<td>${value}</td>`)
    .join('')}<td class="word">${words[verdict]}</td></tr>`;
}

function trouble(cells: SummarizedCell[]): string {
  const lines = troubleLines(cells);
  if (lines.length === 0) return '';
  return `<h2>What was lost</h2><ul>${lines.map((line) => `<li>${escapeHtml(line)}</li>`).join('')}</ul>`;
}
