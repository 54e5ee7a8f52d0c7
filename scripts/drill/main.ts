/** `npm run drill`: every kind of link death, and what happened to the traffic. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { clearLine, cursorTo } from 'node:readline';
import { type CellPlan, type Progress, runDrill } from './drill.js';
import { machine, machineLine } from './machine.js';
import { type DrillOptions, parseOptions } from './options.js';
import { drillPage } from './page.js';
import { drillTable, milliseconds, troubleLines } from './report.js';
import { runServers, serversText } from './servers.js';
import { runSoak, soakText } from './soak.js';
import { type Cell, type DrillResult, summarize } from './summary.js';

export { HELP } from './options.js';

const USAGE_ERROR = 64;

/** Shows what happens now on the terminal's last line; nothing where there is no terminal. */
function showNow(text: string): void {
  if (!process.stderr.isTTY) return;
  cursorTo(process.stderr, 0);
  process.stderr.write(text.slice(0, process.stderr.columns - 1));
  clearLine(process.stderr, 1);
}

function say(text: string): void {
  showNow('');
  process.stderr.write(`${text}\n`);
}

function cellLine(cell: Cell): string {
  const { outageMs, detectionMs, lost, duplicated, verdict } = summarize(cell);
  const felt =
    cell.load === 'busy'
      ? `outage p50 ${milliseconds(outageMs?.p50)} max ${milliseconds(outageMs?.max)} ms, ${lost} lost, ${duplicated} twice`
      : `noticed after p50 ${milliseconds(detectionMs?.p50)} max ${milliseconds(detectionMs?.max)} ms`;
  return `${verdict.padEnd(6)}  ${cell.kind}, ${cell.policy}, ${cell.load}: ${cell.failure ?? felt}`;
}

/** Reports each trial, with the time that the rest will take at the pace so far. */
function progress(): Progress {
  const start = performance.now();
  return {
    trial({ kind, policy, load }: CellPlan, done, all) {
      const perTrial = (performance.now() - start) / 1000 / Math.max(1, done);
      const left = done === 0 ? '' : `, about ${duration(perTrial * (all - done))} left`;
      showNow(`${done + 1} of ${all}: ${kind}, ${policy}, ${load}${left}`);
    },
    cell: (cell) => say(cellLine(cell)),
  };
}

/** `2 min 05 s`. */
function duration(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
}

/**
 * Runs a drill and reports the result; `jsonFile` is where it is written, by default next to the page.
 * Returns the exit status.
 */
export async function drill(
  options: DrillOptions,
  jsonFile = join(options.out, 'drill.json'),
): Promise<number> {
  const where = machine();
  const startedAt = new Date().toISOString();
  const { interval, hold } = options.timers;
  say(`${machineLine(where)}; heartbeats every ${interval} ms, hold time ${hold} ms`);
  const cells = (await runDrill(options, progress())).map((cell) => ({ ...cell, summary: summarize(cell) }));
  showNow('');
  const result: DrillResult = { startedAt, machine: where, options, cells };
  const page = join(options.out, 'drill.html');
  mkdirSync(options.out, { recursive: true });
  writeFileSync(jsonFile, `${JSON.stringify(result, null, 1)}\n`);
  writeFileSync(page, drillPage(result));
  const written = `written: ${jsonFile}, ${page}`;
  if (options.json) console.log(JSON.stringify(result));
  else console.log(['', drillTable(cells, options.timers), ...troubleLines(cells), written].join('\n'));
  return cells.some(({ summary }) => summary.verdict === 'broken') ? 1 : 0;
}

async function soak(options: DrillOptions): Promise<number> {
  const result = await runSoak(options, showNow);
  showNow('');
  console.log(options.json ? JSON.stringify({ machine: machine(), ...result }) : soakText(result));
  return result.downs.length === 0 ? 0 : 1;
}

async function servers(options: DrillOptions): Promise<number> {
  const result = await runServers(options, showNow);
  showNow('');
  console.log(options.json ? JSON.stringify({ machine: machine(), ...result }) : serversText(result));
  return result.deaths.every(({ duplicated }) => duplicated === 0) ? 0 : 1;
}

/** Runs the drill with the arguments of its command line; returns the exit status. */
export async function main(args: string[]): Promise<number> {
  let options: DrillOptions;
  try {
    options = parseOptions(args);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    return USAGE_ERROR;
  }
  try {
    if (options.servers !== undefined) return await servers(options);
    return await (options.soak === undefined ? drill(options) : soak(options));
  } catch (error) {
    say((error as Error).message);
    return 1;
  }
}
