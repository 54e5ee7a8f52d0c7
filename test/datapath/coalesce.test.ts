import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { completeChecksum } from '../../src/datapath/offload/checksum.js';
import { Coalescer, RUN_HEAD, writeWords } from '../../src/datapath/offload/coalesce.js';
import { segmentHeader } from '../../src/datapath/offload/superframe.js';
import {
  checkVirtio,
  VIRTIO_CHECK,
  virtioGsoSize,
  virtioGsoType,
} from '../../src/datapath/offload/virtio.js';
import { VNET_HEADER, WRITE } from '../../src/native/ops.js';
import { Frame } from '../../src/switch/frame.js';
import { HeaderInfo, parseHeaders } from '../../src/switch/headers.js';
import { build, fillPayload, type Packet, packets } from './packets.js';

const HEAD = 16;
const FIRST = HEAD + RUN_HEAD;
const UDP_CHECKSUM = 6;

const udp: Packet = {
  version: 4,
  protocol: 'udp',
  tags: 0,
  ipOptions: 0,
  tcpOptions: [],
  id: 0xfffe,
  dontFragment: false,
  ttl: 64,
  trafficClass: 0,
  ports: [5000, 6000],
  sequence: 0,
  tcpFlags: 0,
  payload: fillPayload(100, 0),
};

/** Places frames with partial checksums in an arena and describes them. */
function place(list: Packet[]): { bytes: Uint8Array; frames: Frame[]; built: Uint8Array[] } {
  const built = list.map((packet) => build(packet));
  const bytes = new Uint8Array(FIRST + built.reduce((sum, { frame }) => sum + frame.length + 3, 0));
  const frames: Frame[] = [];
  const info = new HeaderInfo();
  let at = FIRST;
  built.forEach(({ frame, l4, csumOffset, headerLength }) => {
    bytes.set(frame, at);
    expect(parseHeaders(bytes, at, frame.length, info)).toBe(true);
    // The same header with its checksum made partial.
    const scratch = frame.slice();
    segmentHeader(scratch, 0, info, {
      index: 0,
      gsoSize: 1,
      payload: frame.length - headerLength,
      isLast: true,
    });
    bytes.set(scratch.subarray(l4 + csumOffset, l4 + csumOffset + 2), at + l4 + csumOffset);
    frames.push(new Frame().place(at, frame.length).describe(1, l4, csumOffset));
    at += frame.length + 3;
  });
  return { bytes, frames, built: built.map(({ frame }) => frame) };
}

/** The frames in a coalescer, divided into runs. */
function joined(bytes: Uint8Array, frames: Frame[]): Coalescer {
  const coalescer = new Coalescer(bytes, frames.length);
  for (const frame of frames) coalescer.add(frame);
  coalescer.join(true);
  return coalescer;
}

function runCounts(bytes: Uint8Array, frames: Frame[]): number[] {
  const coalescer = joined(bytes, frames);
  const counts: number[] = [];
  let next = 0;
  for (let run = 0; run < coalescer.runs; run++) {
    expect(coalescer.starts[run]).toBe(next);
    counts.push(coalescer.lengthOf(run));
    next += counts[run]!;
  }
  expect(next).toBe(frames.length);
  return counts;
}

const countsOf = (list: Packet[]): number[] => {
  const { bytes, frames } = place(list);
  return runCounts(bytes, frames);
};

/** A flow of packets with these payload lengths and ids that go up by `step`. */
function flow(lengths: number[], change: Partial<Packet> = {}, step = 1): Packet[] {
  return lengths.map((length, index) => ({
    ...udp,
    ...change,
    id: ((change.id ?? udp.id) + index * step) & 0xffff,
    payload: fillPayload(length, index),
  }));
}

describe('coalescing UDP frames', () => {
  it('joins frames of equal length and a shorter last one', () => {
    expect(countsOf(flow([100, 100, 100, 60, 100]))).toEqual([4, 1]);
    expect(countsOf(flow([60, 100, 100]))).toEqual([1, 2]);
    expect(countsOf(flow([100, 100], { version: 6 }))).toEqual([2]);
    expect(countsOf(flow([100]))).toEqual([1]);
    expect(countsOf([])).toEqual([]);
    expect(countsOf(flow([0, 0]))).toEqual([1, 1]);
    expect(countsOf(flow([100, 0]))).toEqual([1, 1]);
  });

  it('stays within 64 segments and 64 KiB', () => {
    expect(countsOf(flow(Array(150).fill(20)))).toEqual([64, 64, 22]);
    expect(countsOf(flow(Array(50).fill(1472)))).toEqual([44, 6]);
    expect(countsOf(flow([32_753, 32_754]))).toEqual([1, 1]);
    expect(countsOf(flow([32_754, 32_753]))).toEqual([2]);
    expect(countsOf(flow([32_754, 32_754]))).toEqual([1, 1]);
  });

  it('wants ids that grow by one, or stay the same with DF', () => {
    expect(countsOf(flow([100, 100, 100], {}, 0))).toEqual([1, 1, 1]);
    expect(countsOf(flow([100, 100, 100], { dontFragment: true }, 0))).toEqual([3]);
    expect(countsOf(flow([100, 100, 100], { dontFragment: true }, 1))).toEqual([3]);
    expect(countsOf(flow([100, 100, 100], { dontFragment: true }, 2))).toEqual([1, 1, 1]);
    const [a, b, c] = flow([100, 100, 100], { dontFragment: true }) as [Packet, Packet, Packet];
    expect(countsOf([a, b, { ...c, id: b.id }])).toEqual([2, 1]);
    expect(countsOf([a, { ...b, id: a.id }, c])).toEqual([2, 1]);
  });

  it('leaves TCP, options and complete checksums alone', () => {
    expect(countsOf(flow([100, 100], { protocol: 'tcp' }))).toEqual([1, 1]);
    expect(countsOf(flow([100, 100], { ipOptions: 1 }))).toEqual([1, 1]);
    expect(countsOf(flow([100, 100], { version: 6, ipOptions: 1 }))).toEqual([1, 1]);
    for (const [index, word, value] of [
      [0, 'flags', 0],
      [1, 'flags', 0],
      [1, 'flags', 3],
      [0, 'csumStart', 33],
      [1, 'csumStart', 33],
      [1, 'csumOffset', 4],
    ] as const) {
      const { bytes, frames } = place(flow([100, 100]));
      frames[index]![word] = value;
      expect(runCounts(bytes, frames)).toEqual([1, 1]);
    }
  });

  it('any changed header byte but the checksum field parts two frames', () => {
    for (const change of [{ tags: 2 }, { version: 6 as const }, { dontFragment: true }]) {
      const { bytes, frames } = place(flow([100, 100], change));
      const info = new HeaderInfo();
      const at = frames[1]!.offset;
      parseHeaders(bytes, at, frames[1]!.length, info);
      expect(runCounts(bytes, frames)).toEqual([2]);
      for (let place = 0; place < info.l4 + UDP_CHECKSUM; place++) {
        for (const bit of [1, 0x80]) {
          bytes[at + place] ^= bit;
          expect({ place, counts: runCounts(bytes, frames) }).toEqual({ place, counts: [1, 1] });
          bytes[at + place] ^= bit;
        }
      }
    }
  });

  it('cutting a run again gives the frames that were joined', () => {
    const mixed = fc
      .tuple(
        packets(300).map((packet) => ({
          ...packet,
          protocol: 'udp' as const,
          ipOptions: packet.ipOptions >> 1,
        })),
        fc.array(
          fc.record({
            length: fc.constantFrom(1, 50, 200, 200, 200, 200),
            other: fc.constantFrom(false, false, false, false, true),
            step: fc.constantFrom(1, 1, 1, 0, 2),
          }),
          { minLength: 2, maxLength: 30 },
        ),
      )
      .map(([packet, steps]) => {
        let id = packet.id;
        return steps.map(({ length, other, step }, index): Packet => {
          id = (id + step) & 0xffff;
          const ttl = other ? (packet.ttl % 255) + 1 : packet.ttl;
          return { ...packet, id, ttl, payload: fillPayload(length, index) };
        });
      });
    let many = 0;
    fc.assert(
      fc.property(mixed, (list) => {
        const { bytes, frames, built } = place(list);
        const before = bytes.slice();
        const info = new HeaderInfo();
        const coalescer = joined(bytes, frames);
        let start = 0;
        for (const [run, count] of runCounts(bytes, frames).entries()) {
          const ops = new Int32Array(1 + writeWords(count));
          expect(coalescer.write(run, HEAD, ops, 1)).toBe(ops.length);
          const parts: number[] = [];
          for (let part = 0; part < ops[1 + WRITE.COUNT]!; part++) {
            const offset = ops[1 + WRITE.PARTS + part * 2]!;
            parts.push(...bytes.subarray(offset, offset + ops[2 + WRITE.PARTS + part * 2]!));
          }
          const written = Uint8Array.from(parts);
          expect(checkVirtio(written, 0, written.length - VNET_HEADER, info)).toBe(VIRTIO_CHECK.OK);
          const size = count === 1 ? written.length : virtioGsoSize(written, 0);
          expect(virtioGsoType(written, 0)).toBe(count === 1 ? 0 : 5);
          parseHeaders(written, VNET_HEADER, written.length - VNET_HEADER, info);
          for (let index = 0; index < count; index++) {
            const head = written.slice(VNET_HEADER, VNET_HEADER + info.headerLength);
            const from = VNET_HEADER + info.headerLength + index * size;
            const payload = written.subarray(from, Math.min(written.length, from + size));
            segmentHeader(head, 0, info, { index, gsoSize: size, payload: payload.length, isLast: true });
            const segment = Uint8Array.from([...head, ...payload]);
            const original = built[start + index]!;
            if (list[start + index]!.id === list[start]!.id && info.version === 4) {
              segment.set(original.subarray(info.l3 + 4, info.l3 + 6), info.l3 + 4);
              segment.set(original.subarray(info.l3 + 10, info.l3 + 12), info.l3 + 10);
            }
            completeChecksum(segment, 0, segment.length, info.l4, UDP_CHECKSUM);
            expect(segment).toEqual(original);
          }
          if (count > 1) many++;
          start += count;
        }
        expect(bytes.subarray(FIRST)).toEqual(before.subarray(FIRST));
      }),
      { numRuns: 200 },
    );
    expect(many).toBeGreaterThan(50);
  });
});
