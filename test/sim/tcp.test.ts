import { describe, expect, it } from 'vitest';
import { bulkLan } from './bulk.js';
import { withSeed } from './random.js';
import { Transfers } from './tcp.js';
import { MILLISECOND, SECOND } from './world.js';

describe('a transfer in the simulator', () => {
  it('takes no round-trip time from what it sent again, and no loss from what had arrived', () =>
    withSeed((seed) => {
      const delayMs = 25;
      const { world, nodes } = bulkLan(seed, [{ mbit: 20, delayMs }], 'passive');
      const [a, b] = nodes;
      const from = world.now + SECOND;
      let held = 0;
      world.wire(a, b, 0).hops.push({
        pass(datagram, now, forward) {
          const isHeld = now >= from && now < from + 5 * MILLISECOND;
          if (isHeld) held++;
          // What is held comes when it has just been sent again.
          forward(datagram, isHeld ? 2 * delayMs * MILLISECOND + 10 * MILLISECOND : 0);
        },
      });
      const [flow] = new Transfers(world, a, b, 1).flows;
      world.run(SECOND);
      const before = flow.retransmitted;
      let least = Number.POSITIVE_INFINITY;
      for (let step = 0; step < 50; step++) {
        world.run(5 * MILLISECOND);
        least = Math.min(least, flow.smoothedRtt);
      }
      expect(flow.retransmitted).toBeGreaterThan(before);
      expect(flow.retransmitted - before).toBeLessThanOrEqual(held);
      expect(least).toBeGreaterThan(2 * delayMs * MILLISECOND);
    }));
});
