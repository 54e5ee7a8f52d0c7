/** A run of the tests leaves nothing behind, however it ends. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { until } from '../../scripts/lab/run.js';

const MODULE = new URL('../../../scripts/set-up/test-run.mjs', import.meta.url).href;
/** Begins a run, leaves a file and a program that has lost its parents, and says so. */
const RUN = `
  import { spawn } from 'node:child_process';
  import { mkdtempSync } from 'node:fs';
  import { tmpdir } from 'node:os';
  import { beginTestRun } from ${JSON.stringify(MODULE)};
  await beginTestRun();
  mkdtempSync(tmpdir() + '/left-');
  const between = spawn('sh', ['-c', 'setsid sleep 1000 > /dev/null & echo $!'], { stdio: ['ignore', 'pipe', 'inherit'] });
  between.stdout.pipe(process.stdout);
  await new Promise((resolve) => (process.argv[1] === 'stays' ? setInterval(() => {}, 1000) : between.once('close', resolve)));
`;

let base: string;

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'octolink-runs-'));
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

function begin(...words: string[]): ChildProcess {
  return spawn(process.execPath, ['--input-type=module', '-e', RUN, ...words], {
    env: { ...process.env, TMPDIR: base },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** The process id of the program that a run has left. */
async function sleeperOf(run: ChildProcess): Promise<number> {
  const [line] = await once(createInterface({ input: run.stdout! }), 'line');
  return Number(line);
}

/** A zombie has ended, though its id is still taken. */
function hasEnded(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return true;
  }
}

it.each([
  ['its end', undefined, 0],
  ['SIGINT', 'SIGINT', 130],
  ['SIGTERM', 'SIGTERM', 143],
] as const)('after %s its programs and files are gone', async (_, signal, status) => {
  const run = begin(signal === undefined ? 'ends' : 'stays');
  const over = once(run, 'exit');
  const sleeper = await sleeperOf(run);
  if (signal !== undefined) run.kill(signal);
  expect((await over)[0]).toBe(status);
  expect(readdirSync(base)).toEqual([]);
  await until('the program to end', () => hasEnded(sleeper), 5_000);
});

it('the next run removes what one has left that was killed', async () => {
  const killed = begin('stays');
  const sleeper = await sleeperOf(killed);
  killed.kill('SIGKILL');
  await once(killed, 'exit');
  expect(existsSync(join(base, `octolink-test-${killed.pid}`))).toBe(true);
  await once(begin('ends'), 'exit');
  expect(readdirSync(base)).toEqual([]);
  await until('the program to end', () => hasEnded(sleeper), 5_000);
});
