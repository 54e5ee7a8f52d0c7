/** Trains of probes tell what links carry before anything is sent over them. */
import { describe, expect, it } from 'vitest';
import { LINK, LINK_WIDTH } from '../../src/contract/stats.js';
import { bulkLan, type LinkProfile } from '../sim/bulk.js';
import type { SimNode } from '../sim/node.js';
import { withSeed } from '../sim/random.js';
import { SECOND } from '../sim/world.js';

/** Mbit/s that a host believes its links to carry, after `seconds` without traffic. */
function believed(seed: number, links: LinkProfile[], policy: 'adaptive' | 'passive', seconds: number) {
  const { world, nodes } = bulkLan(seed, links, policy);
  world.run(seconds * SECOND);
  return { rates: capacities(nodes[0]), datagrams: nodes[0].sentDatagrams };
}

function capacities(node: SimNode): number[] {
  const { links } = node.engine.stats;
  const known: number[] = [];
  for (let base = 0; base < links.length; base += LINK_WIDTH) {
    const bytes = links[base + LINK.capacityOutBps];
    if (bytes > 0) known.push((bytes * 8) / 1e6);
  }
  return known;
}

describe('the capacity of an idle link', () => {
  it('is known within a sixth, of slow ones and fast ones', () =>
    withSeed((seed) => {
      const links = [
        { mbit: 2, delayMs: 40, queueMs: 200 },
        { mbit: 40, delayMs: 10, jitterMs: 1 },
      ];
      const { rates } = believed(seed, links, 'adaptive', 8);
      expect(rates).toHaveLength(2);
      for (const [at, { mbit }] of links.entries()) {
        expect(Math.abs(rates[at] - mbit) / mbit).toBeLessThan(1 / 6);
      }
    }));

  it.each([
    { mbit: 12.8, jitterMs: 20 },
    { mbit: 2, jitterMs: 30 },
    { mbit: 40, jitterMs: 8 },
  ])('of $mbit Mbit/s is known though answers scatter by $jitterMs ms', ({ mbit, jitterMs }) =>
    withSeed((seed) => {
      const link = { mbit, delayMs: 20, queueMs: 300, jitterMs };
      const rates = [0, 1, 2, 3, 4].map((run) => believed(seed + run, [link, link], 'adaptive', 8).rates);
      const known = rates.flat().sort((a, b) => a - b);
      expect(known).toHaveLength(10);
      expect(Math.abs(known[5] - mbit) / mbit).toBeLessThan(1 / 8);
      expect(known[1] / mbit).toBeGreaterThan(1 / 2);
    }),
  );

  it('stays unknown when the link is too fast to be measured, and nothing is asked again and again', () =>
    withSeed((seed) => {
      const links = [
        { mbit: 2000, delayMs: 1 },
        { mbit: 2000, delayMs: 1 },
      ];
      const early = believed(seed, links, 'adaptive', 8);
      const late = believed(seed, links, 'adaptive', 16);
      const plain = [8, 16].map((seconds) => believed(seed, links, 'passive', seconds).datagrams);
      expect(late.rates).toEqual([]);
      expect(early.datagrams - plain[0]).toBeGreaterThan(0);
      expect(late.datagrams - plain[1]).toBe(early.datagrams - plain[0]);
    }));

  it('is not asked for where one link is all there is, or where the policy does not need it', () =>
    withSeed((seed) => {
      expect(believed(seed, [{ mbit: 10, delayMs: 10 }], 'adaptive', 8).rates).toEqual([]);
      const two = [
        { mbit: 10, delayMs: 10 },
        { mbit: 10, delayMs: 10 },
      ];
      expect(believed(seed, two, 'passive', 8).rates).toEqual([]);
    }));
});
