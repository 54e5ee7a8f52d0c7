import { describe, expect, it } from 'vitest';
import type { CounterClearing } from '../../src/contract/answers.js';
import { PEER, PEER_WIDTH } from '../../src/contract/stats.js';
import { Lan, linkRow } from '../sim/lan.js';
import type { SimNode } from '../sim/node.js';
import { Stream } from '../sim/stream.js';
import { MILLISECOND, SECOND, World } from '../sim/world.js';

/** Three hosts with a link each to the others; the first has sent to both. */
function threeHosts() {
  const { world, nodes } = new Lan(new World(1), { hosts: 3, links: 1 });
  world.run(SECOND);
  const [first, ...others] = nodes;
  const streams = others.map((to) => new Stream(world, first, to, MILLISECOND, 100));
  world.run(100 * MILLISECOND);
  for (const stream of streams) stream.stop();
  world.run(50 * MILLISECOND);
  return first;
}

/** What the datapath answers. */
function clear({ engine, events }: SimNode, clearing: CounterClearing): unknown {
  engine.command({ kind: 'clear-counters', id: 1, ...clearing }, 0);
  return events.findLast((event) => event.kind === 'answer')?.result;
}

/** Rows that a table of links begins with, which are more than those of peers. */
const ROWS_OF_TABLES = 32;
const framesTo = ({ engine }: SimNode, peer: number) => engine.stats.peers[peer * PEER_WIDTH + PEER.txFrames];
const linksUp = (node: SimNode, rows: number[]) => rows.map((row) => node.linkGauge(row, 'transitions'));

describe('clear counters', () => {
  it('of a peer: its own and those of its links, and nobody else’s', () => {
    const node = threeHosts();
    const [mine, others] = [linkRow(1, 0), linkRow(2, 0)];
    const before = framesTo(node, 2);
    expect(clear(node, { peer: 1 })).toBeNull();
    expect(framesTo(node, 1)).toBe(0);
    expect(linksUp(node, [mine])).toEqual([0]);
    expect(framesTo(node, 2)).toBe(before);
    expect(linksUp(node, [others])).not.toEqual([0]);
    expect(node.counter('txDatagrams')).toBeGreaterThan(0);
    expect(clear(node, { peer: 77 })).toBeNull();
  });

  it('of an interface: some rows at a time, until none is left; what says how things are stays', () => {
    const node = threeHosts();
    const [stations, handed] = [node.counter('macEntries'), node.counter('handshakesTaken')];
    let asked = 0;
    for (let from: number | null = 0; from !== null; asked++) {
      from = clear(node, { peer: null, from, rows: 1 }) as number | null;
    }
    const rows = [linkRow(1, 0), linkRow(2, 0)];
    expect(asked).toBe(ROWS_OF_TABLES);
    expect(linksUp(node, rows)).toEqual([0, 0]);
    expect([framesTo(node, 1), framesTo(node, 2), node.counter('txDatagrams')]).toEqual([0, 0, 0]);
    expect(stations).toBeGreaterThan(0);
    expect([node.counter('macEntries'), node.counter('handshakesTaken')]).toEqual([stations, handed]);
  });
});
