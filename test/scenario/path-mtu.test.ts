import { describe, expect, it } from 'vitest';
import { STATE } from '../../src/contract/link-states.js';
import { MTU_STATE } from '../../src/link/life/mtu-search.js';
import { SEALED_OVERHEAD } from '../../src/wire/header.js';
import { cut } from '../sim/cuts.js';
import type { Hop } from '../sim/hop.js';
import { delay } from '../sim/hops/delay.js';
import { eavesdrop } from '../sim/hops/eavesdrop.js';
import { loss } from '../sim/hops/loss.js';
import { mtu } from '../sim/hops/mtu.js';
import { Lan, type LanOptions, linkRow } from '../sim/lan.js';
import type { SimNode } from '../sim/node.js';
import { withSeed } from '../sim/random.js';
import { Stream } from '../sim/stream.js';
import { MILLISECOND, SECOND, World } from '../sim/world.js';

const DELAY_US = 5 * MILLISECOND;
const RAISE_S = 30;
/** A frame that fills one datagram of 1500 bytes over IPv4. */
const FULL_PAYLOAD = 1420;

function start(seed: number, options: Partial<LanOptions> = {}, hops: Hop[] = []): Lan {
  const world = new World(seed, { delayUs: DELAY_US });
  const lan = new Lan(world, {
    hosts: 2,
    links: 1,
    mtu: 0,
    node: { settings: { mtuRaiseS: RAISE_S } },
    ...options,
  });
  narrow(lan, hops);
  return lan;
}

/** Puts hops on the wires of the first network, both ways. */
function narrow({ world, nodes }: Lan, hops: Hop[]): void {
  const [a, b] = nodes;
  world.wire(a, b, 0).hops = [delay(DELAY_US), ...hops];
  world.wire(b, a, 0).hops = [delay(DELAY_US), ...hops];
}

function found(node: SimNode, link = 0): { mtu: number; state: number } {
  const row = linkRow(1 - node.id, link);
  return { mtu: node.linkGauge(row, 'mtu'), state: node.linkGauge(row, 'mtuState') };
}

describe('finding the MTU of a path', () => {
  it('takes a few round trips where the kernel is right, over IPv4 and IPv6', () =>
    withSeed((seed) => {
      const lan = start(seed, { links: 2 });
      for (const node of lan.nodes) {
        for (let link = 0; link < 2; link++) lan.configureLink(node, 1 - node.id, link, { routeMtu: 9000 });
      }
      // Two beats until both ends are heard, then a round trip for the base and one for the kernel's word.
      lan.world.run(2 * 10 * MILLISECOND + 4 * 2 * DELAY_US);
      for (const node of lan.nodes) {
        for (let link = 0; link < 2; link++) {
          expect(found(node, link)).toEqual({ mtu: 9000, state: MTU_STATE.COMPLETE });
        }
      }
    }));

  for (const bytes of [1492, 1428, 1337, 1280, 1000, 576]) {
    it(`finds ${bytes} to the byte, soon, with no frame lost meanwhile`, () =>
      withSeed((seed) => {
        const lan = start(seed, {}, [mtu(bytes)]);
        const { world, nodes } = lan;
        const [a, b] = nodes;
        world.run(50 * MILLISECOND);
        // A path below the base must fail three probes before anything large gets through.
        if (bytes < 1200) world.run(500 * MILLISECOND);
        const stream = new Stream(world, a, b, 1 * MILLISECOND, FULL_PAYLOAD);
        world.run(1 * SECOND);
        stream.stop();
        world.run(20 * MILLISECOND);
        world.run(2 * SECOND);
        expect(stream.report()).toMatchObject({ lost: 0, duplicated: 0, reordered: 0 });
        for (const node of nodes) {
          expect(found(node)).toEqual({ mtu: bytes, state: MTU_STATE.COMPLETE });
          expect(node.linkGauge(linkRow(1 - node.id, 0), 'transitions')).toBe(1);
        }
      }));
  }

  it('a probe that is lost is no loss of the link', () =>
    withSeed((seed) => {
      const { world, nodes } = start(seed, {}, [mtu(1337)]);
      world.run(600 * MILLISECOND);
      for (const node of nodes) {
        expect(found(node).mtu).toBeGreaterThanOrEqual(1300);
        // About ten of the last hundred datagrams were probes that vanished; what is under way at a beat is one of them.
        expect(node.linkGauge(linkRow(1 - node.id, 0), 'lossOutPermille')).toBeLessThan(25);
        expect(node.linkGauge(linkRow(1 - node.id, 0), 'lossInPermille')).toBeLessThan(25);
      }
    }));

  it.each([0.05, 0.2])('finds it on a path that loses %f of its datagrams', (share) =>
    withSeed((seed) => {
      const lan = start(seed, { node: { settings: { mtuRaiseS: 2 } } });
      const { world, nodes } = lan;
      narrow(lan, [mtu(1400), loss(share, world.random)]);
      world.run(10 * SECOND);
      const used: number[] = [];
      for (let sample = 0; sample < 200; sample++) {
        world.run(100 * MILLISECOND);
        for (const node of nodes) used.push(found(node).mtu);
      }
      expect(Math.max(...used)).toBe(1400);
      // A size is left for a moment whenever a probe that verifies it is lost.
      const lessOften = used.filter((bytes) => bytes < 1400);
      expect(lessOften.length).toBeLessThan(0.25 * used.length);
    }),
  );

  it('each end finds its own direction', () =>
    withSeed((seed) => {
      const { world, nodes } = start(seed);
      const [a, b] = nodes;
      world.wire(a, b, 0).hops.push(mtu(1300));
      world.run(3 * SECOND);
      expect([found(a).mtu, found(b).mtu]).toEqual([1300, 1500]);
    }));

  it('probes are as long as they say, and rare once the size is known', () =>
    withSeed((seed) => {
      const lan = start(seed);
      const { world, nodes } = lan;
      const [a, b] = nodes;
      world.run(1 * SECOND);
      let large = 0;
      world.wire(a, b, 0).hops.push(
        eavesdrop(({ bytes }) => {
          if (bytes.length > 500 + SEALED_OVERHEAD) large++;
        }),
      );
      world.run(10 * SECOND);
      expect(large).toBe(0);
    }));

  it('a fixed size is used as it is', () =>
    withSeed((seed) => {
      const lan = start(seed, { mtu: 1452 }, [mtu(1452)]);
      const { world, nodes } = lan;
      const [a, b] = nodes;
      world.run(1 * SECOND);
      expect(found(a)).toEqual({ mtu: 1452, state: MTU_STATE.FIXED });
      lan.configureLink(a, 1, 0, { mtu: 0 });
      const stream = new Stream(world, a, b, 1 * MILLISECOND, FULL_PAYLOAD);
      world.run(2 * SECOND);
      stream.stop();
      world.run(20 * MILLISECOND);
      expect(found(a)).toEqual({ mtu: 1452, state: MTU_STATE.COMPLETE });
      expect(stream.report().lost).toBe(0);
    }));
});

describe('a path that takes less all of a sudden, without a word', () => {
  it('is noticed within two beats and a few round trips; what is small goes on arriving', () =>
    withSeed((seed) => {
      const lan = start(seed);
      const { world, nodes } = lan;
      const [a, b] = nodes;
      world.run(1 * SECOND);
      const stream = new Stream(world, a, b, 1 * MILLISECOND, FULL_PAYLOAD);
      world.run(100 * MILLISECOND);
      narrow(lan, [mtu(1300)]);
      world.run(500 * MILLISECOND);
      const lostSoFar = stream.report().lost;
      world.run(2 * SECOND);
      stream.stop();
      world.run(50 * MILLISECOND);
      // Beats of 10 ms, a round trip of 10 ms, one probe.
      expect(stream.report().longestGapUs).toBeLessThan(90 * MILLISECOND);
      expect(stream.report().lost).toBeLessThanOrEqual(lostSoFar);
      expect(found(a)).toEqual({ mtu: 1300, state: MTU_STATE.COMPLETE });
      expect(a.linkGauge(linkRow(1, 0), 'transitions')).toBe(1);
      expect(b.linkGauge(linkRow(0, 0), 'transitions')).toBe(1);
    }));

  it('is used in full again once the raise timer has run and the path takes more', () =>
    withSeed((seed) => {
      const lan = start(seed, {}, [mtu(1300)]);
      const { world, nodes } = lan;
      world.run(3 * SECOND);
      narrow(lan, []);
      world.run((RAISE_S - 5) * SECOND);
      for (const node of nodes) expect(found(node).mtu).toBe(1300);
      world.run(10 * SECOND);
      for (const node of nodes) expect(found(node)).toEqual({ mtu: 1500, state: MTU_STATE.COMPLETE });
    }));

  it('a link that was dead is asked again before it is trusted with its old size', () =>
    withSeed((seed) => {
      const lan = start(seed, { links: 2, mtu: 0 });
      const { world, nodes } = lan;
      const [a, b] = nodes;
      world.run(1 * SECOND);
      const heal = cut(world, 'black hole', a, b, 0);
      world.run(500 * MILLISECOND);
      narrow(lan, [mtu(1300)]);
      heal();
      world.run(3 * SECOND);
      expect(found(a)).toEqual({ mtu: 1300, state: MTU_STATE.COMPLETE });
      expect(a.linkGauge(linkRow(1, 0), 'state')).toBe(STATE.UP);
    }));
});

describe('what the kernel says', () => {
  it('a lower route MTU that the path does not know of costs one round trip and no frame', () =>
    withSeed((seed) => {
      const lan = start(seed);
      const { world, nodes } = lan;
      const [a, b] = nodes;
      world.run(1 * SECOND);
      const stream = new Stream(world, a, b, 1 * MILLISECOND, FULL_PAYLOAD);
      a.command({ kind: 'route', route: { kind: 'unknown' }, row: linkRow(1, 0), mtu: 600 });
      expect(found(a).mtu).toBe(600);
      world.run(2 * DELAY_US + 4 * MILLISECOND);
      expect(found(a).mtu).toBe(1500);
      world.run(100 * MILLISECOND);
      stream.stop();
      world.run(50 * MILLISECOND);
      expect(stream.report()).toMatchObject({ lost: 0, duplicated: 0 });
    }));

  it('a device that takes less from now on refuses one batch, no more', () =>
    withSeed((seed) => {
      const lan = start(seed);
      const { world, nodes } = lan;
      const [a, b] = nodes;
      world.run(1 * SECOND);
      const stream = new Stream(world, a, b, 1 * MILLISECOND, FULL_PAYLOAD);
      world.run(50 * MILLISECOND);
      a.sockets[0].mtu = 1280;
      world.run(1 * SECOND);
      stream.stop();
      world.run(50 * MILLISECOND);
      expect(stream.report().lost).toBeLessThanOrEqual(1);
      expect(found(a)).toEqual({ mtu: 1280, state: MTU_STATE.COMPLETE });
      expect(a.linkGauge(linkRow(1, 0), 'transitions')).toBe(1);
    }));
});
