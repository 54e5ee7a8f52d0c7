import { describe, expect, it } from 'vitest';
import { PEER, PEER_WIDTH } from '../../src/contract/stats.js';
import { cut } from '../sim/cuts.js';
import { Lan, type LanOptions } from '../sim/lan.js';
import { SETTINGS, type SimNode } from '../sim/node.js';
import { withSeed } from '../sim/random.js';
import { Stream } from '../sim/stream.js';
import { MILLISECOND, World } from '../sim/world.js';

/** Less than what a 13 MB/s stream sends in a hold time of 30 ms. */
const SMALL = 256 << 10;

function start(seed: number, options: Partial<LanOptions>): Lan {
  const lan = new Lan(new World(seed), { hosts: 3, links: 2, ...options });
  lan.world.run(200 * MILLISECOND);
  return lan;
}

function hasOwnRing(node: SimNode, peer: number): boolean {
  return node.engine.stats.peers[peer * PEER_WIDTH + PEER.ownRing] === 1;
}

/** Cuts a link to a quiet peer while a greedy one is sent 13 MB/s; returns what the quiet one lost. */
function lossBesideGreedyPeer(seed: number, ownRings: number): number {
  const arena = { sharedRingBytes: SMALL, ownRings };
  const { world, nodes } = start(seed, { node: { arena } });
  const [a, greedy, quiet] = nodes;
  const greedyStream = new Stream(world, a, greedy, 100, 1300);
  const quietStream = new Stream(world, a, quiet, 1000, 100);
  world.run(500 * MILLISECOND);
  cut(world, 'black hole', a, quiet, 0);
  world.run(200 * MILLISECOND);
  greedyStream.stop();
  quietStream.stop();
  world.run(100 * MILLISECOND);
  expect(quietStream.report().duplicated).toBe(0);
  expect(greedyStream.report()).toMatchObject({ lost: 0, duplicated: 0 });
  return quietStream.report().lost;
}

describe('a peer that sends much', () => {
  it('has a ring of its own and overwrites nobody else’s datagrams', () =>
    withSeed((seed) => expect(lossBesideGreedyPeer(seed, 2)).toBe(0)));

  it('would, if all shared one ring', () =>
    withSeed((seed) => expect(lossBesideGreedyPeer(seed, 0)).toBeGreaterThan(0)));

  it('gives its ring back when it falls silent, and to the next one', () =>
    withSeed((seed) => {
      const { world, nodes } = start(seed, { node: { arena: { sharedRingBytes: SMALL, ownRings: 1 } } });
      const [a, b, c] = nodes;
      for (const [peer, other] of [
        [b, c],
        [c, b],
      ]) {
        const stream = new Stream(world, a, peer, 100, 1300);
        world.run(500 * MILLISECOND);
        expect([hasOwnRing(a, peer.id), hasOwnRing(a, other.id)]).toEqual([true, false]);
        stream.stop();
        world.run(2500 * MILLISECOND);
        expect(hasOwnRing(a, peer.id)).toBe(false);
      }
    }));

  it('moves to its own ring in the middle of an outage without losing a frame', () =>
    withSeed((seed) => {
      const { world, nodes } = start(seed, { hosts: 2, node: { arena: { sharedRingBytes: 2 * SMALL } } });
      const [a, b] = nodes;
      cut(world, 'black hole', a, b, 0);
      const stream = new Stream(world, a, b, 100, 1300);
      world.run(200 * MILLISECOND);
      expect(hasOwnRing(a, b.id)).toBe(true);
      stream.stop();
      world.run(100 * MILLISECOND);
      expect(stream.report()).toMatchObject({ lost: 0, duplicated: 0 });
    }));
});

describe('limits', () => {
  it('what is older than the limit is given up, the rest is sent again', () =>
    withSeed((seed) => {
      const resendAgeUs = 100 * MILLISECOND;
      const { world, nodes } = start(seed, { hosts: 2, node: { settings: { resendAgeUs } } });
      const [a, b] = nodes;
      const stream = new Stream(world, a, b, 1000, 100);
      world.run(50 * MILLISECOND);
      const heal = [0, 1].map((link) => cut(world, 'carrier near', a, b, link));
      world.run(300 * MILLISECOND);
      heal[1]();
      world.run(100 * MILLISECOND);
      stream.stop();
      world.run(100 * MILLISECOND);
      const { lost, duplicated } = stream.report();
      expect(duplicated).toBe(0);
      expect(lost).toBeGreaterThan(150);
      expect(lost).toBeLessThan(300);
    }));

  it('a smaller buffer, set while traffic flows, loses nothing', () =>
    withSeed((seed) => {
      const { world, nodes } = start(seed, { hosts: 2, node: { arena: { sharedRingBytes: SMALL } } });
      const [a, b] = nodes;
      const stream = new Stream(world, a, b, 100, 1300);
      world.run(100 * MILLISECOND);
      a.command({ kind: 'settings', settings: { ...SETTINGS, resendBytes: 1 << 20 } });
      world.run(100 * MILLISECOND);
      cut(world, 'black hole', a, b, 0);
      world.run(200 * MILLISECOND);
      stream.stop();
      world.run(100 * MILLISECOND);
      expect(stream.report()).toMatchObject({ lost: 0, duplicated: 0 });
    }));
});
