import { describe, expect, it } from 'vitest';
import { CAPABILITY, ownCapabilities } from '../../src/wire/capabilities.js';
import { bulkLan, type LinkProfile } from '../sim/bulk.js';
import { seededRandom, withSeed } from '../sim/random.js';
import { Transfers } from '../sim/tcp.js';
import { SECOND } from '../sim/world.js';

const WITHOUT = ownCapabilities(false) & ~CAPABILITY.NACKS;
const RUNS = 5;

/** Mbit/s of one transfer over two such links in its second to seventh second, and how many datagrams were sent again. */
function transfer(seed: number, link: LinkProfile, flows: number, capabilities: number) {
  const { world, nodes } = bulkLan(seed, [link, link], 'adaptive', { capabilities });
  world.run(10 * SECOND);
  const [a, b] = nodes;
  const transfers = new Transfers(world, a, b, flows);
  world.run(SECOND);
  const mbit = transfers.measure(6 * SECOND) / 1e6;
  return { mbit, resent: a.counter('resentDatagrams') };
}

/** The middle of some runs. */
function usual(seed: number, link: LinkProfile, flows: number, capabilities: number): number {
  const random = seededRandom(seed);
  const rates = Array.from({ length: RUNS }, () => {
    return transfer(Math.floor(random() * 2 ** 32), link, flows, capabilities).mbit;
  });
  return rates.sort((a, b) => a - b)[(RUNS - 1) / 2];
}

describe('a lane over links that lose datagrams at random', () => {
  const link = { mbit: 20, delayMs: 25, loss: 0.005 };

  it('brings one transfer far more when what is lost is sent again', () =>
    withSeed((seed) => {
      const without = usual(seed, link, 1, WITHOUT);
      expect(usual(seed, link, 1, ownCapabilities(false))).toBeGreaterThan(1.2 * without);
    }));

  it('sends nothing again to a peer that does not know NACKs', () =>
    withSeed((seed) => {
      expect(transfer(seed, link, 1, WITHOUT).resent).toBe(0);
      expect(transfer(seed, link, 1, ownCapabilities(false)).resent).toBeGreaterThan(0);
    }));

  it('sends nothing again to many transfers that fill the links anyway', () =>
    withSeed((seed) => {
      expect(transfer(seed, { ...link, loss: 0.001 }, 8, ownCapabilities(false)).resent).toBeLessThan(20);
    }));
});

describe('a lane over links that lose what does not fit', () => {
  it.each([5, 20, 50])('is as fast with NACKs as without, with queues of %i ms', (queueMs) =>
    withSeed((seed) => {
      for (const flows of [1, 8]) {
        const link = { mbit: 20, delayMs: 25, queueMs };
        const { mbit } = transfer(seed, link, flows, ownCapabilities(false));
        expect(mbit).toBeGreaterThan(0.9 * transfer(seed, link, flows, WITHOUT).mbit);
      }
    }),
  );
});
