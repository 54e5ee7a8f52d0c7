/** Where no more files may be opened, what needs another program fails with a word, and the daemon goes on. */
import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';

const built = (path: string) => JSON.stringify(new URL(`../../src/daemon/${path}`, import.meta.url).href);

const SCRIPT = `
import { closeSync, openSync } from 'node:fs';
import { ipBatch } from ${built('interfaces/iproute.js')};
import { startSuccessor } from ${built('successor.js')};
const open = [];
try {
  for (;;) open.push(openSync('/dev/null'));
} catch {}
for (const attempt of [() => ipBatch(['link show']), () => startSuccessor([], {})])
  console.log(await attempt().then(() => 'done', (error) => error.message));
await new Promise((resolve) => setTimeout(resolve, 10));
open.map(closeSync);
console.log(await ipBatch(['link show']).then(() => 'done', (error) => error.message));
`;

it('neither "ip" nor a successor that cannot be started ends the daemon', () => {
  const words = ['--input-type=module', '-e', SCRIPT];
  const { stdout, stderr, status } = spawnSync(
    'sh',
    ['-c', 'ulimit -n 128 && exec "$@"', 'sh', process.execPath, ...words],
    { encoding: 'utf8' },
  );
  expect([status, stderr]).toEqual([0, '']);
  expect(stdout.trim().split('\n')).toEqual([
    '"ip" cannot be run: too many files are open in this process',
    'too many files are open in this process',
    'done',
  ]);
});
