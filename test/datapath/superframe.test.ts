import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { completeChecksum, isIpv4ChecksumValid } from '../../src/datapath/offload/checksum.js';
import { segmentCount, segmentHeader } from '../../src/datapath/offload/superframe.js';
import { HeaderInfo, parseHeaders } from '../../src/switch/headers.js';
import { build, buildRun, naiveSum, packets } from './packets.js';

const HEAD = 5;

/** Payload bytes of the segments `first … last` (inclusive) of a payload. */
function runLength(payloadLength: number, gsoSize: number, first: number, last: number): number {
  return Math.min(payloadLength, (last + 1) * gsoSize) - first * gsoSize;
}

describe('super-frames', () => {
  it('counts segments and the bytes of runs', () => {
    expect(segmentCount(0, 1448)).toBe(1);
    expect(segmentCount(1448, 1448)).toBe(1);
    expect(segmentCount(1449, 1448)).toBe(2);
    expect(segmentCount(65_483, 1448)).toBe(46);
    expect(runLength(100, 30, 0, 3)).toBe(100);
    expect(runLength(100, 30, 3, 3)).toBe(10);
    expect(runLength(100, 30, 1, 2)).toBe(60);
  });

  it('any run of segments equals the packet built for it, byte for byte', () => {
    const cut = fc.record({
      packet: packets(9000),
      gsoSize: fc.integer({ min: 8, max: 2000 }),
      from: fc.double({ min: 0, max: 0.999, noNaN: true }),
      to: fc.double({ min: 0, max: 0.999, noNaN: true }),
      single: fc.boolean(),
    });
    fc.assert(
      fc.property(cut, ({ packet, gsoSize, from, to, single }) => {
        const whole = build(packet);
        const info = new HeaderInfo();
        expect(parseHeaders(whole.frame, 0, whole.frame.length, info)).toBe(true);
        const segments = segmentCount(packet.payload.length, gsoSize);
        const first = Math.floor(Math.min(from, to) * segments);
        const last = single ? first : Math.floor(Math.max(from, to) * segments);
        const expected = buildRun(packet, gsoSize, first, last);

        const payloadLength = runLength(packet.payload.length, gsoSize, first, last);
        const length = info.headerLength + payloadLength;
        expect(length).toBe(expected.frame.length);
        const arena = new Uint8Array(HEAD + length + 9).fill(0xee);
        arena.set(whole.frame.subarray(0, info.headerLength), HEAD);
        arena.set(
          packet.payload.subarray(first * gsoSize, first * gsoSize + payloadLength),
          HEAD + info.headerLength,
        );
        const isLast = last === segments - 1;
        segmentHeader(arena, HEAD, info, { index: first, gsoSize, payload: payloadLength, isLast });

        const field = HEAD + info.l4 + expected.csumOffset;
        const l4 = expected.frame.slice(expected.l4);
        l4[expected.csumOffset] = 0;
        l4[expected.csumOffset + 1] = 0;
        const full =
          (expected.frame[expected.l4 + expected.csumOffset] << 8) |
          expected.frame[expected.l4 + expected.csumOffset + 1];
        const partial = (arena[field] << 8) | arena[field + 1];
        expect((naiveSum(l4, partial) + full) % 0xffff).toBe(0);

        completeChecksum(arena, HEAD, length, info.l4, expected.csumOffset);
        expect(arena.subarray(HEAD, HEAD + length)).toEqual(expected.frame);
        expect([...arena.subarray(0, HEAD), ...arena.subarray(HEAD + length)]).toEqual(
          Array(HEAD + 9).fill(0xee),
        );
      }),
      { numRuns: 400 },
    );
  });

  it('sequence numbers and ids wrap', () => {
    const [packet] = fc.sample(packets(100), { numRuns: 1, seed: 1 });
    const late = {
      ...packet!,
      version: 4 as const,
      protocol: 'tcp' as const,
      id: 0xffff,
      sequence: 0xfffffff0,
    };
    const { frame } = build({ ...late, payload: new Uint8Array(64) });
    const info = new HeaderInfo();
    parseHeaders(frame, 0, frame.length, info);
    segmentHeader(frame, 0, info, { index: 2, gsoSize: 16, payload: 16, isLast: false });
    expect(frame.slice(info.l3 + 4, info.l3 + 6)).toEqual(Uint8Array.of(0, 1));
    expect(frame.slice(info.l4 + 4, info.l4 + 8)).toEqual(Uint8Array.of(0, 0, 0, 0x10));
    expect(isIpv4ChecksumValid(frame, info.l3, info.l4 - info.l3)).toBe(true);
  });

  it('completes the checksum of 64 KiB of ones without losing a carry', () => {
    const frame = new Uint8Array(65_535).fill(0xff);
    frame[34 + 6] = 0;
    frame[34 + 7] = 1;
    completeChecksum(frame, 0, frame.length, 34, 6);
    const field = (frame[40] << 8) | frame[41];
    frame[40] = 0;
    frame[41] = 1;
    expect(field).toBe(0xffff - naiveSum(frame.subarray(34)));
  });
});
