import { describe, expect, it } from 'vitest';
import { VNET_HEADER } from '../../src/native/ops.js';
import { ETHERNET_HEADER } from '../../src/switch/frame.js';
import { cut } from '../sim/cuts.js';
import { BROADCAST, EXPERIMENTAL, ethernet, stationOf, withVirtio } from '../sim/frames.js';
import { loss } from '../sim/hops/loss.js';
import { Lan } from '../sim/lan.js';
import { SWITCH } from '../sim/node.js';
import { withSeed } from '../sim/random.js';
import { MILLISECOND, World } from '../sim/world.js';

/** Where the payload of a frame begins in a record of the TAP. */
const PAYLOAD = VNET_HEADER + ETHERNET_HEADER;

function numbered(destination: Uint8Array, host: number, number: number): Uint8Array {
  const payload = new Uint8Array(46);
  payload[0] = host;
  payload[1] = number;
  return withVirtio(ethernet(destination, stationOf(host), EXPERIMENTAL, payload));
}

/** Who sent what, as read from frames written to a TAP. */
function received(records: readonly Uint8Array[]): string[] {
  return records.map((record) => `${record[PAYLOAD]}/${record[PAYLOAD + 1]}`).sort();
}

describe('a mesh', () => {
  for (const hosts of [2, 3, 4, 8]) {
    for (const policy of ['passive', 'active', 'round-robin'] as const) {
      it(`of ${hosts} hosts, ${policy}: a broadcast arrives exactly once at each other host`, () =>
        withSeed((seed) => {
          const { world, nodes } = new Lan(new World(seed), { hosts, links: 2, policy });
          world.run(100 * MILLISECOND);
          for (const node of nodes) {
            for (let number = 0; number < 3; number++) {
              node.fromKernel(numbered(BROADCAST, node.id, number));
              world.run(MILLISECOND);
            }
          }
          world.run(20 * MILLISECOND);
          for (const node of nodes) {
            const others = nodes.filter(({ id }) => id !== node.id);
            const wanted = others.flatMap(({ id }) => [0, 1, 2].map((number) => `${id}/${number}`));
            expect(received(node.tap.take())).toEqual(wanted.sort());
          }
        }));
    }
  }

  it('frames for a known station go to its host alone, until it moves', () =>
    withSeed((seed) => {
      const { world, nodes } = new Lan(new World(seed), { hosts: 4, links: 1 });
      world.run(100 * MILLISECOND);
      const [a, b, c, d] = nodes;
      const station = stationOf(1, 77);
      const speaks = withVirtio(ethernet(BROADCAST, station, EXPERIMENTAL, new Uint8Array(46)));
      const counts = (): number[] => [b, c, d].map((node) => node.tap.take().length);
      a.fromKernel(numbered(station, 0, 0));
      world.run(10 * MILLISECOND);
      expect(counts()).toEqual([1, 1, 1]);
      b.fromKernel(speaks);
      world.run(10 * MILLISECOND);
      counts();
      a.fromKernel(numbered(station, 0, 1));
      world.run(10 * MILLISECOND);
      expect(counts()).toEqual([1, 0, 0]);
      d.fromKernel(speaks);
      world.run(10 * MILLISECOND);
      counts();
      a.fromKernel(numbered(station, 0, 2));
      world.run(10 * MILLISECOND);
      expect(counts()).toEqual([0, 0, 1]);
    }));

  it('frames for a static station go to its host, which never speaks, as long as that is a peer', () =>
    withSeed((seed) => {
      const station = stationOf(9, 9);
      const statics = [
        { vlan: 0, high: (station[0] << 8) | station[1], low: new DataView(station.buffer).getUint32(2) },
      ];
      const lan = new Lan(new World(seed), {
        hosts: 4,
        links: 1,
        portOf: (host, peer) => (host === 0 && peer === 2 ? { statics } : {}),
      });
      const { world, nodes } = lan;
      const [a, ...others] = nodes;
      const counts = (): number[] => {
        a.fromKernel(numbered(station, 0, 0));
        world.run(10 * MILLISECOND);
        return others.map((node) => node.tap.take().length);
      };
      world.run(100 * MILLISECOND);
      expect(counts()).toEqual([0, 1, 0]);
      // Another host uses its address: it does not move, and its frames end here.
      others[2].fromKernel(withVirtio(ethernet(BROADCAST, station, EXPERIMENTAL, new Uint8Array(46))));
      world.run(10 * MILLISECOND);
      expect(a.tap.take()).toEqual([]);
      expect(a.drop('guard-static-mac')).toBe(1);
      a.fromKernel(withVirtio(ethernet(BROADCAST, station, EXPERIMENTAL, new Uint8Array(46))));
      world.run(10 * MILLISECOND);
      expect(a.drop('guard-static-mac')).toBe(2);
      others[1].fromKernel(withVirtio(ethernet(BROADCAST, station, EXPERIMENTAL, new Uint8Array(46))));
      world.run(10 * MILLISECOND);
      expect(a.tap.take()).toHaveLength(1);
      for (const node of nodes) node.tap.take();
      expect(counts()).toEqual([0, 1, 0]);
      a.command({ kind: 'peer-remove', row: 2 });
      expect(counts()).toEqual([1, 0, 1]);
      lan.addPeer(a, 2);
      expect(counts()).toEqual([0, 0, 0]);
    }));

  it('stations of others stay known while one host floods source addresses, and their frames are not flooded', () =>
    withSeed((seed) => {
      const { world, nodes } = new Lan(new World(seed), { hosts: 3, links: 1 });
      world.run(100 * MILLISECOND);
      const [a, b, hostile] = nodes;
      const stations = Array.from({ length: 64 }, (_, index) => stationOf(b.id, index));
      const says = (station: Uint8Array) =>
        withVirtio(ethernet(BROADCAST, station, EXPERIMENTAL, new Uint8Array(46)));
      b.fromKernel(...stations.map(says));
      world.run(10 * MILLISECOND);
      for (let first = 0; first < 20_480; first += 64) {
        hostile.fromKernel(
          ...Array.from({ length: 64 }, (_, index) => says(stationOf(hostile.id, first + index))),
        );
        world.run(MILLISECOND);
        a.tap.take();
      }
      world.run(1000 * MILLISECOND);
      expect(a.counter('macEntries')).toBe(SWITCH.macLimit);
      for (const node of nodes) node.tap.take();
      a.fromKernel(...stations.map((station, index) => numbered(station, a.id, index)));
      world.run(10 * MILLISECOND);
      expect(b.tap.take()).toHaveLength(64);
      expect(hostile.tap.take()).toEqual([]);
    }));

  it('frames for a station at our own TAP go nowhere', () =>
    withSeed((seed) => {
      const { world, nodes } = new Lan(new World(seed), { hosts: 2, links: 1 });
      world.run(100 * MILLISECOND);
      const [a, b] = nodes;
      a.fromKernel(numbered(BROADCAST, 0, 0), numbered(stationOf(0), 0, 1));
      world.run(10 * MILLISECOND);
      expect(received(b.tap.take())).toEqual(['0/0']);
    }));
});

describe('broadcasts while no link is usable', () => {
  it('wait for one like all other frames', () =>
    withSeed((seed) => {
      const { world, nodes } = new Lan(new World(seed), { hosts: 3, links: 2 });
      const [a, b, c] = nodes;
      world.run(200 * MILLISECOND);
      const heal = [b, c].flatMap((peer) => [0, 1].map((link) => cut(world, 'black hole', a, peer, link)));
      world.run(100 * MILLISECOND);
      for (let number = 0; number < 20; number++) {
        a.fromKernel(numbered(BROADCAST, 0, number));
        world.run(MILLISECOND);
      }
      for (const undo of heal) undo();
      world.run(200 * MILLISECOND);
      const wanted = Array.from({ length: 20 }, (_, number) => `0/${number}`).sort();
      expect(received(b.tap.take())).toEqual(wanted);
      expect(received(c.tap.take())).toEqual(wanted);
      expect(a.drop('no-peer')).toBe(0);
    }));
});

describe('a flood to 32 peers', () => {
  for (const isHeld of [false, true]) {
    it(`of more datagrams in one batch than one native call seals, ${isHeld ? 'to wait' : 'sent at once'}`, () =>
      withSeed((seed) => {
        const frames = 48;
        const { world, nodes } = new Lan(new World(seed), {
          hosts: 33,
          links: 1,
          intervalMs: 50,
          holdMs: 150,
        });
        const [a, ...others] = nodes;
        world.run(300 * MILLISECOND);
        const heal = isHeld ? others.map((peer) => cut(world, 'black hole', a, peer, 0)) : [];
        world.run(300 * MILLISECOND);
        a.fromKernel(...Array.from({ length: frames }, (_, number) => numbered(BROADCAST, 0, number)));
        world.run(100 * MILLISECOND);
        for (const undo of heal) undo();
        world.run(400 * MILLISECOND);
        const wanted = Array.from({ length: frames }, (_, number) => `0/${number}`).sort();
        for (const peer of others) expect(received(peer.tap.take())).toEqual(wanted);
        expect(a.drop('tx-error')).toBe(0);
      }));
  }
});

describe('lossy paths', () => {
  it('the policy `active` needs only one copy of each frame', () =>
    withSeed((seed) => {
      const { world, nodes } = new Lan(new World(seed), {
        hosts: 2,
        links: 8,
        policy: 'active',
        holdMs: 200,
      });
      world.run(100 * MILLISECOND);
      const [a, b] = nodes;
      for (let link = 0; link < 8; link++) world.wire(a, b, link).hops.push(loss(0.3, world.random));
      const frames = 250;
      for (let number = 0; number < frames; number++) {
        a.fromKernel(numbered(BROADCAST, 0, number));
        world.run(MILLISECOND);
      }
      world.run(20 * MILLISECOND);
      const arrived = received(b.tap.take());
      expect(new Set(arrived).size).toBe(arrived.length);
      // One in fifteen thousand frames loses all eight copies.
      expect(arrived.length).toBeGreaterThanOrEqual(frames - 1);
    }));
});
