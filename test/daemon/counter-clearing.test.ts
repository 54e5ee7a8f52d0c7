import { expect, it } from 'vitest';
import type { CounterClearing } from '../../src/contract/answers.js';
import { clearCounters } from '../../src/daemon/answers/counter-clearing.js';
import type { Finder } from '../../src/daemon/interfaces/finder.js';

const ROWS = 65_536;

/** An interface of so many rows; `asked`: what its worker was asked for; `own`: which counters of the control thread are zero. */
function scene(rows = ROWS) {
  const asked: CounterClearing[] = [];
  const own: string[] = [];
  const clearing = (name: string) => ({ clearCounters: () => own.push(name) });
  const runtime = {
    name: 'octo0',
    datapath: {
      clearCounters: async (what: CounterClearing) => {
        asked.push(what);
        return what.peer === null && what.from + what.rows < rows ? what.from + what.rows : null;
      },
    },
    handshakes: clearing('handshakes'),
    tapQueue: clearing('tapQueue'),
    sockets: { queues: clearing('queues') },
    members: { refusals: clearing('refusals') },
    bandwidth: clearing('bandwidth'),
  };
  const find = { interfaces: () => [runtime], peer: () => ({ runtime, peer: { row: 7 } }) };
  return { asked, own, find: find as unknown as Finder };
}

const never = new AbortController().signal;

it('of an interface with 65,536 peers are cleared some at a time, each row once', async () => {
  const { asked, own, find } = scene();
  await clearCounters(find, {}, never);
  const stretches = asked.map((what) => (what.peer === null ? [what.from, what.rows] : []));
  expect(stretches.map(([from]) => from)).toEqual(stretches.map((_, index) => index * 512));
  expect(stretches.every(([, rows]) => rows === 512)).toBe(true);
  expect(stretches).toHaveLength(ROWS / 512);
  expect(own).toEqual(['handshakes', 'tapQueue', 'queues', 'refusals', 'bandwidth']);
});

it('of a peer leave those of the interface alone', async () => {
  const { asked, own, find } = scene();
  await clearCounters(find, { peer: 'osaka' }, never);
  expect(asked).toEqual([{ peer: 7 }]);
  expect(own).toEqual([]);
});

it('ends when the user gives up', async () => {
  const { asked, find } = scene();
  const stop = new AbortController();
  stop.abort();
  await clearCounters(find, {}, stop.signal);
  expect(asked).toHaveLength(1);
});
