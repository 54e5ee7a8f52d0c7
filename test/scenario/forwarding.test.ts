/** A server that switches between its clients. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NO_GROUP } from '../../src/contract/port-settings.js';
import { VNET_HEADER } from '../../src/native/ops.js';
import { ETHERNET_HEADER } from '../../src/switch/frame.js';
import { packets } from '../datapath/packets.js';
import { CUT_KINDS, cut } from '../sim/cuts.js';
import { BROADCAST, EXPERIMENTAL, ethernet, stationOf, withVirtio } from '../sim/frames.js';
import { expected, type KernelFrame, kernelFrames, superFrame } from '../sim/kernel-frames.js';
import { Lan, PORT_SETTINGS } from '../sim/lan.js';
import { integer, withSeed } from '../sim/random.js';
import { resegment } from '../sim/resegment.js';
import { SERVER, speak, star } from '../sim/star.js';
import { Transfers } from '../sim/tcp.js';
import { MILLISECOND, World } from '../sim/world.js';

/** Where the payload of a frame begins in a record of the TAP. */
const PAYLOAD = VNET_HEADER + ETHERNET_HEADER;

/** Compares without printing sixty thousand bytes. */
function expectSame(actual: readonly Uint8Array[], wanted: readonly Uint8Array[]): void {
  expect(actual.map((frame) => frame.length)).toEqual(wanted.map((frame) => frame.length));
  expect(actual.findIndex((frame, index) => Buffer.compare(frame, wanted[index]) !== 0)).toBe(-1);
}

/** Stations that `kernelFrames` are for, in the VLANs that they may be in, speak behind a host. */
function settle(lan: Lan, host: number): void {
  for (const vlan of [0, 10])
    for (const station of [stationOf(0, 1), stationOf(1)]) speak(lan.nodes[host], station, vlan);
  lan.world.run(20 * MILLISECOND);
  for (const node of lan.nodes) node.tap.take();
}

describe('frames of a client for another', () => {
  for (const mtu of [1280, 1500, 9000]) {
    for (const offloads of [true, false]) {
      it(`over paths of ${mtu} bytes, offloads ${offloads ? 'on' : 'off'}: the same frames in the same order, to it alone`, () => {
        const settings = offloads ? {} : { tapChecksum: false, tapTso: false, tapUso: false };
        const lan = star(1, { hosts: 4, mtu, node: { settings, gso: offloads, gro: offloads } });
        const [server, from, to, other] = lan.nodes;
        lan.world.run(100 * MILLISECOND);
        settle(lan, to.id);
        fc.assert(
          fc.property(fc.array(kernelFrames(20_000), { minLength: 1, maxLength: 3 }), (frames) => {
            from.fromKernel(...frames.map(({ record }) => record));
            lan.world.run(10 * MILLISECOND);
            expectSame(to.tap.take().flatMap(resegment), expected(frames, mtu));
          }),
          { numRuns: 100 },
        );
        expect([server, other].flatMap((node) => node.tap.take())).toEqual([]);
        expect(lan.nodes.map((node) => node.drops())).toEqual([{}, {}, {}, {}]);
        expect(to.tap.refused).toEqual([]);
      });
    }
  }

  // Every segment is a frame of its own then: not so many that a peer has used up its share.
  const floodable = kernelFrames(20_000).filter(({ gsoSize }) => gsoSize === 0 || gsoSize >= 200);
  for (const offloads of [true, false]) {
    it(`and flooded ones reach the server and all others, offloads ${offloads ? 'on' : 'off'}`, () => {
      const settings = offloads ? {} : { tapChecksum: false, tapTso: false, tapUso: false };
      const lan = star(2, { hosts: 4, mtu: 1400, node: { settings, gso: offloads, gro: offloads } });
      const [, from] = lan.nodes;
      lan.world.run(100 * MILLISECOND);
      fc.assert(
        fc.property(fc.array(floodable, { minLength: 1, maxLength: 4 }), (frames) => {
          from.fromKernel(...frames.map(({ record }) => record));
          lan.world.run(10 * MILLISECOND);
          for (const node of lan.nodes) {
            const wanted = node === from ? [] : expected(frames, 1400);
            expectSame(node.tap.take().flatMap(resegment), wanted);
          }
        }),
        { numRuns: 60 },
      );
      expect(lan.nodes.map((node) => node.drops())).toEqual([{}, {}, {}, {}]);
    });
  }

  it('are cut again where the second path is shorter, and stay one write', () => {
    const lan = star(3, { hosts: 3, mtu: 1500, node: { gro: true } });
    const [server, from, to] = lan.nodes;
    lan.configureLink(server, to.id, 0, { mtu: 1000 });
    lan.world.run(100 * MILLISECOND);
    settle(lan, to.id);
    const [packet] = fc.sample(packets(10), { numRuns: 1, seed: 7 });
    const payload = new Uint8Array(24_000).map((_, index) => index * 13);
    const frame = superFrame({ ...packet, protocol: 'tcp', version: 4, ipOptions: 0, payload }, 1300);
    from.fromKernel(frame.record);
    lan.world.run(10 * MILLISECOND);
    const records = to.tap.take();
    expect(records).toHaveLength(1);
    expectSame(records.flatMap(resegment), expected([frame], 1000));
  });

  it('of different clients never mix, whatever numbers their super-frames have', () => {
    const lan = star(4, { hosts: 5, node: { gro: true } });
    lan.world.run(100 * MILLISECOND);
    const [, a, b, c, to] = lan.nodes;
    settle(lan, to.id);
    const [packet] = fc.sample(packets(10), { numRuns: 1, seed: 9 });
    const frameOf = (salt: number): KernelFrame => {
      const payload = new Uint8Array(13_000).map((_, index) => index * 13 + salt);
      return superFrame({ ...packet, protocol: 'tcp', version: 4, ipOptions: 0, payload, id: salt }, 1300);
    };
    const wanted = [a, b, c].map((node) => {
      const frame = frameOf(node.id);
      node.fromKernel(frame.record);
      return expected([frame], 1500);
    });
    lan.world.run(10 * MILLISECOND);
    const sorted = (frames: readonly Uint8Array[]) =>
      frames.map((frame) => Buffer.from(frame)).sort(Buffer.compare);
    expectSame(sorted(to.tap.take().flatMap(resegment)), sorted(wanted.flat()));
  });

  it('of TCP get as much bandwidth as the paths have', () =>
    withSeed((seed) => {
      const lan = star(seed, { hosts: 3, intervalMs: 10, holdMs: 30, node: { gro: true } });
      const [, from, to] = lan.nodes;
      lan.world.run(100 * MILLISECOND);
      const transfers = new Transfers(lan.world, from, to, 1, { window: 256 });
      lan.world.run(200 * MILLISECOND);
      // A window of 256 segments of 1340 bytes every 4 ms.
      expect(transfers.measure(200 * MILLISECOND)).toBeGreaterThan(500e6);
      expect(transfers.flows[0].retransmitted).toBe(0);
    }));
});

describe('split-horizon groups', () => {
  it('keep clients from each other, but not from the server, its mesh and other groups', () =>
    withSeed((seed) => {
      // Hosts 1 and 2: group 1; 3: group 2; 4 and 5: other servers, which form a mesh with host 0.
      const groups = [0, 1, 1, 2, 0, 0];
      const isServer = (host: number) => groups[host] === 0;
      const lan = star(seed, {
        hosts: 6,
        arePeers: (a, b) => a === SERVER || b === SERVER || (isServer(a) && isServer(b)),
        portOf: (host, peer) => (host === SERVER ? { splitHorizon: groups[peer] } : {}),
      });
      lan.world.run(100 * MILLISECOND);
      for (const node of lan.nodes) {
        const payload = new Uint8Array(46).fill(node.id);
        node.fromKernel(withVirtio(ethernet(BROADCAST, stationOf(node.id), EXPERIMENTAL, payload)));
        lan.world.run(10 * MILLISECOND);
      }
      const heard = lan.nodes.map((node) => node.tap.take().map((record) => record[PAYLOAD]));
      expect(heard).toEqual([
        [1, 2, 3, 4, 5],
        [0, 3, 4, 5],
        [0, 3, 4, 5],
        [0, 1, 2, 4, 5],
        [0, 1, 2, 3, 5],
        [0, 1, 2, 3, 4],
      ]);
      const [server, one] = lan.nodes;
      one.fromKernel(withVirtio(ethernet(stationOf(2), stationOf(1), EXPERIMENTAL, new Uint8Array(46))));
      lan.world.run(10 * MILLISECOND);
      expect(lan.nodes.flatMap((node) => node.tap.take())).toEqual([]);
      expect(server.drops()).toEqual({ 'split-horizon': 1 });
    }));

  it('are followed when they change', () =>
    withSeed((seed) => {
      const { world, nodes, options } = star(seed, { hosts: 3 });
      const [server, one, two] = nodes;
      world.run(100 * MILLISECOND);
      const heardBy = (change: number): number => {
        for (const { id } of [one, two]) {
          const settings = { policy: 'passive', copies: 0, name: 0, uplink: null } as const;
          const duplicate = { smallBytes: 0, control: false, dscp: [] };
          server.command({
            kind: 'peer',
            row: id,
            ...settings,
            duplicate,
            port: { ...PORT_SETTINGS, splitHorizon: change },
          });
        }
        speak(one, stationOf(1));
        world.run(10 * MILLISECOND);
        return two.tap.take().length;
      };
      expect(options.hosts).toBe(3);
      expect([NO_GROUP, 0, NO_GROUP, 7, 0].map(heardBy)).toEqual([1, 0, 1, 0, 0]);
    }));
});

describe('links that die at random', () => {
  for (const hosts of [2, 3, 8, 32]) {
    for (const shape of ['mesh', 'star'] as const) {
      it(`in a ${shape} of ${hosts}: a broadcast arrives exactly once at each other host`, () =>
        withSeed((seed) => {
          const intervalMs = hosts < 32 ? 20 : 100;
          const options = { hosts, links: 2, intervalMs, holdMs: 3 * intervalMs };
          const lan = shape === 'mesh' ? new Lan(new World(seed), options) : star(seed, options);
          const { world, nodes } = lan;
          const { random } = world;
          world.run(10 * intervalMs * MILLISECOND);
          const sent: string[] = [];
          for (let round = 0; round < 3; round++) {
            const a = nodes[integer(random, 0, hosts - 1)];
            const others = nodes.filter((node) => node !== a && (shape === 'mesh' || a.id * node.id === 0));
            const b = others[integer(random, 0, others.length - 1)];
            const kind = CUT_KINDS[integer(random, 0, CUT_KINDS.length - 1)];
            const heal = cut(world, kind, a, b, integer(random, 0, 1));
            for (let number = 0; number < 4; number++) {
              const from = nodes[integer(random, 0, hosts - 1)];
              const payload = new Uint8Array(46);
              payload.set([from.id, round, number]);
              from.fromKernel(withVirtio(ethernet(BROADCAST, stationOf(from.id), EXPERIMENTAL, payload)));
              sent.push([from.id, round, number].join('/'));
              world.run(integer(random, 0, 2 * intervalMs) * MILLISECOND);
            }
            // What a link swallows that comes back before it counts as dead is lost as on any path.
            world.run(6 * intervalMs * MILLISECOND);
            heal();
            world.run(10 * intervalMs * MILLISECOND);
          }
          for (const node of nodes) {
            const heard = node.tap.take().map((record) => record.subarray(PAYLOAD, PAYLOAD + 3).join('/'));
            const wanted = sent.filter((frame) => !frame.startsWith(`${node.id}/`));
            expect(heard.sort(), `host ${node.id}`).toEqual(wanted.sort());
          }
        }));
    }
  }
});
