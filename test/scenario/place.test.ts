/** What a link lacks, and what comes back out of the tunnel's own TAP. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { STATE } from '../../src/contract/link-states.js';
import { PATH } from '../../src/native/ops.js';
import { ETHERTYPE_IPV4, ETHERTYPE_IPV6 } from '../../src/switch/frame.js';
import { cut } from '../sim/cuts.js';
import { ethernet, stationOf, withVirtio } from '../sim/frames.js';
import { interfaceFacts, Lan, linkRow, pathTo } from '../sim/lan.js';
import { withSeed } from '../sim/random.js';
import { MILLISECOND, PORT, World } from '../sim/world.js';

const ROW = (link: number) => linkRow(1, link);

function start(seed: number): Lan {
  const lan = new Lan(new World(seed), { hosts: 2, links: 2 });
  lan.world.run(500 * MILLISECOND);
  return lan;
}

/** The frame in which a datagram to a host's address on a network leaves by an Ethernet device. */
function carried(network: number, sourcePort: number): Uint8Array {
  const words = Int32Array.from(pathTo(1, network));
  const address = new Uint8Array(words.buffer, PATH.ADDR * 4, 16);
  const udp = Uint8Array.of(
    sourcePort >> 8,
    sourcePort,
    PORT >> 8,
    PORT,
    0,
    8 + 20,
    0,
    0,
    ...new Uint8Array(20),
  );
  const isV4 = words[PATH.FAMILY] === 4;
  const ip = new Uint8Array(isV4 ? 20 : 40);
  ip.set(isV4 ? [0x45, 0, 0, 20 + udp.length] : [0x60, 0, 0, 0, 0, udp.length, 17, 64]);
  if (isV4) ip.set([64, 17], 8);
  ip.set(isV4 ? address.subarray(0, 4) : address, isV4 ? 16 : 24);
  const packet = Uint8Array.of(...ip, ...udp);
  const type = isV4 ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6;
  return withVirtio(ethernet(stationOf(1), stationOf(0), type, packet));
}

describe('an own datagram that comes out of the TAP', () => {
  for (const link of [0, 1]) {
    it(`of link ${link} is not carried; the link waits until the routing table says otherwise`, () =>
      withSeed((seed) => {
        const { world, nodes } = start(seed);
        const [a, b] = nodes;
        b.tap.take();
        a.fromKernel(carried(link, PORT), carried(link, PORT));
        world.run(100 * MILLISECOND);
        expect(a.drop('recursive-route')).toBe(2);
        expect(b.tap.take()).toEqual([]);
        expect(a.linkGauge(ROW(link), 'state')).toBe(STATE.WAITING);
        expect(a.linkGauge(ROW(1 - link), 'state')).toBe(STATE.UP);
        expect(a.linkEvents().filter(({ cause }) => cause === 'recursive-route')).toMatchObject([
          { link, state: 'down' },
          { link, state: 'waiting' },
        ]);
        a.command({ kind: 'route', row: ROW(link), mtu: 0, route: { kind: 'via', ifindex: 10 + link } });
        world.run(500 * MILLISECOND);
        expect(a.linkGauge(ROW(link), 'state')).toBe(STATE.UP);
      }));
  }

  it('is told from the datagrams of others by its source port', () =>
    withSeed((seed) => {
      const { world, nodes } = start(seed);
      const [a, b] = nodes;
      b.tap.take();
      a.fromKernel(carried(0, PORT + 1));
      world.run(100 * MILLISECOND);
      expect(a.drop('recursive-route')).toBe(0);
      expect(b.tap.take()).toHaveLength(1);
    }));
});

describe('a link that lacks something', () => {
  it('says what, and another cause when that changes', () =>
    withSeed((seed) => {
      const { world, nodes } = start(seed);
      const [a, b] = nodes;
      const before = a.linkEvents().length;
      const carrier = cut(world, 'carrier near', a, b, 0);
      world.run(50 * MILLISECOND);
      cut(world, 'address removed', a, b, 0);
      world.run(50 * MILLISECOND);
      carrier();
      a.sockets[0].hasCarrier = false;
      world.run(50 * MILLISECOND);
      const told = a.linkEvents().slice(before);
      expect(told.map(({ link, state, cause }) => `${link} ${state} ${cause}`)).toEqual([
        '0 down carrier-lost',
        '0 waiting no-carrier',
        '0 waiting address-absent',
      ]);
    }));
});

describe('a carrier of whose loss the kernel does not tell', () => {
  const INTERVAL_MS = 20;

  /** Two hosts; the kernel of the first answers what its thread asks about interfaces, and says that they have a carrier or none. */
  function asking(seed: number, holdMs: number, running: boolean) {
    const world = new World(seed);
    const lan = new Lan(world, { hosts: 2, links: 2, intervalMs: INTERVAL_MS, holdMs });
    const asked: number[] = [];
    const [node] = lan.nodes;
    node.onEvent = (event) => {
      if (event.kind !== 'carrier-doubt') return;
      const { ifindex: index } = event;
      asked.push(index);
      const facts = interfaceFacts(index - node.sockets[0].ifindex, running);
      world.at(world.now + MILLISECOND, () =>
        node.command({ kind: 'kernel', facts: [{ what: 'interface', index, facts }] }),
      );
    };
    world.run(500 * MILLISECOND);
    return { lan, asked };
  }

  /** What is told of the first link from its death on, and after how long, in ms. */
  function fate({ world, nodes: [a, b] }: Lan) {
    const [before, diedAt] = [a.linkEvents().length, world.now + a.clockOffset];
    cut(world, 'black hole', a, b, 0);
    world.run(2_000 * MILLISECOND);
    const [down] = a.linkEvents().slice(before);
    return { cause: down.cause, state: down.state, afterMs: (down.atUs - diedAt) / MILLISECOND };
  }

  it('nobody asks while heartbeats come', () =>
    withSeed((seed) => {
      expect(asking(seed, 100, true).asked).toEqual([]);
    }));

  it('is asked for at the first missed heartbeat, and the link is down long before its hold time', () =>
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 100, max: 1_000 }), (seed, holdMs) => {
        const { lan, asked } = asking(seed, holdMs, false);
        const { cause, state, afterMs } = fate(lan);
        expect({ cause, state }).toEqual({ cause: 'carrier-lost', state: 'down' });
        expect(afterMs).toBeLessThanOrEqual(3.5 * INTERVAL_MS);
        expect(asked).toEqual([lan.nodes[0].sockets[0].ifindex]);
      }),
      { numRuns: 20 },
    ));

  it('an answer that the carrier is there changes nothing, and questions are few', () =>
    withSeed((seed) => {
      const { lan, asked } = asking(seed, 500, true);
      const { cause, afterMs } = fate(lan);
      expect(cause).toBe('hold-time-expired');
      expect(afterMs).toBeGreaterThan(400);
      expect(new Set(asked)).toEqual(new Set([lan.nodes[0].sockets[0].ifindex]));
      expect(asked.length).toBeLessThanOrEqual(500 / 50);
    }));
});
