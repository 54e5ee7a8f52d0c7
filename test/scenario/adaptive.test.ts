import { describe, expect, it } from 'vitest';
import { CAPABILITY } from '../../src/wire/capabilities.js';
import { bulkLan, goodput, payloadOf } from '../sim/bulk.js';
import type { SimNode } from '../sim/node.js';
import { withSeed } from '../sim/random.js';
import { Transfers } from '../sim/tcp.js';
import { SECOND, type World } from '../sim/world.js';

/** Bytes that one host sends to another from now on, by network. */
function bytesOf(world: World, from: SimNode, to: SimNode): readonly number[] {
  const sent = [0, 0];
  for (const network of sent.keys()) {
    world.wire(from, to, network).hops.unshift({
      pass(datagram, _, forward) {
        sent[network] += datagram.bytes.length;
        forward(datagram, 0);
      },
    });
  }
  return sent;
}

describe('adaptive: one transfer and eight over two links', () => {
  it.each([1, 8])('equal links, %i flows: at least 94 %% of the sum', (flows) =>
    withSeed((seed) => {
      const link = { mbit: 20, delayMs: 25 };
      expect(goodput(seed, [link, link], 'adaptive', flows, 5, 2)).toBeGreaterThan(0.94 * payloadOf(40));
    }),
  );

  // With these seeds trains of 80 probes filled a queue while the transfer began.
  it.each([875049812, 1570935, 3665515])('probes of capacity do a transfer no harm (seed %i)', (seed) => {
    const link = { mbit: 20, delayMs: 25 };
    expect(goodput(seed, [link, link], 'adaptive', 1, 5, 2)).toBeGreaterThan(0.94 * payloadOf(40));
  });

  it.each([1, 8])('60 Mbit/s at 10 ms and 16 Mbit/s at 30 ms, %i flows: at least 88 %% of the sum', (flows) =>
    withSeed((seed) => {
      const links = [
        { mbit: 60, delayMs: 10 },
        { mbit: 16, delayMs: 30 },
      ];
      expect(goodput(seed, links, 'adaptive', flows, 5, 2)).toBeGreaterThan(0.88 * payloadOf(76));
    }),
  );
});

describe('adaptive: one transfer over many links', () => {
  const near = { mbit: 6, delayMs: 10 };
  it.each([
    ['four equal ones', [near, near, near, near]],
    ['eight equal ones', Array(8).fill(near)],
    ['three that differ', [{ mbit: 12, delayMs: 5 }, near, { mbit: 4, delayMs: 25 }]],
  ] as const)('%s: at least 90 %% of the sum from its first second on', (_, links) =>
    withSeed((seed) => {
      const sum = links.reduce((all, { mbit }) => all + payloadOf(mbit), 0);
      expect(goodput(seed, links, 'adaptive', 1, 3, 1, 3)).toBeGreaterThan(0.9 * sum);
    }),
  );
});

describe('adaptive: 20 ms between the links', () => {
  it('one transfer is at least as fast as over the better link alone', () =>
    withSeed((seed) => {
      const links = [
        { mbit: 20, delayMs: 10 },
        { mbit: 20, delayMs: 30 },
      ];
      const alone = goodput(seed, [links[0]], 'passive', 1, 5, 1);
      expect(goodput(seed, links, 'adaptive', 1, 5, 1)).toBeGreaterThan(1.5 * alone);
      // What it is for: the same links without order.
      expect(goodput(seed, links, 'round-robin', 1, 5, 1)).toBeLessThan(0.7 * alone);
    }));
});

describe('adaptive: a link that loses datagrams beside one that loses none', () => {
  /** Bytes sent by each link, and Mbit/s that a transfer gets, by a peer with such capabilities. */
  function transfer(seed: number, capabilities: number) {
    const link = { mbit: 10, delayMs: 25, queueMs: 60 };
    const links = [{ ...link, loss: 0.003 }, link];
    const { world, nodes } = bulkLan(seed, links, 'adaptive', { capabilities });
    world.run(20 * SECOND);
    const [a, b] = nodes;
    const sent = bytesOf(world, a, b);
    const mbit = new Transfers(world, a, b, 1).measure(8 * SECOND) / 1e6;
    return { sent, mbit };
  }

  // With these seeds the transfer itself meets the losses, and heartbeats before it do not.
  it.each([91, 364])('carries the smaller part, though it is the first (seed %i)', (seed) => {
    const { sent } = transfer(seed, 0);
    expect(sent[0]).toBeLessThan(0.5 * sent[1]);
  });

  it.each([91, 364])('is used in full when what it loses is sent again (seed %i)', (seed) => {
    expect(transfer(seed, CAPABILITY.NACKS).mbit).toBeGreaterThan(1.1 * transfer(seed, 0).mbit);
  });
});

describe('adaptive: links that lose datagrams', () => {
  it('are used together by as many transfers as can fill them, though the first one could not', () =>
    withSeed((seed) => {
      const link = { mbit: 20, delayMs: 20, queueMs: 50, loss: 0.005 };
      expect(goodput(seed, [link, link], 'adaptive', 8, 5, 3, 30)).toBeGreaterThan(
        1.2 * payloadOf(link.mbit),
      );
    }));
});

describe('adaptive: the way back', () => {
  it('acknowledgements go by the link that brings the transfer, however early another is', () =>
    withSeed((seed) => {
      const { world, nodes } = bulkLan(
        seed,
        [
          { mbit: 20, delayMs: 45 },
          { mbit: 2, delayMs: 5 },
        ],
        'adaptive',
      );
      world.run(3 * SECOND);
      const [a, b] = nodes;
      const sent = bytesOf(world, b, a);
      const [flow] = new Transfers(world, a, b, 1).flows;
      world.run(2 * SECOND);
      expect(flow.acknowledged).toBeGreaterThan(1000);
      // Heartbeats and reports are the rest.
      expect(sent[1]).toBeLessThan(sent[0] / 10);
    }));
});
