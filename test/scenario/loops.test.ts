/** Two sites with two gateways each: hosts 0 and 1 at one LAN, 2 and 3 at the other; 0 and 2 are peers, and 1 and 3. */
import { describe, expect, it } from 'vitest';
import { VNET_HEADER } from '../../src/native/ops.js';
import { LOOP } from '../../src/switch/loop-guard.js';
import { cut } from '../sim/cuts.js';
import { BROADCAST, EXPERIMENTAL, EXPERIMENTAL_2, ethernet, stationOf, withVirtio } from '../sim/frames.js';
import { Lan, type LanOptions } from '../sim/lan.js';
import { Segment } from '../sim/lan-segment.js';
import { type SimNode, SWITCH } from '../sim/node.js';
import { withSeed } from '../sim/random.js';
import { MILLISECOND, SECOND, World } from '../sim/world.js';

const STATION = stationOf(77);

function marked(mark: number, destination = BROADCAST, source = STATION): Uint8Array {
  return withVirtio(ethernet(destination, source, EXPERIMENTAL_2, new Uint8Array(46).fill(mark)));
}

/** The same in a VLAN. */
function taggedIn(vlan: number, record: Uint8Array): Uint8Array {
  const at = VNET_HEADER + 12;
  return Uint8Array.of(...record.subarray(0, at), 0x81, 0, vlan >> 8, vlan & 0xff, ...record.subarray(at));
}

/** As a LAN whose second bridge carries but one VLAN. */
const isTaggedIn = (vlan: number, record: Uint8Array): boolean => {
  const frame = record.subarray(VNET_HEADER);
  return frame[12] === 0x81 && ((frame[14] << 8) | frame[15]) === vlan;
};

const markOf = (frame: Uint8Array) =>
  frame[12] === 0x88 && frame[13] === 0xb6 && frame[6] === 2 && frame[7] === 77 ? `${frame[14]}` : undefined;

const markOfTagged = (frame: Uint8Array) =>
  frame[16] === 0x88 && frame[17] === 0xb6 ? `${(frame[14] << 8) | frame[15]}: ${frame[18]}` : undefined;

const PROBE_GROUP = Uint8Array.of(3, 0x4f, 0x4c, 0x47, 0, 1);

const markOrProbe = (frame: Uint8Array) =>
  PROBE_GROUP.every((byte, index) => frame[index] === byte) ? 'probe' : markOf(frame);

const heldWays = ({ nodes }: Lan): number =>
  nodes.flatMap((node) => nodes.filter((peer) => node.loopOf(peer.id) === LOOP.HELD)).length;

const sum = (segments: readonly Segment[], name: string): number =>
  segments.reduce((total, { seen }) => total + (seen.get(name) ?? 0), 0);

/** Probes that all LANs carry in a time. */
function probesIn(world: World, segments: readonly Segment[], time: number): number {
  const before = sum(segments, 'probe');
  world.run(time);
  return sum(segments, 'probe') - before;
}

/** How often each LAN carries a broadcast. */
function carriedOnce(world: World, segments: readonly Segment[], mark = 1): (number | undefined)[] {
  segments[0].carry(marked(mark));
  world.run(100 * MILLISECOND);
  return segments.map(({ seen }) => seen.get(`${mark}`));
}

/** Gateways with one link to each peer, whose loop guards are on. */
function guarded(world: World, options: Pick<LanOptions, 'hosts' | 'arePeers' | 'portOf'>): Lan {
  return new Lan(world, {
    links: 1,
    node: { settings: { switch: { ...SWITCH, loopGuard: true } } },
    ...options,
  });
}

function sites(seed: number, loopGuard: boolean) {
  const world = new World(seed);
  const lan = new Lan(world, {
    hosts: 4,
    links: 1,
    sessions: false,
    arePeers: (a, b) => Math.abs(a - b) === 2,
    node: { settings: { switch: { ...SWITCH, loopGuard } } },
  });
  const [a1, a2, b1, b2] = lan.nodes;
  const near = new Segment(world, [a1, a2], markOrProbe);
  const far = new Segment(world, [b1, b2], markOrProbe);
  const peerOf = (host: number) => (host + 2) % 4;
  const states = () => lan.nodes.map((node) => node.loopOf(peerOf(node.id)));
  return { world, lan, near, far, states };
}

describe('two sites bridged twice', () => {
  it('the newer way is held within a second, at one end; both ends name it; it heals by itself', () =>
    withSeed((seed) => {
      const { world, lan, near, far, states } = sites(seed, true);
      const [a1, a2, b1, b2] = lan.nodes;
      lan.rekey(a1, b1);
      world.run(5 * SECOND);
      expect(states()).toEqual([0, 0, 0, 0]);
      lan.rekey(a2, b2);
      world.run(SECOND);
      expect(states().filter((state) => state === LOOP.HELD)).toHaveLength(1);
      expect([states()[1], states()[3]]).toContain(LOOP.HELD);
      for (const node of lan.nodes) {
        expect(node.events.filter(({ kind }) => kind === 'loop')[0]).toMatchObject({ state: LOOP.NOTICED });
      }
      world.run(SECOND);
      expect(states().sort()).toEqual([LOOP.HELD, ...Array(3).fill(LOOP.HELD_ELSEWHERE)]);
      near.carry(marked(1));
      world.run(100 * MILLISECOND);
      expect([near.seen.get('1'), far.seen.get('1')]).toEqual([1, 1]);
      // Nothing changes while it lasts.
      const before = lan.nodes.map(({ events }) => events.length);
      world.run(10 * SECOND);
      expect(lan.nodes.map(({ events }) => events.length)).toEqual(before);
      // The older way is cut: the newer one is let go.
      const heal = cut(world, 'black hole', a1, b1, 0);
      world.run(3 * SECOND);
      expect(states()).toEqual([0, 0, 0, 0]);
      near.carry(marked(2));
      world.run(100 * MILLISECOND);
      expect([near.seen.get('2'), far.seen.get('2')]).toEqual([1, 1]);
      heal();
      world.run(3 * SECOND);
      expect(states().filter((state) => state === LOOP.HELD)).toHaveLength(1);
    }));

  it('of three sites, each bridged twice to another: probes of one die out in the loop of others', () =>
    withSeed((seed) => {
      const world = new World(seed);
      // Host 4 is at a third site and a peer of 0, host 5 is there too and a peer of 1.
      const lan = guarded(world, {
        hosts: 6,
        arePeers: (a, b) => (Math.abs(a - b) === 2 && a < 4 && b < 4) || Math.abs(a - b) === 4,
      });
      const [a1, a2, b1, b2, c1, c2] = lan.nodes;
      const segments = [
        [a1, a2],
        [b1, b2],
        [c1, c2],
      ].map((nodes) => new Segment(world, nodes, markOrProbe));
      world.run(2 * SECOND);
      expect(heldWays(lan)).toBe(2);
      expect(probesIn(world, segments, SECOND)).toBeLessThan(300);
      expect(carriedOnce(world, segments)).toEqual([1, 1, 1]);
    }));

  it('three times: all ways but one are held within a second, and no probe goes round', () =>
    withSeed((seed) => {
      const world = new World(seed);
      const lan = guarded(world, {
        hosts: 6,
        arePeers: (a, b) => Math.abs(a - b) === 3,
      });
      const segments = [lan.nodes.slice(0, 3), lan.nodes.slice(3)].map(
        (nodes) => new Segment(world, nodes, markOrProbe),
      );
      const storm = probesIn(world, segments, SECOND);
      expect(heldWays(lan)).toBe(2);
      expect(storm).toBeLessThan(600);
      world.run(SECOND);
      const before = lan.nodes.map(({ events }) => events.length);
      expect(probesIn(world, segments, 10 * SECOND)).toBeLessThan(6000);
      expect(lan.nodes.map(({ events }) => events.length)).toEqual(before);
      expect(carriedOnce(world, segments)).toEqual([1, 1]);
      cut(world, 'black hole', lan.nodes[0], lan.nodes[3], 0);
      world.run(4 * SECOND);
      expect(heldWays(lan)).toBe(1);
      expect(carriedOnce(world, segments, 2)).toEqual([1, 1]);
    }));

  it('what a peer invents as probes of others passes 256 times in an interval at most, and never twice', () =>
    withSeed((seed) => {
      const { world, lan, near, far } = sites(seed, true);
      lan.rekey(lan.nodes[0], lan.nodes[2]);
      world.run(SECOND);
      const invented = (number: number): Uint8Array => {
        const body = Uint8Array.of(0x4f, 0x4c, 0x4c, 0x47, 1, 0, ...new Array(40).fill(0));
        new DataView(body.buffer).setUint32(16, number);
        const frame = ethernet(PROBE_GROUP, STATION, EXPERIMENTAL, body);
        return withVirtio(frame);
      };
      const before = far.seen.get('probe') ?? 0;
      for (let number = 0; number < 1000; number++) near.carry(invented(number), lan.nodes[1]);
      for (let number = 0; number < 100; number++) near.carry(invented(number), lan.nodes[1]);
      world.run(50 * MILLISECOND);
      const passed = (far.seen.get('probe') ?? 0) - before;
      expect(passed).toBeGreaterThanOrEqual(256);
      expect(passed).toBeLessThan(2 * 256 + 10);
    }));

  it('in one tagged VLAN alone: it is held there, named, and the others pass both ways', () =>
    withSeed((seed) => {
      const world = new World(seed);
      const trunk = { native: 0, tagged: [[10, 12]] as const };
      const lan = guarded(world, {
        hosts: 4,
        arePeers: (a, b) => Math.abs(a - b) === 2,
        portOf: () => ({ vlan: trunk }),
      });
      const [a1, a2, b1, b2] = lan.nodes;
      // Both LANs carry all VLANs to the first gateway, and to the second VLAN 11 alone.
      const passes = (record: Uint8Array, to: SimNode) => to === a1 || to === b1 || isTaggedIn(11, record);
      const near = new Segment(world, [a1, a2], markOfTagged, passes);
      const far = new Segment(world, [b1, b2], markOfTagged, passes);
      world.run(2 * SECOND);
      const states = (vlan: number) => lan.nodes.map((node) => node.loopOf((node.id + 2) % 4, vlan));
      expect(states(11).sort()).toEqual([LOOP.HELD, ...Array(3).fill(LOOP.HELD_ELSEWHERE)]);
      expect([...states(0), ...states(10), ...states(12)].every((state) => state === LOOP.NONE)).toBe(true);
      near.carry(taggedIn(11, marked(1)));
      near.carry(taggedIn(10, marked(2, BROADCAST, stationOf(78))));
      world.run(100 * MILLISECOND);
      expect([near.seen.get('11: 1'), far.seen.get('11: 1')]).toEqual([1, 1]);
      expect([near.seen.get('10: 2'), far.seen.get('10: 2')]).toEqual([1, 1]);
      cut(world, 'black hole', a2, b2, 0);
      world.run(3 * SECOND);
      expect(states(11)).toEqual([0, 0, 0, 0]);
    }));

  it('in one of 4,094 VLANs: it is held there within a second of the first frame that goes round', () =>
    withSeed((seed) => {
      const world = new World(seed);
      const lan = guarded(world, {
        hosts: 4,
        arePeers: (a, b) => Math.abs(a - b) === 2,
        portOf: () => ({ vlan: { native: 0, tagged: [[1, 2047] as const, [2048, 4094] as const] } }),
      });
      const [a1, a2, b1, b2] = lan.nodes;
      const passes = (record: Uint8Array, to: SimNode) => to === a1 || to === b1 || isTaggedIn(3000, record);
      const near = new Segment(world, [a1, a2], markOfTagged, passes);
      const far = new Segment(world, [b1, b2], markOfTagged, passes);
      const states = () => lan.nodes.map((node) => node.loopOf((node.id + 2) % 4, 3000));
      world.run(2 * SECOND);
      expect(states()).toEqual([0, 0, 0, 0]);
      near.carry(taggedIn(3000, marked(1)));
      world.run(SECOND);
      expect(states().filter((state) => state === LOOP.HELD)).toHaveLength(1);
      near.carry(taggedIn(3000, marked(2, BROADCAST, stationOf(78))));
      world.run(100 * MILLISECOND);
      expect([near.seen.get('3000: 2'), far.seen.get('3000: 2')]).toEqual([1, 1]);
    }));

  for (const loopGuard of [true, false]) {
    it(`a broadcast into the loop goes round few times, loop guard ${loopGuard ? 'on' : 'off'}`, () =>
      withSeed((seed) => {
        const { world, lan, near, far } = sites(seed, loopGuard);
        const [a1, a2, b1, b2] = lan.nodes;
        lan.rekey(a1, b1);
        lan.rekey(a2, b2);
        world.run(100 * MILLISECOND);
        near.carry(marked(1));
        world.run(2 * SECOND);
        const copies = (near.seen.get('1') ?? 0) + (far.seen.get('1') ?? 0);
        expect(copies).toBeGreaterThan(1);
        expect(copies).toBeLessThanOrEqual(100);
      }));
  }
});
