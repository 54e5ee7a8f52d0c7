import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { mayReserve } from '../../src/worker/reserves.js';

const UNLIMITED =
  'Max cpu time   unlimited  unlimited  seconds\nMax address space         unlimited            unlimited            bytes\n';

it('memory is set aside only where nobody lacks it', () => {
  expect(mayReserve(UNLIMITED, '0\n')).toBe(true);
  expect(mayReserve(UNLIMITED, '1\n')).toBe(true);
  expect(mayReserve(UNLIMITED, '2\n')).toBe(false);
  expect(mayReserve(UNLIMITED.replace(/space +unlimited/, 'space  4294967296'), '0\n')).toBe(false);
  expect(mayReserve('', '0\n')).toBe(false);
});

it('a limit of the address space is seen', () => {
  const module = new URL('../../src/worker/reserves.js', import.meta.url).href;
  const script = `import { mayReserve } from '${module}'; console.log(mayReserve(undefined, '0'));`;
  const run = 'ulimit -v "$1" && exec "$2" --input-type=module -e "$3"';
  const under = (limit: string) =>
    execFileSync('sh', ['-c', run, 'sh', limit, process.execPath, script], { encoding: 'utf8' }).trim();
  expect(under(String(32 << 20))).toBe('false');
});
