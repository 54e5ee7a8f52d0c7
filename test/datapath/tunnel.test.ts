/** Super-frames inside tunnels over UDP (VXLAN, Geneve), against the datagrams that the tunnel would have sent one by one. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { completeChecksum } from '../../src/datapath/offload/checksum.js';
import {
  checksumOffset,
  completeTunnelChecksum,
  segmentCount,
  segmentHeader,
} from '../../src/datapath/offload/superframe.js';
import { checkVirtio, readVirtio, VIRTIO_CHECK, writeGsoVirtio } from '../../src/datapath/offload/virtio.js';
import { VNET_HEADER } from '../../src/native/ops.js';
import { Frame } from '../../src/switch/frame.js';
import { HeaderInfo, parseTunnel } from '../../src/switch/headers.js';
import { isTunnel } from '../../src/wire/segment.js';
import { build, buildRun } from './packets.js';
import { type BuiltTunnel, tunnelled, wrap } from './tunnels.js';

function parsed({ frame, tunnelL4, innerL3 }: BuiltTunnel): HeaderInfo {
  const info = new HeaderInfo();
  expect(parseTunnel(frame, 0, frame.length, tunnelL4, innerL3, info)).toBe(true);
  return info;
}

const cut = fc.record({
  packet: tunnelled(6000),
  gsoSize: fc.integer({ min: 8, max: 2000 }),
  at: fc.double({ min: 0, max: 0.999, noNaN: true }),
});

describe('super-frames in tunnels', () => {
  it('any segment equals the datagram built for it, byte for byte', () => {
    fc.assert(
      fc.property(cut, ({ packet, gsoSize, at }) => {
        const { payload } = packet.inner;
        const whole = wrap(packet, build(packet.inner), 0);
        const info = parsed(whole);
        const count = segmentCount(payload.length, gsoSize);
        const index = Math.floor(at * count);
        const { frame: expected } = wrap(packet, buildRun(packet.inner, gsoSize, index, index), index);

        const slice = payload.subarray(index * gsoSize, (index + 1) * gsoSize);
        const frame = new Uint8Array(info.headerLength + slice.length);
        frame.set(whole.frame.subarray(0, info.headerLength));
        frame.set(slice, info.headerLength);
        const run = { index, gsoSize, payload: slice.length, isLast: index === count - 1 };
        segmentHeader(frame, 0, info, run);
        completeTunnelChecksum(frame, 0, info);
        completeChecksum(frame, 0, frame.length, info.l4, checksumOffset(info));
        expect(frame).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  it("the header for the kernel is accepted as strictly as a stranger's, and read back", () => {
    fc.assert(
      fc.property(tunnelled(6000), fc.integer({ min: 100, max: 2000 }), (packet, gsoSize) => {
        const whole = wrap(packet, build(packet.inner), 0);
        const info = parsed(whole);
        const bytes = new Uint8Array(VNET_HEADER + whole.frame.length);
        bytes.set(whole.frame, VNET_HEADER);
        writeGsoVirtio(bytes, 0, info, gsoSize, false);
        const isTooMany = packet.inner.protocol === 'udp' && segmentCount(info.payloadLength, gsoSize) > 64;
        const verdict = isTooMany ? VIRTIO_CHECK.GSO_SIZE : VIRTIO_CHECK.OK;
        expect(checkVirtio(bytes, 0, whole.frame.length, new HeaderInfo())).toBe(verdict);
        const frame = new Frame();
        readVirtio(bytes, 0, frame);
        expect(isTunnel(frame.gsoType)).toBe(true);
        expect([frame.tunnelL4, frame.innerL3]).toEqual([whole.tunnelL4, whole.innerL3]);
      }),
    );
  });

  it('no offsets and bytes of a stranger make the parser throw or speak of what is not there', () => {
    const hostile = fc.record({
      packet: tunnelled(6000),
      tunnelL4: fc.integer({ min: 0, max: 255 }),
      innerL3: fc.integer({ min: 0, max: 255 }),
      isTrue: fc.boolean(),
      damage: fc.array(fc.tuple(fc.nat(200), fc.integer({ min: 0, max: 255 })), { maxLength: 4 }),
    });
    fc.assert(
      fc.property(hostile, ({ packet, tunnelL4, innerL3, isTrue, damage }) => {
        const whole = wrap(packet, build(packet.inner), 0);
        const { frame } = whole;
        for (const [at, value] of damage) if (at < frame.length) frame[at] = value;
        const places = isTrue ? whole : { tunnelL4, innerL3 };
        const info = new HeaderInfo();
        if (!parseTunnel(frame, 0, frame.length, places.tunnelL4, places.innerL3, info)) return;
        expect(info.tunnelL4).toBe(places.tunnelL4);
        expect(info.tunnelL3).toBeLessThan(info.tunnelL4);
        expect(info.l3).toBeGreaterThanOrEqual(info.tunnelL4 + 8);
        expect(info.l4).toBeGreaterThan(info.l3);
        expect(info.headerLength + info.payloadLength).toBeLessThanOrEqual(frame.length);
      }),
      { numRuns: 500 },
    );
  });
});
