/** What a peer sends beyond its storm control. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NO_GROUP } from '../../src/contract/port-settings.js';
import { VNET_HEADER } from '../../src/native/ops.js';
import { packets } from '../datapath/packets.js';
import { BROADCAST, EXPERIMENTAL, ethernet, stationOf, withVirtio } from '../sim/frames.js';
import { superFrame } from '../sim/kernel-frames.js';
import { Lan } from '../sim/lan.js';
import { withSeed } from '../sim/random.js';
import { resegment } from '../sim/resegment.js';
import { SERVER, star } from '../sim/star.js';
import { MILLISECOND, World } from '../sim/world.js';

const GSO_SIZE = 1300;
/** The least that may come at once. */
const BURST_FRAMES = 10;

describe('a storm', () => {
  it('of broadcasts ends where it comes in, and is told of; other peers are not touched', () =>
    withSeed((seed) => {
      const { world, nodes } = new Lan(new World(seed), {
        hosts: 3,
        links: 1,
        portOf: (host, peer) =>
          host === 0 && peer === 1 ? { storm: [{ perSecond: 10, isBytes: false }, null, null] } : {},
      });
      const [limiting, stormy, other] = nodes;
      const frame = (host: number) =>
        withVirtio(ethernet(BROADCAST, stationOf(host), EXPERIMENTAL, new Uint8Array(46)));
      world.run(100 * MILLISECOND);
      for (let count = 0; count < 50; count++)
        for (const node of [stormy, other]) node.fromKernel(frame(node.id));
      world.run(50 * MILLISECOND);
      const sources = limiting.tap.take().map((record) => record[VNET_HEADER + 7]);
      expect(sources.filter((host) => host === other.id)).toHaveLength(50);
      expect(sources.filter((host) => host === stormy.id)).toHaveLength(BURST_FRAMES);
      expect(limiting.drops()).toEqual({ 'storm-broadcast': 40 });
      expect(other.tap.take()).toHaveLength(50);
      const told = () => limiting.events.filter(({ kind }) => kind === 'switch');
      world.run(200 * MILLISECOND);
      const storm = { what: 'storm', peer: stormy.id, traffic: 0 };
      expect(told()).toEqual([{ kind: 'switch', notice: { ...storm, isOver: false } }]);
      world.run(10_500 * MILLISECOND);
      expect(told().slice(1)).toEqual([{ kind: 'switch', notice: { ...storm, isOver: true } }]);
    }));

  it.each(['tcp', 'udp'] as const)(
    'of super-frames (%s) is counted by their segments, to the TAP and to other clients',
    (protocol) => {
      const [packet] = fc.sample(packets(100), { numRuns: 1, seed: 1 });
      const payload = new Uint8Array(GSO_SIZE * 40).map((_, at) => at);
      const { record, headerLength } = superFrame(
        { ...packet, protocol, version: 4, ipOptions: 0, payload },
        GSO_SIZE,
      );
      const limits = {
        frames: [null, null, { perSecond: 1, isBytes: false }],
        bytes: [null, null, { perSecond: 1, isBytes: true }],
      };
      for (const [unit, storm] of Object.entries(limits)) {
        for (const splitHorizon of [0, NO_GROUP]) {
          const { world, nodes } = star(1, {
            hosts: 3,
            portOf: (host) => (host === SERVER ? { splitHorizon, storm } : {}),
          });
          world.run(100 * MILLISECOND);
          nodes[1].fromKernel(record);
          world.run(20 * MILLISECOND);
          const passed = unit === 'frames' ? BURST_FRAMES : Math.ceil(16_384 / (headerLength + GSO_SIZE));
          expect(nodes[SERVER].tap.take().flatMap(resegment)).toHaveLength(passed);
          expect(nodes[2].tap.take().flatMap(resegment)).toHaveLength(splitHorizon === 0 ? 0 : passed);
          expect(nodes[SERVER].drops()).toEqual({ 'storm-unknown-unicast': 40 - passed });
        }
      }
    },
  );
});
