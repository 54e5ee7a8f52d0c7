import { describe, expect, it } from 'vitest';
import { CaptureRing, POINT, VERDICT } from '../../src/contract/capture.js';
import { PEER, PEER_WIDTH } from '../../src/contract/stats.js';
import { stationOf, withVirtio } from '../sim/frames.js';
import { Lan } from '../sim/lan.js';
import { data, igmpQuery, ip4, ip6, join, leave } from '../sim/memberships.js';
import { SETTINGS, type SimNode } from '../sim/node.js';
import { withSeed } from '../sim/random.js';
import { MILLISECOND, World } from '../sim/world.js';

const SECOND = 1000 * MILLISECOND;
const GROUPS = [
  ['IPv4', ip4('239.1.2.3')],
  ['IPv6', ip6(14, 0x1234)],
] as const;

/** A host's own station sends frames. */
function speak(node: SimNode, ...frames: Uint8Array[]): void {
  node.fromKernel(
    ...frames.map((frame) => {
      const own = frame.slice();
      own.set(stationOf(node.id), 6);
      return withVirtio(own);
    }),
  );
}

/** A mesh in which host 0 asks which groups are wanted. */
function mesh(seed: number, hosts: number): Lan {
  const lan = new Lan(new World(seed), { hosts, links: 1, intervalMs: 1000, holdMs: 3000 });
  const multicast = { ...SETTINGS.multicast, querier: { intervalS: 125, address: 0 } };
  lan.nodes[0].command({ kind: 'settings', settings: { ...SETTINGS, multicast } });
  lan.world.run(2 * SECOND);
  return lan;
}

/** Frames that a host has sent to each of its peers. */
function sentTo(node: SimNode, peers: number): number[] {
  return Array.from(
    { length: peers },
    (_, peer) => node.engine.stats.peers[peer * PEER_WIDTH + PEER.txFrames],
  );
}

function differences(before: readonly number[], after: readonly number[]): number[] {
  return after.map((count, index) => count - before[index]);
}

describe('multicast in a mesh', () => {
  it('is told apart from what is flooded, to a capture', () =>
    withSeed((seed) => {
      const { world, nodes } = mesh(seed, 4);
      const group = ip4('239.1.2.3');
      for (const member of [1, 2]) speak(nodes[member], join(group));
      world.run(15 * SECOND);
      const ring = CaptureRing.make(1 << 16);
      const limits = { peer: -1, link: -1, filter: null, snap: 64, whole: false };
      nodes[0].command({ kind: 'capture', id: 1, ring: ring.buffer, points: 1 << POINT.switch, ...limits });
      speak(nodes[0], data(group), data(ip4('224.0.0.251')));
      world.run(MILLISECOND);
      expect([ring.read()?.verdict, ring.read()?.verdict]).toEqual([VERDICT.SELECTED, VERDICT.FLOOD]);
    }));

  it.each(GROUPS)(
    '20 Mbit/s of %s to 2 of 32 peers are sent to those 2 only, from any host',
    (_name, group) =>
      withSeed((seed) => {
        const { world, nodes } = mesh(seed, 33);
        for (const member of [5, 9]) speak(nodes[member], join(group));
        world.run(15 * SECOND);
        for (const sender of [0, 7]) {
          const before = sentTo(nodes[sender], 33);
          for (const node of nodes) node.tap.take();
          const frame = data(group, 1400);
          // 179 frames of 1,400 bytes in 100 ms.
          for (let batch = 0; batch < 10; batch++) {
            speak(nodes[sender], ...new Array<Uint8Array>(18).fill(frame));
            world.run(10 * MILLISECOND);
          }
          world.run(100 * MILLISECOND);
          const sent = differences(before, sentTo(nodes[sender], 33));
          expect(sent.map((count, peer) => [peer, count]).filter(([, count]) => count > 0)).toEqual([
            [5, 180],
            [9, 180],
          ]);
          expect(nodes.map((node) => node.tap.take().length).filter((count) => count > 0)).toEqual([
            180, 180,
          ]);
        }
      }),
  );

  it.each(GROUPS)(
    'the first frame of %s comes within 100 ms of a join, and the last within 3 s of a leave',
    (_name, group) =>
      withSeed((seed) => {
        const { world, nodes } = mesh(seed, 4);
        const stream = data(group, 100);
        speak(nodes[1], join(group));
        world.run(15 * SECOND);
        nodes[3].tap.take();
        speak(nodes[2], stream);
        world.run(10 * MILLISECOND);
        expect(nodes[3].tap.take()).toHaveLength(0);
        speak(nodes[3], join(group));
        let waited = 0;
        while (nodes[3].tap.take().length === 0 && waited < 1000) {
          world.run(5 * MILLISECOND);
          speak(nodes[2], stream);
          waited += 5;
        }
        expect(waited).toBeLessThanOrEqual(100);
        nodes[1].tap.take();
        speak(nodes[3], leave(group));
        world.run(500 * MILLISECOND);
        expect(nodes[1].tap.take().length).toBeGreaterThan(0);
        speak(nodes[1], join(group));
        world.run(2500 * MILLISECOND);
        const before = sentTo(nodes[2], 4);
        speak(nodes[2], stream);
        world.run(10 * MILLISECOND);
        expect(differences(before, sentTo(nodes[2], 4))).toEqual([0, 1, 0, 0]);
      }),
  );

  it('flows on to all when the querier and its host are gone', () =>
    withSeed((seed) => {
      const { world, nodes } = mesh(seed, 4);
      const group = ip4('239.1.2.3');
      speak(nodes[1], join(group));
      world.run(15 * SECOND);
      nodes[0].halt();
      world.run(270 * SECOND);
      for (const node of nodes) node.tap.take();
      speak(nodes[2], data(group));
      world.run(100 * MILLISECOND);
      expect([1, 3].map((host) => nodes[host].tap.take().length)).toEqual([1, 1]);
    }));

  it('a router behind a host gets every group, and the reports', () =>
    withSeed((seed) => {
      const lan = new Lan(new World(seed), { hosts: 4, links: 1, intervalMs: 1000, holdMs: 3000 });
      const { world, nodes } = lan;
      world.run(2 * SECOND);
      speak(nodes[3], igmpQuery(ip4('10.0.0.1')));
      world.run(SECOND);
      const group = ip4('239.1.2.3');
      speak(nodes[1], join(group));
      world.run(15 * SECOND);
      for (const node of nodes) node.tap.take();
      speak(nodes[2], data(group));
      speak(nodes[1], join(group));
      world.run(100 * MILLISECOND);
      expect(nodes.map((node) => node.tap.take().length)).toEqual([0, 1, 0, 2]);
    }));
});
