/** Links that an operator takes out of use, changes or takes away while frames flow: none is lost, none comes twice. */
import { describe, expect, it } from 'vitest';
import { STATE } from '../../src/contract/link-states.js';
import type { LinkSettings } from '../../src/contract/settings.js';
import { PATH } from '../../src/native/ops.js';
import { cut } from '../sim/cuts.js';
import { delay } from '../sim/hops/delay.js';
import { Lan, type LanOptions, linkRow, pathTo } from '../sim/lan.js';
import type { SimNode } from '../sim/node.js';
import { integer, withSeed } from '../sim/random.js';
import { Stream } from '../sim/stream.js';
import { MILLISECOND, SECOND, World } from '../sim/world.js';

function start(seed: number, options: Partial<LanOptions> = {}): Lan {
  const lan = new Lan(new World(seed, { delayUs: 5 * MILLISECOND }), { hosts: 2, links: 3, ...options });
  lan.world.run(SECOND);
  return lan;
}

function drain(node: SimNode, link: number, wanted: boolean): void {
  node.command({ kind: 'link-drain', row: linkRow(1 - node.id, link), drain: wanted });
}

function states(lan: Lan, link: number): number[] {
  return lan.nodes.map((node) => node.linkGauge(linkRow(1 - node.id, link), 'state'));
}

/** Runs streams both ways around `what`, and expects every frame once. */
function underTraffic(lan: Lan, what: () => void): void {
  const { world, nodes } = lan;
  const [a, b] = nodes;
  const streams = [new Stream(world, a, b, 300), new Stream(world, b, a, 700)];
  world.run(100 * MILLISECOND);
  what();
  for (const stream of streams) stream.stop();
  world.run(SECOND);
  for (const stream of streams) expect(stream.report()).toMatchObject({ lost: 0, duplicated: 0 });
}

describe('draining a link', () => {
  it('moves the frames of both ends to another link, and tells when it can be pulled without loss', () =>
    withSeed((seed) => {
      const lan = start(seed);
      const { world, nodes } = lan;
      const [a, b] = nodes;
      underTraffic(lan, () => {
        drain(a, 0, true);
        expect(a.activeLink(b.id)).toBe(1);
        expect(states(lan, 0)[0]).toBe(STATE.DRAINING);
        world.run(100 * MILLISECOND);
        expect(b.activeLink(a.id)).toBe(1);
        expect(states(lan, 0)).toEqual([STATE.DRAINED, STATE.DRAINED]);
        // Pulled so that nobody could know: nothing had to be sent again.
        const resent = nodes.map((node) => node.counter('resentDatagrams'));
        cut(world, 'black hole', a, b, 0);
        world.run(200 * MILLISECOND);
        expect(nodes.map((node) => node.counter('resentDatagrams'))).toEqual(resent);
      });
    }));

  it('waits for the frames of the slower direction', () =>
    withSeed((seed) => {
      const lan = start(seed, { intervalMs: 50, holdMs: 2000 });
      const { world, nodes } = lan;
      const [a, b] = nodes;
      world.wire(b, a, 0).hops = [delay(300 * MILLISECOND)];
      world.run(2 * SECOND);
      underTraffic(lan, () => {
        drain(a, 0, true);
        const asked = world.now;
        while (states(lan, 0)[0] !== STATE.DRAINED && world.now - asked < 3 * SECOND) world.run(MILLISECOND);
        expect(world.now - asked).toBeGreaterThan(300 * MILLISECOND);
        expect(world.now - asked).toBeLessThan(600 * MILLISECOND);
        world.wire(b, a, 0).gate.isOpen = false;
      });
    }));

  it('and putting it back loses nothing, whichever end asks', () =>
    withSeed((seed) => {
      const lan = start(seed);
      const { world, nodes } = lan;
      underTraffic(lan, () => {
        for (let turn = 0; turn < 10; turn++) {
          const node = nodes[turn % 2];
          drain(node, 0, true);
          world.run(integer(world.random, 1, 60) * MILLISECOND);
          drain(node, 0, false);
          world.run(integer(world.random, 1, 60) * MILLISECOND);
        }
        world.run(100 * MILLISECOND);
        expect(states(lan, 0)).toEqual([STATE.UP, STATE.UP]);
        expect(nodes.map((node) => node.activeLink(1 - node.id))).toEqual([0, 0]);
      });
    }));

  it('ends when both ends have undone what they asked for', () =>
    withSeed((seed) => {
      const lan = start(seed);
      const { world, nodes } = lan;
      for (const node of nodes) drain(node, 0, true);
      world.run(100 * MILLISECOND);
      drain(nodes[0], 0, false);
      world.run(100 * MILLISECOND);
      expect(states(lan, 0)).toEqual([STATE.DRAINED, STATE.DRAINED]);
      drain(nodes[1], 0, false);
      world.run(100 * MILLISECOND);
      expect(states(lan, 0)).toEqual([STATE.UP, STATE.UP]);
    }));

  it('does not leave the peer without a link: the drained one is taken when no other works', () =>
    withSeed((seed) => {
      const lan = start(seed);
      const { world, nodes } = lan;
      const [a, b] = nodes;
      drain(a, 0, true);
      world.run(100 * MILLISECOND);
      underTraffic(lan, () => {
        for (const link of [1, 2]) cut(world, 'black hole', a, b, link);
        world.run(300 * MILLISECOND);
        expect([a.activeLink(b.id), b.activeLink(a.id)]).toEqual([0, 0]);
        expect(states(lan, 0)).toEqual([STATE.DRAINING, STATE.DRAINING]);
      });
    }));

  it('shutting it down then costs nothing, and is no flapping', () =>
    withSeed((seed) => {
      const lan = start(seed);
      const { world, nodes } = lan;
      const damping = { halfLifeUs: 15 * SECOND, reuse: 500, suppress: 1000, maxUs: 60 * SECOND };
      for (const node of nodes) lan.configureLink(node, 1 - node.id, 0, { damping });
      underTraffic(lan, () => {
        drain(nodes[0], 0, true);
        world.run(100 * MILLISECOND);
        lan.configureLink(nodes[0], 1, 0, { damping, shutdown: true });
        world.run(200 * MILLISECOND);
        expect(states(lan, 0)).toEqual([STATE.SHUTDOWN, STATE.DOWN]);
        lan.configureLink(nodes[0], 1, 0, { damping });
        world.run(300 * MILLISECOND);
        expect(states(lan, 0)).toEqual([STATE.UP, STATE.UP]);
      });
    }));
});

describe('a change while frames flow', () => {
  it('of any parameter of any link, at either end, in random order: nothing lost, nothing twice', () =>
    withSeed((seed) => {
      const lan = start(seed);
      const { world, nodes } = lan;
      const settings = nodes.map(() => [...Array(3)].map((): Partial<LinkSettings> => ({})));
      const random = (low: number, high: number) => integer(world.random, low, high);
      const quick = { halfLifeUs: SECOND, reuse: 500, suppress: 1500, maxUs: 2 * SECOND };
      const changes: (() => Partial<LinkSettings>)[] = [
        () => ({ priority: random(0, 9) }),
        () => {
          const interval = random(10, 40) * MILLISECOND;
          return { intervalUs: interval, holdUs: 3 * interval, upAfter: random(1, 10) };
        },
        () => ({ mtu: [0, 600, 1280, 1500][random(0, 3)] }),
        () => ({ drain: random(0, 1) === 1 }),
        () => ({
          quality: random(0, 1) === 1 ? null : { lossPermille: 100, delayUs: 50 * MILLISECOND },
        }),
        () => ({ damping: random(0, 1) === 1 ? null : quick }),
      ];
      underTraffic(lan, () => {
        for (let step = 0; step < 120; step++) {
          const node = nodes[random(0, 1)];
          const id = random(0, 2);
          Object.assign(settings[node.id][id], changes[random(0, changes.length - 1)]());
          lan.configureLink(node, 1 - node.id, id, settings[node.id][id]);
          world.run(random(0, 60) * MILLISECOND);
        }
      });
    }));

  it('of the remote end of a link, there and back: nothing lost, nothing twice', () =>
    withSeed((seed) => {
      const lan = start(seed);
      const { world, nodes } = lan;
      const [a, b] = nodes;
      underTraffic(lan, () => {
        for (let turn = 0; turn < 4; turn++) {
          // First to where nobody listens, then right again.
          const path = pathTo(b.id, 0);
          if (turn % 2 === 0) path[PATH.PORT]++;
          drain(a, 0, true);
          world.run(100 * MILLISECOND);
          lan.configureLink(a, b.id, 0, { path });
          world.run(300 * MILLISECOND);
        }
        expect(states(lan, 0)).toEqual([STATE.UP, STATE.UP]);
      });
    }));

  it('the last usable link is removed while another is configured: what waits arrives when that comes up', () =>
    withSeed((seed) => {
      const lan = start(seed, { links: 2 });
      const { world, nodes } = lan;
      const [a, b] = nodes;
      const heal = cut(world, 'black hole', a, b, 1);
      world.run(200 * MILLISECOND);
      const stream = new Stream(world, a, b, MILLISECOND);
      world.run(100 * MILLISECOND);
      cut(world, 'black hole', a, b, 0);
      world.run(10 * MILLISECOND);
      a.command({ kind: 'link-remove', peer: b.id, id: 0 });
      world.run(500 * MILLISECOND);
      heal();
      world.run(300 * MILLISECOND);
      stream.stop();
      world.run(200 * MILLISECOND);
      expect(stream.report()).toMatchObject({ lost: 0, duplicated: 0 });
    }));
});
