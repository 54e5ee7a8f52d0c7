import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  fstatSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { until } from '../../scripts/lab/run.js';
import { StderrLog } from '../../src/daemon/base/stderr-log.js';

const LINES = 20_000;

it('a pipe that nobody reads stalls nothing; what is left out is counted and told', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'stderr-'));
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const end = openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK);
  onTestFinished(() => {
    closeSync(end);
    rmSync(folder, { recursive: true });
  });
  const stderr = new StderrLog('info', { fd: end, queueBytes: 64 * 1024 });
  for (let line = 0; line < LINES; line++) stderr.log.info({ line }, 'a line that nobody reads');
  expect(stderr.leftOut).toBeGreaterThan(LINES / 2);
  expect(stderr.leftOut).toBeLessThan(LINES);
  let text = '';
  const buffer = Buffer.alloc(1 << 16);
  const read = (): boolean => {
    try {
      text += buffer.toString('utf8', 0, readSync(end, buffer));
    } catch {
      // Empty for the moment.
    }
    return text.includes('were left out');
  };
  await until('the gap to be told', read, 10_000, 10);
  expect(text).toContain(`"lines":${stderr.leftOut}`);
  await stderr.close();
});

it('lines for the journal have the priority of their level, and other lines have none', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'stderr-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const linesFor = async (name: string, journal: (own: string) => string) => {
    const file = join(folder, name);
    const fd = openSync(file, 'w');
    const { dev, ino } = fstatSync(fd, { bigint: true });
    const stderr = new StderrLog('debug', { fd, journal: journal(`${dev}:${ino}`) });
    stderr.log.error({}, 'failed');
    stderr.log.warn({}, 'look');
    stderr.log.info({}, 'so it is');
    stderr.log.debug({}, 'step');
    // The end of the log waits for its last lines.
    await stderr.close();
    return readFileSync(file, 'utf8').trim().split('\n');
  };
  const priorities = (lines: string[]) => lines.map((line) => /^<(\d)>\{.*\}$/.exec(line)?.[1]);
  expect(priorities(await linesFor('journal', (own) => own))).toEqual(['3', '4', '6', '7']);
  expect(priorities(await linesFor('elsewhere', () => '1:2'))).toEqual(Array(4).fill(undefined));
});
