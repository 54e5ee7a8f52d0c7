import { describe, expect, it } from 'vitest';
import type { Policy } from '../../src/api/config.js';
import { PEER, PEER_WIDTH } from '../../src/contract/stats.js';
import { cut } from '../sim/cuts.js';
import { delay } from '../sim/hops/delay.js';
import { Lan, linkRow } from '../sim/lan.js';
import { withSeed } from '../sim/random.js';
import { Stream } from '../sim/stream.js';
import { MILLISECOND, World } from '../sim/world.js';

const PERIOD_US = 250;

function start(seed: number, policy: Policy, delays: number[]): Lan {
  const lan = new Lan(new World(seed), { hosts: 2, links: delays.length, policy });
  const [a, b] = lan.nodes;
  delays.forEach((ms, link) => {
    lan.world.wire(a, b, link).hops = [delay(ms * MILLISECOND)];
    lan.world.wire(b, a, link).hops = [delay(ms * MILLISECOND)];
  });
  lan.world.run(200 * MILLISECOND);
  return lan;
}

function sentBy(lan: Lan): number[] {
  return lan.nodes[0].sockets.map(({ row }) => lan.nodes[0].linkGauge(linkRow(1, row), 'txDatagrams'));
}

describe('active', () => {
  it('sends a copy by every link and delivers one; cutting seven of eight makes no gap', () =>
    withSeed((seed) => {
      const lan = start(seed, 'active', [1, 1, 1, 1, 1, 1, 1, 1]);
      const { world, nodes } = lan;
      const [a, b] = nodes;
      const stream = new Stream(world, a, b, PERIOD_US);
      world.run(100 * MILLISECOND);
      for (const sent of sentBy(lan)) expect(sent).toBeGreaterThan((100 * MILLISECOND) / PERIOD_US - 10);
      for (let link = 0; link < 7; link++) {
        cut(world, 'black hole', a, b, link);
        world.run(20 * MILLISECOND);
      }
      world.run(100 * MILLISECOND);
      stream.stop();
      world.run(50 * MILLISECOND);
      const report = stream.report();
      expect(report).toMatchObject({ lost: 0, duplicated: 0, reordered: 0 });
      expect(report.longestGapUs).toBeLessThanOrEqual(PERIOD_US);
    }));

  it('copies by a link that comes confirm nothing that a dead one had carried alone', () =>
    withSeed((seed) => {
      const { world, nodes } = start(seed, 'active', [1, 1]);
      const [a, b] = nodes;
      const heal = cut(world, 'black hole', a, b, 1);
      world.run(100 * MILLISECOND);
      const stream = new Stream(world, a, b, PERIOD_US);
      world.run(20 * MILLISECOND);
      heal();
      // Five good beats: the other link comes up while nobody knows yet that this one has died.
      world.run(35 * MILLISECOND);
      cut(world, 'one-way', a, b, 0);
      world.run(300 * MILLISECOND);
      stream.stop();
      world.run(50 * MILLISECOND);
      expect(stream.report()).toMatchObject({ lost: 0, duplicated: 0 });
    }));

  it('the first copy counts, whatever link it took', () =>
    withSeed((seed) => {
      const { world, nodes } = start(seed, 'active', [20, 1]);
      const [a, b] = nodes;
      const stream = new Stream(world, a, b, PERIOD_US);
      world.run(100 * MILLISECOND);
      stream.stop();
      const { lost } = stream.report();
      expect(lost).toBeLessThanOrEqual(MILLISECOND / PERIOD_US + 1);
      world.run(50 * MILLISECOND);
      expect(stream.report()).toMatchObject({ lost: 0, duplicated: 0 });
    }));
});

describe('passive', () => {
  it('takes the link of the highest priority and goes back to it', () =>
    withSeed((seed) => {
      const lan = start(seed, 'passive', [1, 1, 1]);
      const { world, nodes } = lan;
      const [a, b] = nodes;
      const active = (): number => a.engine.stats.peers[PEER_WIDTH + PEER.activeLink];
      expect(active()).toBe(0);
      const heal = cut(world, 'black hole', a, b, 0);
      world.run(100 * MILLISECOND);
      expect(active()).toBe(1);
      heal();
      world.run(200 * MILLISECOND);
      expect(active()).toBe(0);
      lan.configureLink(a, 1, 2, { priority: 99 });
      world.run(10 * MILLISECOND);
      expect(active()).toBe(2);
    }));
});

describe('round-robin', () => {
  it('shares frames among all links; order suffers no more than their delays differ', () =>
    withSeed((seed) => {
      const lan = start(seed, 'round-robin', [1, 3, 5, 2]);
      const { world, nodes } = lan;
      const before = sentBy(lan);
      const stream = new Stream(world, nodes[0], nodes[1], PERIOD_US);
      world.run(500 * MILLISECOND);
      stream.stop();
      world.run(50 * MILLISECOND);
      const report = stream.report();
      expect(report).toMatchObject({ lost: 0, duplicated: 0 });
      expect(report.displacement).toBeGreaterThan(0);
      expect(report.displacement).toBeLessThanOrEqual((5 - 1) * (MILLISECOND / PERIOD_US));
      const share = report.sent / 4;
      sentBy(lan).forEach((sent, link) => {
        // Heartbeats go by every link beside the frames.
        expect(sent - before[link]).toBeGreaterThan(share - 5);
        expect(sent - before[link]).toBeLessThan(share + 70);
      });
    }));

  it('links cut one after another lose nothing', () =>
    withSeed((seed) => {
      const { world, nodes } = start(seed, 'round-robin', [1, 3, 5, 2]);
      const [a, b] = nodes;
      const stream = new Stream(world, a, b, PERIOD_US);
      for (const link of [2, 0, 3]) {
        world.run(100 * MILLISECOND);
        cut(world, 'black hole', a, b, link);
      }
      world.run(200 * MILLISECOND);
      stream.stop();
      world.run(50 * MILLISECOND);
      expect(stream.report()).toMatchObject({ lost: 0, duplicated: 0 });
    }));
});

describe('eight links whose delays differ by up to 200 ms', () => {
  const DELAYS = [1, 30, 60, 90, 120, 150, 180, 201];

  it.each(['passive', 'round-robin', 'adaptive'] as const)(
    '%s, 20,000 frames a second: none is refused as a replay',
    (policy) =>
      withSeed((seed) => {
        const { world, nodes } = start(seed, policy, DELAYS);
        const [a, b] = nodes;
        world.run(300 * MILLISECOND);
        const stream = new Stream(world, a, b, 50);
        world.run(600 * MILLISECOND);
        stream.stop();
        world.run(400 * MILLISECOND);
        expect(stream.report()).toMatchObject({ lost: 0, duplicated: 0 });
        expect([b.drop('replayed-early'), b.drop('replayed')]).toEqual([0, 0]);
      }),
  );
});
