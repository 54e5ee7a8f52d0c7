import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { segmentCount } from '../../src/datapath/offload/superframe.js';
import {
  checkVirtio,
  GSO,
  VIRTIO_CHECK,
  VIRTIO_FLAG,
  virtioCsumOffset,
  virtioCsumStart,
  virtioFlags,
  virtioGsoSize,
  virtioGsoType,
  virtioHeaderLength,
  writeGsoVirtio,
  writePlainVirtio,
} from '../../src/datapath/offload/virtio.js';
import { VNET_HEADER } from '../../src/native/ops.js';
import { HeaderInfo, parseHeaders } from '../../src/switch/headers.js';
import { build, type Packet, packets } from './packets.js';

const AT = 6;
const VNET = VNET_HEADER;
/** Bytes of it that every frame's says something with. */
const PLAIN = 10;

/** A super-frame in an arena, after its virtio-net header. */
function superFrame(packet: Packet, gsoSize: number, ecn = false): { bytes: Uint8Array; length: number } {
  const { frame } = build(packet);
  const bytes = new Uint8Array(AT + VNET + frame.length + 40);
  bytes.set(frame, AT + VNET);
  const info = new HeaderInfo();
  expect(parseHeaders(frame, 0, frame.length, info)).toBe(true);
  writeGsoVirtio(bytes, AT, info, gsoSize, ecn);
  return { bytes, length: frame.length };
}

const check = (bytes: Uint8Array, length: number): number => checkVirtio(bytes, AT, length, new HeaderInfo());

function sample(change: Partial<Packet>): Packet {
  const [packet] = fc.sample(packets(1), { numRuns: 1, seed: 3 });
  return { ...packet!, ...change, payload: new Uint8Array(3000) };
}

describe('virtio-net header', () => {
  it('is laid out little-endian as virtio 1.2 has it', () => {
    const bytes = new Uint8Array(VNET);
    writePlainVirtio(bytes, 0, VIRTIO_FLAG.NEEDS_CSUM, 0x0122, 16);
    expect([...bytes.subarray(0, PLAIN)]).toEqual([1, 0, 0, 0, 0, 0, 0x22, 1, 16, 0]);
    const { bytes: gso } = superFrame(
      sample({ version: 6, protocol: 'tcp', tags: 0, ipOptions: 0, tcpOptions: [] }),
      1440,
      true,
    );
    expect([...gso.subarray(AT, AT + PLAIN)]).toEqual([1, 0x84, 74, 0, 0xa0, 5, 54, 0, 16, 0]);
    expect(virtioFlags(gso, AT)).toBe(1);
    expect(virtioGsoType(gso, AT)).toBe(GSO.TCPV6 | GSO.ECN);
    expect(virtioHeaderLength(gso, AT)).toBe(74);
    expect(virtioGsoSize(gso, AT)).toBe(1440);
    expect(virtioCsumStart(gso, AT)).toBe(54);
    expect(virtioCsumOffset(gso, AT)).toBe(16);
  });

  it('accepts what it writes, for every kind of super-frame', () => {
    fc.assert(
      fc.property(packets(9000), fc.integer({ min: 8, max: 0xfffe }), (packet, gsoSize) => {
        const { bytes, length } = superFrame(packet, gsoSize);
        const tooMany = packet.protocol === 'udp' && segmentCount(packet.payload.length, gsoSize) > 64;
        expect(check(bytes, length)).toBe(tooMany ? VIRTIO_CHECK.GSO_SIZE : VIRTIO_CHECK.OK);
      }),
    );
  });

  it('names the reason for each hostile field of a super-frame', () => {
    const hostile: [Partial<Packet>, number, number[], number][] = [
      // packet, offset in the virtio-net header, bytes written there, reason
      [{}, 0, [4 | 1], VIRTIO_CHECK.FLAGS],
      [{}, 0, [0x81], VIRTIO_CHECK.FLAGS],
      [{}, 0, [0], VIRTIO_CHECK.CHECKSUM],
      [{}, 0, [2], VIRTIO_CHECK.CHECKSUM],
      [{}, 1, [2], VIRTIO_CHECK.GSO_TYPE],
      [{}, 1, [3], VIRTIO_CHECK.GSO_TYPE],
      [{}, 1, [0x80], VIRTIO_CHECK.GSO_TYPE],
      [{}, 1, [0xff], VIRTIO_CHECK.GSO_TYPE],
      [{ protocol: 'udp' }, 1, [0x85], VIRTIO_CHECK.GSO_TYPE],
      [{ version: 4, protocol: 'tcp' }, 1, [4], VIRTIO_CHECK.HEADERS],
      [{ version: 6, protocol: 'tcp' }, 1, [1], VIRTIO_CHECK.HEADERS],
      [{ protocol: 'tcp' }, 1, [5], VIRTIO_CHECK.HEADERS],
      [{ version: 4, protocol: 'udp' }, 1, [1], VIRTIO_CHECK.HEADERS],
      [{}, 2, [0, 0], VIRTIO_CHECK.HEADER_LENGTH],
      [{}, 2, [255, 255], VIRTIO_CHECK.HEADER_LENGTH],
      [{}, 4, [0, 0], VIRTIO_CHECK.GSO_SIZE],
      [{}, 4, [255, 255], VIRTIO_CHECK.GSO_SIZE],
      [{ protocol: 'tcp' }, 4, [7, 0], VIRTIO_CHECK.GSO_SIZE],
      [{ protocol: 'udp' }, 4, [46, 0], VIRTIO_CHECK.GSO_SIZE],
      [{}, 6, [0, 0], VIRTIO_CHECK.CHECKSUM],
      [{}, 6, [255, 255], VIRTIO_CHECK.CHECKSUM],
      [{}, 8, [4, 0], VIRTIO_CHECK.CHECKSUM],
      [{}, 8, [255, 255], VIRTIO_CHECK.CHECKSUM],
    ];
    for (const [change, offset, values, reason] of hostile) {
      const { bytes, length } = superFrame(sample(change), 1000);
      expect(check(bytes, length)).toBe(VIRTIO_CHECK.OK);
      bytes.set(values, AT + offset);
      expect({ change, offset, values, reason: check(bytes, length) }).toEqual({
        change,
        offset,
        values,
        reason,
      });
    }
  });

  it('refuses super-frames that are fragments, padded, empty or cut', () => {
    const { bytes, length } = superFrame(sample({ version: 4, tags: 0 }), 1000);
    expect(check(bytes, length + 1)).toBe(VIRTIO_CHECK.HEADERS);
    expect(check(bytes, length - 1)).toBe(VIRTIO_CHECK.HEADERS);
    expect(check(bytes, 13)).toBe(VIRTIO_CHECK.RUNT);
    bytes[AT + VNET + 14 + 6] = 0x20;
    expect(check(bytes, length)).toBe(VIRTIO_CHECK.HEADERS);
    const empty = build({ ...sample({ protocol: 'tcp' }), payload: new Uint8Array(0) });
    const info = new HeaderInfo();
    parseHeaders(empty.frame, 0, empty.frame.length, info);
    bytes.set(empty.frame, AT + VNET);
    writeGsoVirtio(bytes, AT, info, 1000, false);
    expect(check(bytes, empty.frame.length)).toBe(VIRTIO_CHECK.HEADERS);
  });

  it('bounds the checksum of plain frames and wants no GSO facts on them', () => {
    const bytes = new Uint8Array(AT + VNET + 60);
    const plain = (flags: number, start: number, offset: number): number => {
      writePlainVirtio(bytes, AT, flags, start, offset);
      return check(bytes, 60);
    };
    expect(plain(0, 0, 0)).toBe(VIRTIO_CHECK.OK);
    expect(plain(2, 0, 0)).toBe(VIRTIO_CHECK.OK);
    expect(plain(1, 34, 6)).toBe(VIRTIO_CHECK.OK);
    expect(plain(1, 14, 44)).toBe(VIRTIO_CHECK.OK);
    expect(plain(1, 14, 45)).toBe(VIRTIO_CHECK.CHECKSUM);
    expect(plain(1, 13, 6)).toBe(VIRTIO_CHECK.CHECKSUM);
    expect(plain(1, 0xffff, 0xffff)).toBe(VIRTIO_CHECK.CHECKSUM);
    writePlainVirtio(bytes, AT, 0, 0, 0);
    bytes[AT + 4] = 1;
    expect(check(bytes, 60)).toBe(VIRTIO_CHECK.GSO_SIZE);
    writePlainVirtio(bytes, AT, 0, 0, 0);
    bytes[AT + 2] = 61;
    expect(check(bytes, 60)).toBe(VIRTIO_CHECK.HEADER_LENGTH);
  });

  it('passes no random header whose facts contradict a real frame', () => {
    fc.assert(
      fc.property(packets(500), fc.uint8Array({ minLength: VNET, maxLength: VNET }), (packet, header) => {
        const { bytes, length } = superFrame(packet, 100);
        bytes.set(header, AT);
        if (check(bytes, length) !== VIRTIO_CHECK.OK) return;
        expect(virtioFlags(bytes, AT)).toBeLessThanOrEqual(3);
        expect(virtioGsoType(bytes, AT)).toBe(GSO.NONE);
        expect(virtioGsoSize(bytes, AT)).toBe(0);
      }),
      { numRuns: 2000 },
    );
  });
});
