import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { STATE } from '../../src/contract/link-states.js';
import { packets } from '../datapath/packets.js';
import { EXPERIMENTAL, ethernet, stationOf, withVirtio } from '../sim/frames.js';
import { mtu } from '../sim/hops/mtu.js';
import { superFrame } from '../sim/kernel-frames.js';
import { Lan, type LanOptions, linkRow } from '../sim/lan.js';
import { withSeed } from '../sim/random.js';
import { resegment } from '../sim/resegment.js';
import { Stream } from '../sim/stream.js';
import { MILLISECOND, World } from '../sim/world.js';

const EAGAIN = -11;
const EPERM = -1;
const ENETUNREACH = -101;

function start(seed: number, options: Partial<LanOptions> = {}): Lan {
  const lan = new Lan(new World(seed), { hosts: 2, links: 3, ...options });
  lan.world.run(200 * MILLISECOND);
  return lan;
}

describe('errors of sends', () => {
  for (const error of [ENETUNREACH, EPERM]) {
    it(`errno ${error}: the next link takes over at once, what could not be sent included`, () =>
      withSeed((seed) => {
        const { world, nodes } = start(seed);
        const [a, b] = nodes;
        const stream = new Stream(world, a, b, 1000);
        world.run(50 * MILLISECOND);
        a.sockets[0].sendError = error;
        world.run(50 * MILLISECOND);
        a.sockets[1].sendError = error;
        world.run(50 * MILLISECOND);
        stream.stop();
        world.run(20 * MILLISECOND);
        const report = stream.report();
        expect(report).toMatchObject({ lost: 0, duplicated: 0 });
        expect(report.longestGapUs).toBeLessThanOrEqual(2 * MILLISECOND);
        const causes = a.linkEvents().filter(({ cause }) => cause === 'send-error');
        expect(causes.map(({ link }) => link)).toEqual([0, 1]);
        expect(a.linkGauge(linkRow(b.id, 0), 'refusedErrno')).toBe(error);
      }));
  }

  it('in the middle of a batch: the rest of the batch goes by the next link, too', () =>
    withSeed((seed) => {
      const { world, nodes } = start(seed);
      const [a, b] = nodes;
      const [packet] = fc.sample(packets(10), { numRuns: 1, seed });
      const payload = new Uint8Array(60_000).map((_, index) => index);
      const frame = superFrame(
        { ...packet, protocol: 'tcp', version: 4, ipOptions: 0, tags: 0, payload },
        1400,
      );
      const sendBatch = (): Uint8Array[] => {
        b.tap.take();
        a.fromKernel(...Array.from({ length: 12 }, () => frame.record));
        world.run(10 * MILLISECOND);
        return b.tap.take().flatMap(resegment);
      };
      const whole = sendBatch();
      a.sockets[0].sendError = ENETUNREACH;
      expect(sendBatch()).toEqual(whole);
    }));

  it('a full queue costs frames, counted, but never the link', () =>
    withSeed((seed) => {
      const { world, nodes } = start(seed, { holdMs: 300 });
      const [a, b] = nodes;
      const before = a.linkEvents().length;
      const stream = new Stream(world, a, b, 1000);
      world.run(50 * MILLISECOND);
      a.sockets[0].sendError = EAGAIN;
      world.run(20 * MILLISECOND);
      a.sockets[0].sendError = 0;
      world.run(50 * MILLISECOND);
      stream.stop();
      world.run(20 * MILLISECOND);
      expect(a.linkEvents()).toHaveLength(before);
      expect(stream.report().lost).toBeGreaterThan(15);
      expect(a.drop('tx-queue-full')).toBeGreaterThanOrEqual(stream.report().lost);
    }));

  it('a datagram larger than the own interface takes goes in IP fragments and is reported; nothing is lost', () =>
    withSeed((seed) => {
      const lan = start(seed, { links: 1, mtu: 1500 });
      const { world, nodes } = lan;
      const [a, b] = nodes;
      const before = a.linkEvents().length;
      a.sockets[0].mtu = 1280;
      const stream = new Stream(world, a, b, 1000, 1300);
      world.run(100 * MILLISECOND);
      const fragmented = a.linkGauge(linkRow(1, 0), 'fragmented');
      expect(fragmented).toBeGreaterThan(90);
      expect(a.events.some((event) => event.kind === 'path-mtu')).toBe(true);
      lan.configureLink(a, 1, 0, { mtu: 1280 });
      world.run(100 * MILLISECOND);
      stream.stop();
      world.run(20 * MILLISECOND);
      expect(stream.report()).toMatchObject({ lost: 0, duplicated: 0 });
      expect(a.linkGauge(linkRow(1, 0), 'fragmented')).toBe(fragmented);
      expect(a.drop('tx-too-big')).toBe(0);
      expect(a.linkEvents()).toHaveLength(before);
    }));

  it('a router in the middle that swallows large packets takes no link down', () =>
    withSeed((seed) => {
      const { world, nodes } = start(seed, { links: 1 });
      const [a, b] = nodes;
      world.wire(a, b, 0).hops.push(mtu(600));
      const stream = new Stream(world, a, b, 1000, 1300);
      world.run(200 * MILLISECOND);
      stream.stop();
      expect(a.linkGauge(linkRow(1, 0), 'state')).toBe(STATE.UP);
      expect(b.linkGauge(linkRow(0, 0), 'state')).toBe(STATE.UP);
    }));
});

describe('a seal that fails', () => {
  it('sends nothing in the clear, now or later', () =>
    withSeed((seed) => {
      const lan = start(seed, { links: 2 });
      const { world, nodes } = lan;
      const [a, b] = nodes;
      const secret = new TextEncoder().encode('nobody but the peer may read this');
      const onTheWire: string[] = [];
      for (let link = 0; link < 2; link++) {
        world.wire(a, b, link).hops = [
          {
            pass(datagram) {
              onTheWire.push(Buffer.from(datagram.bytes).toString('latin1'));
            },
          },
        ];
      }
      a.keys.wipe(lan.slotOf(a, b.id) * 2);
      for (let number = 0; number < 10; number++) {
        a.fromKernel(withVirtio(ethernet(stationOf(1), stationOf(0), EXPERIMENTAL, secret)));
        world.run(MILLISECOND);
      }
      // Both links die meanwhile: what waits for them must not be in the clear either.
      world.run(500 * MILLISECOND);
      a.fromKernel(withVirtio(ethernet(stationOf(1), stationOf(0), EXPERIMENTAL, secret)));
      world.run(500 * MILLISECOND);
      const text = new TextDecoder().decode(secret);
      expect(onTheWire.filter((datagram) => datagram.includes(text))).toEqual([]);
      expect(a.drop('tx-error')).toBeGreaterThanOrEqual(10);
    }));
});
