import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';

const MODULE = new URL('../../src/daemon/base/session-priority.js', import.meta.url).href;

/** Niceness of the session of a process that has raised it, started by `program`. */
function nicenessIn(program: readonly string[]): number {
  const script = `import { readFileSync } from 'node:fs';
    import { raiseSession } from '${MODULE}';
    raiseSession();
    console.log(readFileSync('/proc/self/autogroup', 'utf8'));`;
  const [first, ...rest] = [...program, process.execPath, '--input-type=module', '-e', script];
  const { stdout } = spawnSync(first, rest, { encoding: 'utf8' });
  return Number(/nice (-?\d+)/.exec(stdout)?.[1]);
}

it('raises the session that it leads, and no other', (context) => {
  if (!existsSync('/proc/self/autogroup')) context.skip('this kernel has no autogroups');
  if (process.getuid?.() !== 0) context.skip('not root');
  expect(nicenessIn(['setsid', '--wait'])).toBe(-10);
  expect(nicenessIn(['setsid', '--wait', 'sh', '-c', '"$@"; :', 'sh'])).toBe(0);
});
