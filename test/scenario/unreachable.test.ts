/** Of what comes by ICMP the control thread hears what is said of ends of links, and of a flood some. */
import { expect, it } from 'vitest';
import { STATE } from '../../src/contract/link-states.js';
import { PATH, SOCKET_ERROR } from '../../src/native/ops.js';
import { Lan, linkRow, pathTo } from '../sim/lan.js';
import type { SimNode } from '../sim/node.js';
import { withSeed } from '../sim/random.js';
import { MILLISECOND, SECOND, World } from '../sim/world.js';

const ROUTER = 7;
const ICMP = 2;
const [UNREACHABLE, TIME_EXCEEDED] = [3, 11];
const FORBIDDEN = 13;

/** The router answers to what was sent by the first socket toward a path. */
function answer(node: SimNode, to: number[], type = UNREACHABLE, origin = ICMP): void {
  const row = new Int32Array(SOCKET_ERROR.WORDS);
  row[SOCKET_ERROR.ORIGIN] = origin;
  row[SOCKET_ERROR.TYPE] = type;
  row[SOCKET_ERROR.CODE] = FORBIDDEN;
  row.set(pathTo(ROUTER, 0).slice(0, PATH.LOCAL), SOCKET_ERROR.FROM);
  row.set(to, SOCKET_ERROR.TO);
  node.answered(row, 0);
}

it('names end, teller and code, changes no link, and is limited', () =>
  withSeed((seed) => {
    const { world, nodes } = new Lan(new World(seed), { hosts: 2, links: 1 });
    world.run(200 * MILLISECOND);
    const [a, b] = nodes;
    const heard = () => a.events.filter(({ kind }) => kind === 'unreachable');
    const end = pathTo(b.id, 0);
    answer(a, pathTo(ROUTER, 0));
    answer(a, end.with(PATH.PORT, 1));
    answer(a, end, TIME_EXCEEDED);
    answer(a, end, UNREACHABLE, 1);
    expect(heard()).toEqual([]);
    answer(a, end);
    const from = pathTo(ROUTER, 0).slice(0, PATH.LOCAL);
    expect(heard()).toEqual([{ kind: 'unreachable', to: end.slice(0, PATH.LOCAL), from, code: FORBIDDEN }]);
    world.run(SECOND);
    const before = heard().length;
    for (let count = 0; count < 1000; count++) answer(a, end);
    expect(heard().length - before).toBe(16);
    world.run(SECOND);
    answer(a, end);
    expect(heard().length - before).toBe(17);
    expect(a.linkGauge(linkRow(b.id, 0), 'state')).toBe(STATE.UP);
  }));
