import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
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
  const stderr = new StderrLog('info', end, 64 * 1024);
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
