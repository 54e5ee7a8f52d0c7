import { describe, expect, it } from 'vitest';
import type { DuplicateSettings } from '../../src/contract/settings.js';
import { cut } from '../sim/cuts.js';
import { delay } from '../sim/hops/delay.js';
import { loss } from '../sim/hops/loss.js';
import { Lan, linkRow } from '../sim/lan.js';
import { withSeed } from '../sim/random.js';
import { Stream } from '../sim/stream.js';
import { MILLISECOND, World } from '../sim/world.js';

const SMALL: DuplicateSettings = { smallBytes: 200, control: false, dscp: [] };
const PERIOD_US = 500;
const DELAY_US = 2 * MILLISECOND;

function start(seed: number, links = 3): Lan {
  const lan = new Lan(new World(seed), { hosts: 2, links, duplicate: SMALL });
  const [a, b] = lan.nodes;
  for (let link = 0; link < links; link++) {
    lan.world.wire(a, b, link).hops = [delay(DELAY_US)];
    lan.world.wire(b, a, link).hops = [delay(DELAY_US)];
  }
  lan.world.run(200 * MILLISECOND);
  return lan;
}

function sentBy(lan: Lan, link: number): number {
  return lan.nodes[0].linkGauge(linkRow(1, link), 'txDatagrams');
}

/** Datagrams by each link while 1000 frames of a size go from one host to the other, beats taken off. */
function datagramsOfThousand(lan: Lan, payloadBytes: number): number[] {
  const { world, nodes } = lan;
  const links = [0, 1, 2];
  const before = links.map((link) => sentBy(lan, link));
  const stream = new Stream(world, nodes[0], nodes[1], PERIOD_US, payloadBytes);
  world.run(1000 * PERIOD_US);
  stream.stop();
  const beats = (1000 * PERIOD_US) / (10 * MILLISECOND);
  world.run(10 * MILLISECOND);
  expect(stream.report()).toMatchObject({ lost: 0, duplicated: 0, reordered: 0 });
  return links.map((link) => sentBy(lan, link) - before[link] - beats);
}

describe('small frames sent twice under `passive`', () => {
  it('go by the link in use and the next best, others by one', () =>
    withSeed((seed) => {
      const lan = start(seed);
      const [inUse, backup, third] = datagramsOfThousand(lan, 100);
      for (const count of [inUse, backup]) expect(Math.abs(count - 1000)).toBeLessThan(20);
      expect(third).toBeLessThan(20);
      const [alone, second] = datagramsOfThousand(lan, 1000);
      expect(Math.abs(alone - 1000)).toBeLessThan(20);
      expect(second).toBeLessThan(20);
    }));

  it('feel no gap when the link in use turns into a black hole, and nothing else is lost either', () =>
    withSeed((seed) => {
      const { world, nodes } = start(seed);
      const [a, b] = nodes;
      const bulk = new Stream(world, b, a, PERIOD_US, 1000);
      const small = new Stream(world, a, b, PERIOD_US, 100);
      world.run(100 * MILLISECOND);
      cut(world, 'black hole', a, b, 0);
      world.run(200 * MILLISECOND);
      bulk.stop();
      small.stop();
      world.run(100 * MILLISECOND);
      expect(small.report()).toMatchObject({ lost: 0, duplicated: 0, reordered: 0 });
      expect(small.report().longestGapUs).toBeLessThanOrEqual(PERIOD_US);
      expect(bulk.report()).toMatchObject({ lost: 0, duplicated: 0 });
    }));

  it('hardly notice a lossy link', () =>
    withSeed((seed) => {
      const { world, nodes } = start(seed);
      const [a, b] = nodes;
      world.wire(a, b, 0).hops.push(loss(0.1, world.random));
      const small = new Stream(world, a, b, PERIOD_US, 100);
      world.run(2000 * MILLISECOND);
      small.stop();
      world.run(100 * MILLISECOND);
      expect(small.report()).toMatchObject({ lost: 0, duplicated: 0 });
    }));

  it('both copies die with their links: what the third had no copy of is sent again', () =>
    withSeed((seed) => {
      const { world, nodes } = start(seed);
      const [a, b] = nodes;
      const small = new Stream(world, a, b, PERIOD_US, 100);
      world.run(100 * MILLISECOND);
      cut(world, 'black hole', a, b, 0);
      cut(world, 'black hole', a, b, 1);
      world.run(200 * MILLISECOND);
      small.stop();
      world.run(100 * MILLISECOND);
      expect(small.report()).toMatchObject({ lost: 0, duplicated: 0 });
    }));

  it('with one link go once', () =>
    withSeed((seed) => {
      const lan = start(seed, 1);
      const before = sentBy(lan, 0);
      const small = new Stream(lan.world, lan.nodes[0], lan.nodes[1], PERIOD_US, 100);
      lan.world.run(100 * MILLISECOND);
      small.stop();
      expect(sentBy(lan, 0) - before).toBeLessThan((100 * MILLISECOND) / PERIOD_US + 20);
    }));
});
