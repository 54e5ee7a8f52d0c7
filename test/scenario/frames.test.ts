import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DatapathSettings } from '../../src/contract/settings.js';
import { MOST_HELD } from '../../src/datapath/frames/unpacker.js';
import { VNET_HEADER } from '../../src/native/ops.js';
import { fillPayload, packets } from '../datapath/packets.js';
import { tunnelled } from '../datapath/tunnels.js';
import { ethernet, stationOf, withVirtio } from '../sim/frames.js';
import {
  expected,
  type KernelFrame,
  kernelFrames,
  opaque,
  plainPacket,
  SEGMENT_AROUND,
  superFrame,
  tunnelFrame,
} from '../sim/kernel-frames.js';
import { Lan, type LanOptions } from '../sim/lan.js';
import { resegment } from '../sim/resegment.js';
import { MILLISECOND, World } from '../sim/world.js';

function start(options: Partial<LanOptions>): Lan {
  const lan = new Lan(new World(1), { hosts: 2, links: 1, intervalMs: 1000, holdMs: 3000, ...options });
  lan.world.run(100 * MILLISECOND);
  return lan;
}

function carry(lan: Lan, frames: readonly KernelFrame[]): Uint8Array[] {
  const [from, to] = lan.nodes;
  to.tap.take();
  from.fromKernel(...frames.map(({ record }) => record));
  lan.world.run(10 * MILLISECOND);
  return to.tap.take();
}

/** Compares without printing sixty thousand bytes. */
function expectSame(actual: readonly Uint8Array[], wanted: readonly Uint8Array[]): void {
  expect(actual.map((frame) => frame.length)).toEqual(wanted.map((frame) => frame.length));
  actual.forEach((frame, index) => {
    const other = wanted[index];
    const difference = frame.findIndex((byte, at) => byte !== other[at]);
    if (difference >= 0) {
      expect.fail(
        `frame ${index} of ${frame.length} bytes differs at ${difference}: ${frame[difference]} for ${other[difference]}`,
      );
    }
  });
}

const SOFTWARE: Partial<DatapathSettings> = {
  tapChecksum: false,
  tapTso: false,
  tapUso: false,
  tapTunnel: false,
};

describe('frames through two engines', () => {
  for (const mtu of [1280, 1500, 9000]) {
    for (const offloads of [true, false]) {
      it(`over a path of ${mtu} bytes, offloads ${offloads ? 'on' : 'off'}: the same frames in the same order`, () => {
        const settings = offloads ? {} : SOFTWARE;
        const lan = start({ mtu, node: { settings, gso: offloads, gro: offloads } });
        fc.assert(
          fc.property(fc.array(kernelFrames(20_000), { minLength: 1, maxLength: 6 }), (frames) => {
            const records = carry(lan, frames);
            if (!offloads) expect(records.every((record) => record[0] === 0 && record[1] === 0)).toBe(true);
            expectSame(records.flatMap(resegment), expected(frames, mtu));
          }),
          { numRuns: 150 },
        );
        const [from, to] = lan.nodes;
        expect(from.drops()).toEqual({});
        expect(to.drops()).toEqual({});
        expect(to.tap.refused).toEqual([]);
      });
    }
  }

  it('a super-frame in a tunnel arrives as one, and as single frames at a peer that cannot take it so', () => {
    const [tunnel] = fc.sample(tunnelled(20_000), { numRuns: 1, seed: 7 });
    const frame = tunnelFrame(
      { ...tunnel, inner: { ...tunnel.inner, protocol: 'tcp', payload: fillPayload(20_000, 1) } },
      1000,
    );
    const known = carry(start({}), [frame]);
    expect(known).toHaveLength(1);
    expectSame(known.flatMap(resegment), frame.expected(1000));
    const unknown = carry(start({ capabilities: 0 }), [frame]);
    expect(unknown).toHaveLength(20);
    expectSame(unknown.flatMap(resegment), frame.expected(1000));
  });

  it('segments of one TCP super-frame are one write again, by GRO and without', () => {
    const [packet] = fc.sample(packets(10), { numRuns: 1, seed: 7 });
    const payload = new Uint8Array(60_000).map((_, index) => index * 13);
    const frame = superFrame(
      { ...packet, protocol: 'tcp', version: 4, ipOptions: 0, tags: 0, payload },
      1400,
    );
    for (const gro of [true, false]) expect(carry(start({ node: { gro } }), [frame])).toHaveLength(1);
  });

  it('UDP super-frames of as many segments as any kernel makes', () => {
    const [packet] = fc.sample(packets(10), { numRuns: 1, seed: 11 });
    const lan = start({ node: { gro: true } });
    for (const segments of [1, 2, 63, 64, 65, 127, 128]) {
      const payload = new Uint8Array(segments * 100 - 1).map((_, index) => index * 13);
      const frame = superFrame({ ...packet, protocol: 'udp', payload }, 100);
      expectSame(carry(lan, [frame]).flatMap(resegment), expected([frame], 1500));
    }
    expect(lan.nodes[1].tap.refused).toEqual([]);
  });

  it('every length from 0 to 65,535 arrives whole, or is a runt', () => {
    const lan = start({ mtu: 1500 });
    const [from, to] = lan.nodes;
    const lengths = [...Array(1600).keys(), ...Array.from({ length: 600 }, (_, index) => 1600 + index * 107)];
    lengths.push(65_534, 65_535);
    const whole = ethernet(stationOf(1), stationOf(0), 0x88b5, new Uint8Array(65_521).fill(7));
    for (const length of lengths) {
      const frame = whole.slice(0, length);
      from.fromKernel(withVirtio(frame));
      lan.world.run(3 * MILLISECOND);
      expectSame(to.tap.take().flatMap(resegment), length < 14 ? [] : [frame]);
    }
    expect(from.drops()).toEqual({ 'tap-runt': 14 });
    expect(to.drops()).toEqual({});
  });

  it('VLAN tags and their priorities stay untouched, whatever is inside', () => {
    const lan = start({});
    const tagged = (tags: number[][], etherType: number): Uint8Array => {
      const inner = Uint8Array.of(...tags.flat(), etherType >> 8, etherType & 255, ...Array(50).keys());
      const frame = ethernet(stationOf(1), stationOf(0), 0, inner);
      return Uint8Array.of(...frame.subarray(0, 12), ...frame.subarray(14));
    };
    const customer = [0x81, 0x00, 0xe0, 0x2a];
    const service = [0x88, 0xa8, 0x3f, 0xff];
    const frames = [[customer], [service], [service, customer], [customer, customer, customer]].flatMap(
      (tags) => [0x0800, 0x86dd, 0x0806, 0x88cc, 0x8863, 0x0026].map((etherType) => tagged(tags, etherType)),
    );
    lan.nodes[0].fromKernel(...frames.map((frame) => withVirtio(frame)));
    lan.world.run(10 * MILLISECOND);
    expectSame(lan.nodes[1].tap.take().flatMap(resegment), frames);
  });

  it('reserved group addresses are not forwarded', () => {
    const lan = start({});
    const to = (last: number) => Uint8Array.of(0x01, 0x80, 0xc2, 0, 0, last);
    for (let last = 0; last <= 0x20; last++) {
      lan.nodes[0].fromKernel(withVirtio(ethernet(to(last), stationOf(0), 0x88b5, new Uint8Array(46))));
    }
    lan.world.run(10 * MILLISECOND);
    expect(lan.nodes[0].drop('reserved-group')).toBe(16);
    expect(lan.nodes[1].tap.take()).toHaveLength(17);
  });

  it('a flooded super-frame whose segments go in pieces is the same at every host', () => {
    const lan = start({ hosts: 4, mtu: 1280 });
    const [packet] = fc.sample(packets(10), { numRuns: 1, seed: 3 });
    const payload = new Uint8Array(20_000).map((_, index) => index * 13 + (index >> 8));
    for (const protocol of ['udp', 'tcp'] as const) {
      const frame = superFrame({ ...packet, protocol, version: 4, ipOptions: 0, payload }, 4000);
      lan.nodes[0].fromKernel(frame.record);
      lan.world.run(10 * MILLISECOND);
      for (const host of lan.nodes.slice(1)) {
        expectSame(host.tap.take().flatMap(resegment), expected([frame], 1280));
      }
    }
  });

  it('UDP frames that came in pieces are written together, more of them than wait at once', () => {
    const lan = start({ mtu: 1280, node: { gro: true } });
    const [packet] = fc.sample(packets(10), { numRuns: 1, seed: 11 });
    const flow = { ...packet, protocol: 'udp' as const, version: 4 as const, ipOptions: 0, tags: 0 };
    const frames = Array.from({ length: 4 * MOST_HELD }, (_, index) =>
      plainPacket({ ...flow, id: index, payload: fillPayload(1400, index) }, true),
    );
    const written = carry(lan, frames);
    expectSame(written.flatMap(resegment), expected(frames, 1280));
    expect(lan.nodes[0].counter('piecesSent')).toBe(2 * frames.length);
    expect(written.length).toBeLessThan(frames.length / 4);
    expect(lan.nodes[1].drops()).toEqual({});
  });

  it('a send refused by a device without segmentation goes out again one by one', () => {
    const lan = start({});
    const [from, to] = lan.nodes;
    const send = lan.world.send.bind(lan.world);
    let refused = 0;
    // EIO is what a device answers that cannot segment; only the first send meets it.
    lan.world.send = (...args) => (refused++ === 0 ? -5 : send(...args));
    const big = opaque(6000, 0x88b5, 1);
    expectSame(carry(lan, [big]).flatMap(resegment), big.expected(0));
    expect(from.events.some((event) => event.kind === 'gso-refused')).toBe(true);
    expect(to.drops()).toEqual({});
  });
});

describe('TCP connections over a short path', () => {
  it('a SYN is clamped so that segments fit one datagram, its checksum right', () => {
    const lan = start({ mtu: 1280, node: { settings: { mssClamp: true } } });
    const [packet] = fc.sample(packets(10), { numRuns: 1, seed: 5 });
    const syn = superFrame(
      {
        ...packet,
        protocol: 'tcp',
        version: 4,
        tags: 0,
        ipOptions: 0,
        tcpFlags: 0x02,
        tcpOptions: [2, 4, 0x05, 0xb4],
        payload: new Uint8Array(0),
      },
      1,
    );
    const [arrived] = carry(lan, [{ ...syn, record: withVirtio(syn.record.slice(VNET_HEADER)) }]).flatMap(
      resegment,
    );
    const mss = (arrived[14 + 20 + 22] << 8) | arrived[14 + 20 + 23];
    expect(mss).toBe(1280 - SEGMENT_AROUND - 14 - 20 - 20);
  });
});
