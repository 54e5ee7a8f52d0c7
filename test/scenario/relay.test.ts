import { describe, expect, it } from 'vitest';
import { STATE } from '../../src/contract/link-states.js';
import { RELAY_SOCKET } from '../../src/datapath/send/relay.js';
import { cut } from '../sim/cuts.js';
import { Lan, linkRow, pathVia } from '../sim/lan.js';
import { SETTINGS } from '../sim/node.js';
import { withSeed } from '../sim/random.js';
import { Stream } from '../sim/stream.js';
import { MILLISECOND, World } from '../sim/world.js';

const A = 0;
const B = 1;
const C = 2;
const RELAYED = 3;

/** Three hosts with two direct links a pair, and between A and C a third one, of lowest priority, via B. */
function start(seed: number): Lan {
  const lan = new Lan(new World(seed), { hosts: 3, links: 2 });
  const { nodes, world } = lan;
  const settings = { sockets: [RELAY_SOCKET, RELAY_SOCKET] as const, local: null, priority: 0 };
  lan.configureLink(nodes[A], C, RELAYED, { ...settings, path: pathVia(B, C) });
  lan.configureLink(nodes[C], A, RELAYED, { ...settings, path: pathVia(B, A) });
  world.run(300 * MILLISECOND);
  return lan;
}

function stateOf(lan: Lan, node: number, peer: number, link: number): number {
  return lan.nodes[node].linkGauge(linkRow(peer, link), 'state');
}

describe('a link via a third host', () => {
  it('carries everything when all direct links are cut, without losing a frame', () =>
    withSeed((seed) => {
      const lan = start(seed);
      const { world, nodes } = lan;
      expect(stateOf(lan, A, C, RELAYED)).toBe(STATE.UP);
      const streams = [
        new Stream(world, nodes[A], nodes[C], 500, 1400),
        new Stream(world, nodes[C], nodes[A], 700, 200),
      ];
      world.run(100 * MILLISECOND);
      expect(nodes[B].counter('relayedDatagrams')).toBeLessThan(200);
      const restore = [0, 1].map((link) => cut(world, 'black hole', nodes[A], nodes[C], link));
      world.run(500 * MILLISECOND);
      expect(nodes[B].counter('relayedDatagrams')).toBeGreaterThan(1000);
      // Only what was flooded before the stations were known.
      expect(nodes[B].counter('tapTxFrames')).toBeLessThan(20);
      for (const back of restore) back();
      world.run(300 * MILLISECOND);
      for (const stream of streams) stream.stop();
      world.run(100 * MILLISECOND);
      for (const stream of streams) expect(stream.report()).toMatchObject({ lost: 0, duplicated: 0 });
    }));

  it('goes down with the peer that relays it, and comes back with it', () =>
    withSeed((seed) => {
      const lan = start(seed);
      const { world, nodes } = lan;
      const restore = [0, 1].map((link) => cut(world, 'black hole', nodes[A], nodes[B], link));
      world.run(200 * MILLISECOND);
      expect(stateOf(lan, A, C, RELAYED)).toBe(STATE.DOWN);
      expect(stateOf(lan, C, A, RELAYED)).toBe(STATE.DOWN);
      expect(stateOf(lan, A, C, 0)).toBe(STATE.UP);
      for (const back of restore) back();
      world.run(500 * MILLISECOND);
      expect(stateOf(lan, A, C, RELAYED)).toBe(STATE.UP);
    }));

  it('stays down where the third host does not relay, and that is counted', () =>
    withSeed((seed) => {
      const lan = start(seed);
      const { world, nodes } = lan;
      nodes[B].command({ kind: 'settings', settings: { ...SETTINGS, relay: false } });
      world.run(200 * MILLISECOND);
      expect(stateOf(lan, A, C, RELAYED)).toBe(STATE.DOWN);
      expect(nodes[B].drop('relay-refused')).toBeGreaterThan(0);
    }));
});
