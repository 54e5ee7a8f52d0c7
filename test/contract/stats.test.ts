import fc from 'fast-check';
import { expect, it } from 'vitest';
import { DROP_NAMES } from '../../src/contract/drops.js';
import { LINK_WIDTH, PEER_WIDTH, SharedStats } from '../../src/contract/stats.js';

it('statistics keep what they hold as they grow, and the other thread sees the same', () => {
  const rows = fc.oneof(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 4000 }));
  const step = fc.record({ isPeer: fc.boolean(), rows });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      const stats = new SharedStats({ peers: 4, links: 4 });
      stats.interface[3] = 33;
      stats.drops[DROP_NAMES.length - 1] = 44;
      const counts = { peers: new Map<number, number>(), links: new Map<number, number>() };
      for (const { isPeer, rows } of steps) {
        const table = isPeer ? 'peers' : 'links';
        if (rows > stats.shape[table]) stats.grow({ ...stats.shape, [table]: rows });
        expect(stats.shape[table]).toBeGreaterThanOrEqual(rows);
        const at = rows * (isPeer ? PEER_WIDTH : LINK_WIDTH) - 1;
        stats[table][at] = rows;
        counts[table].set(at, rows);
      }
      const other = new SharedStats({ ...stats.shape }, stats.buffer);
      expect([other.interface[3], other.drops[DROP_NAMES.length - 1]]).toEqual([33, 44]);
      for (const table of ['peers', 'links'] as const) {
        for (const [at, count] of counts[table]) {
          expect(other[table][at]).toBe(count);
          expect(other[table][at - 1]).toBe(0);
        }
      }
    }),
    { numRuns: 20 },
  );
});

it('statistics of a server with many clients are told of once more, and never again', () => {
  const stats = new SharedStats({ peers: 16, links: 64 });
  let told = 0;
  for (let row = 0; row < 65_536; row++) {
    const { peers, links } = stats.shape;
    if (row < peers && row < links) continue;
    stats.grow({ peers: Math.max(peers, row + 1), links: Math.max(links, row + 1) });
    told++;
  }
  expect(told).toBeLessThan(5);
});
