import { describe, expect, it } from 'vitest';
import type { Hop } from '../sim/hop.js';
import { burstLoss } from '../sim/hops/burst-loss.js';
import { corrupt } from '../sim/hops/corrupt.js';
import { delay } from '../sim/hops/delay.js';
import { duplicate } from '../sim/hops/duplicate.js';
import { jitter } from '../sim/hops/jitter.js';
import { loss } from '../sim/hops/loss.js';
import { mbit, rate } from '../sim/hops/rate.js';
import { reorder } from '../sim/hops/reorder.js';
import { Lan, linkRow } from '../sim/lan.js';
import { withSeed } from '../sim/random.js';
import { Stream } from '../sim/stream.js';
import { MILLISECOND, SECOND, World } from '../sim/world.js';

function start(seed: number, hops: (random: () => number) => Hop[], holdMs = 300): Lan {
  const world = new World(seed);
  const lan = new Lan(world, { hosts: 2, links: 2, intervalMs: 20, holdMs });
  const [a, b] = lan.nodes;
  for (let link = 0; link < 2; link++) {
    world.wire(a, b, link).hops = hops(world.random);
    world.wire(b, a, link).hops = hops(world.random);
  }
  world.run(SECOND);
  return lan;
}

describe('bad weather', () => {
  it('everything at once: nothing arrives twice or damaged, and no link is given up', () =>
    withSeed((seed) => {
      const hops = (random: () => number) => [
        rate(mbit(20), { bytes: 100_000 }),
        delay(15 * MILLISECOND),
        jitter(5 * MILLISECOND, random),
        loss(0.02, random),
        burstLoss({ start: 0.005, end: 0.3 }, random),
        reorder(0.05, 3 * MILLISECOND, random),
        duplicate(0.05, 2 * MILLISECOND, random),
        corrupt(0.02, random),
      ];
      // The idle link carries heartbeats only. One burst in 150 is of 15 of them, which would be a death; of 30, one in 30,000.
      const { world, nodes } = start(seed, hops, 600);
      const [a, b] = nodes;
      const before = nodes.map((node) => node.linkEvents().length);
      const streams = [new Stream(world, a, b, 500), new Stream(world, b, a, 700)];
      world.run(4 * SECOND);
      for (const stream of streams) stream.stop();
      world.run(SECOND);
      for (const stream of streams) {
        const { sent, lost, duplicated } = stream.report();
        expect(duplicated).toBe(0);
        expect(lost).toBeGreaterThan(0);
        // Loss, bursts and corruption take 2 + 1.6 + 2 % on the average.
        expect(lost / sent).toBeLessThan(0.12);
      }
      expect(nodes.map((node) => node.linkEvents().length)).toEqual(before);
      expect(b.drop('forged') + b.drop('bad-header') + b.drop('unknown-index')).toBeGreaterThan(50);
      expect(b.tap.refused).toEqual([]);
    }));

  it('heartbeats measure loss and round-trip time', () =>
    withSeed((seed) => {
      const { world, nodes } = start(seed, (random) => [delay(20 * MILLISECOND), loss(0.1, random)]);
      const [a, b] = nodes;
      const stream = new Stream(world, a, b, 500);
      world.run(5 * SECOND);
      stream.stop();
      const row = linkRow(b.id, 0);
      expect(a.linkGauge(row, 'rttLastUs')).toBe(40 * MILLISECOND);
      expect(a.linkGauge(row, 'rttSmoothedUs')).toBeLessThan(41 * MILLISECOND);
      expect(a.linkGauge(row, 'lossOutPermille')).toBeGreaterThan(30);
      expect(a.linkGauge(row, 'lossOutPermille')).toBeLessThan(250);
    }));

  it('a bottleneck with a full queue drops frames, but starves no heartbeat to death', () =>
    withSeed((seed) => {
      const { world, nodes } = start(seed, () => [rate(mbit(4), { bytes: 20_000 }), delay(5 * MILLISECOND)]);
      const [a, b] = nodes;
      const before = nodes.map((node) => node.linkEvents().length);
      // Three times the rate of the path.
      const stream = new Stream(world, a, b, 1000, 1400);
      world.run(3 * SECOND);
      stream.stop();
      world.run(SECOND);
      const { lost, sent, duplicated } = stream.report();
      expect(lost / sent).toBeGreaterThan(0.5);
      expect(duplicated).toBe(0);
      expect(nodes.map((node) => node.linkEvents().length)).toEqual(before);
    }));
});
