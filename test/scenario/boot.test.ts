import { describe, expect, it } from 'vitest';
import { STATE } from '../../src/contract/link-states.js';
import { EXPERIMENTAL, ethernet, stationOf, withVirtio } from '../sim/frames.js';
import { delay } from '../sim/hops/delay.js';
import { loss } from '../sim/hops/loss.js';
import { linkRow } from '../sim/lan.js';
import { Network } from '../sim/network.js';
import { withSeed } from '../sim/random.js';
import { Stream } from '../sim/stream.js';
import { MILLISECOND, SECOND } from '../sim/world.js';

const QUESTION = new Uint8Array(46).fill(1);
const ANSWER = new Uint8Array(46).fill(2);

describe('whole hosts', () => {
  it('four of them find each other by all links within a second', () =>
    withSeed((seed) => {
      const network = new Network(seed, { hosts: 4 });
      network.startAll();
      network.lan.world.run(SECOND);
      expect(network.linksUp()).toBe(4 * 3 * 3);
      for (const node of network.lan.nodes) expect(node.tap.refused).toEqual([]);
    }));

  it('the first frame that a host sends once it has a link up is answered', () =>
    withSeed((seed) => {
      for (let turn = 0; turn < 20; turn++) {
        const network = new Network(seed + turn, { links: 1 });
        const { world, nodes } = network.lan;
        const [a, b] = nodes;
        world.wire(a, b, 0).hops = [delay(1 + world.random() * 50 * MILLISECOND)];
        b.tap.listener = () =>
          b.fromKernel(withVirtio(ethernet(stationOf(a.id), stationOf(b.id), EXPERIMENTAL, ANSWER)));
        network.start(turn % 2);
        world.run(world.random() * 100 * MILLISECOND);
        network.start(1 - (turn % 2));
        const control = a.onEvent;
        let isAsked = false;
        a.onEvent = (event) => {
          control(event);
          if (isAsked || event.kind !== 'link' || event.state !== 'up') return;
          isAsked = true;
          a.fromKernel(withVirtio(ethernet(stationOf(b.id), stationOf(a.id), EXPERIMENTAL, QUESTION)));
        };
        world.run(SECOND);
        expect(isAsked).toBe(true);
        expect(a.tap.take(), `turn ${turn}: ${JSON.stringify(b.drops())}`).toHaveLength(1);
      }
    }));

  it('over paths that lose a third of everything they still find each other', () =>
    withSeed((seed) => {
      const network = new Network(seed, { holdMs: 2000 });
      const { world, nodes } = network.lan;
      for (const [from, to] of [nodes, [...nodes].reverse()]) {
        for (let link = 0; link < 3; link++) {
          world.wire(from, to, link).hops = [delay(20 * MILLISECOND), loss(0.33, world.random)];
        }
      }
      network.startAll();
      world.run(30 * SECOND);
      expect(network.linksUp()).toBeGreaterThanOrEqual(2);
    }));

  it('sessions change every two minutes under traffic, for ten minutes: nothing lost, no nonce twice', () =>
    withSeed((seed) => {
      const network = new Network(seed, { links: 2 });
      const { world, nodes } = network.lan;
      network.startAll();
      world.run(SECOND);
      const [a, b] = nodes;
      const streams = [new Stream(world, a, b, 20 * MILLISECOND), new Stream(world, b, a, 23 * MILLISECOND)];
      const before = network.planes.map(({ installed }) => installed);
      world.run(600 * SECOND);
      for (const stream of streams) stream.stop();
      world.run(SECOND);
      for (const stream of streams) expect(stream.report()).toMatchObject({ lost: 0, duplicated: 0 });
      network.planes.forEach(({ installed }, id) => {
        expect(installed - before[id]).toBeGreaterThanOrEqual(4);
      });
      expect(network.nonces.repeated.slice(0, 3)).toEqual([]);
      expect(network.linksUp()).toBe(4);
    }));

  it('one that is killed and started again is back within seconds, and no nonce is used twice', () =>
    withSeed((seed) => {
      const network = new Network(seed, { hosts: 3 });
      const { world } = network.lan;
      network.startAll();
      world.run(SECOND);
      for (let turn = 0; turn < 5; turn++) {
        network.restart(turn % 3);
        world.run(3 * SECOND);
        expect(network.linksUp()).toBe(3 * 2 * 3);
      }
      expect(network.nonces.repeated.slice(0, 3)).toEqual([]);
    }));

  it('after an hour without any path they come back by themselves', () =>
    withSeed((seed) => {
      const network = new Network(seed, {});
      const { world, nodes } = network.lan;
      const [a, b] = nodes;
      network.startAll();
      world.run(SECOND);
      const gates = [0, 1, 2].flatMap((link) => [world.wire(a, b, link).gate, world.wire(b, a, link).gate]);
      for (const gate of gates) gate.isOpen = false;
      world.run(3600 * SECOND);
      expect(network.linksUp()).toBe(0);
      for (const gate of gates) gate.isOpen = true;
      world.run(60 * SECOND);
      expect(network.linksUp()).toBe(6);
    }));

  it('one that says goodbye is gone at once, and may come back', () =>
    withSeed((seed) => {
      const network = new Network(seed, {});
      const { world, nodes } = network.lan;
      network.startAll();
      world.run(SECOND);
      nodes[0].command({ kind: 'goodbye' });
      network.planes[0].kill();
      world.run(5 * MILLISECOND);
      expect(nodes[1].linkGauge(linkRow(0, 0), 'state')).toBe(STATE.DOWN);
      network.restart(0);
      world.run(5 * SECOND);
      expect(network.linksUp()).toBe(6);
    }));
});
