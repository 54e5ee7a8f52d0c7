import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HeaderInfo, parseHeaders } from '../../src/switch/headers.js';
import { build, packets } from './packets.js';

const BEFORE = 3;

function place(frame: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(BEFORE + frame.length + 64).fill(0x45);
  bytes.set(frame, BEFORE);
  return bytes;
}

const plain = {
  version: 4 as 4 | 6,
  protocol: 'tcp' as 'tcp' | 'udp',
  tags: 0,
  ipOptions: 0,
  tcpOptions: [],
  id: 1,
  dontFragment: true,
  ttl: 64,
  trafficClass: 0,
  ports: [1000, 2000] as [number, number],
  sequence: 5,
  tcpFlags: 0x10,
  payload: new Uint8Array(10),
};

/** Whether a packet still parses after `change` was done to its frame. */
function parsesAfter(
  packet: typeof plain,
  change: (frame: Uint8Array, l3: number, l4: number) => void,
): boolean {
  const { frame, l3, l4 } = build(packet);
  change(frame, l3, l4);
  return parseHeaders(frame, 0, frame.length, new HeaderInfo());
}

describe('header parser', () => {
  it('finds every header of well-formed frames, padding or not', () => {
    fc.assert(
      fc.property(packets(200), fc.integer({ min: 0, max: 20 }), (packet, padding) => {
        const built = build(packet);
        const info = new HeaderInfo();
        expect(parseHeaders(place(built.frame), BEFORE, built.frame.length + padding, info)).toBe(true);
        expect(info.version).toBe(packet.version);
        expect(info.protocol).toBe(packet.protocol === 'tcp' ? 6 : 17);
        expect(info.l3).toBe(built.l3);
        expect(info.l4).toBe(built.l4);
        expect(info.headerLength).toBe(built.headerLength);
        expect(info.payloadLength).toBe(packet.payload.length);
      }),
    );
  });

  it('refuses every frame cut short, whatever follows it', () => {
    fc.assert(
      fc.property(packets(50), fc.double({ min: 0, max: 0.999, noNaN: true }), (packet, part) => {
        const { frame } = build(packet);
        const bytes = place(frame);
        expect(parseHeaders(bytes, BEFORE, Math.floor(frame.length * part), new HeaderInfo())).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it('refuses fragments', () => {
    for (const field of [0x2000, 0x0001, 0x1fff]) {
      expect(
        parsesAfter(plain, (frame, l3) => {
          frame[l3 + 6] = field >> 8;
          frame[l3 + 7] = field & 0xff;
        }),
      ).toBe(false);
    }
    const fragmentHeader = 44;
    expect(
      parsesAfter({ ...plain, version: 6 }, (frame, l3) => frame.fill(fragmentHeader, l3 + 6, l3 + 7)),
    ).toBe(false);
  });

  it('refuses contradicting versions, lengths and protocols', () => {
    const v6 = { ...plain, version: 6 as const };
    const udp = { ...plain, protocol: 'udp' as const };
    const set = (offset: number, value: number) => (frame: Uint8Array, l3: number) => {
      frame[l3 + offset] = value;
    };
    const setL4 = (offset: number, value: number) => (frame: Uint8Array, _l3: number, l4: number) => {
      frame[l4 + offset] = value;
    };
    expect(parsesAfter(plain, set(0, 0x65))).toBe(false);
    expect(parsesAfter(plain, set(0, 0x44))).toBe(false);
    expect(parsesAfter(plain, set(0, 0x4f))).toBe(false);
    expect(parsesAfter(plain, set(2, 0xff))).toBe(false);
    expect(parsesAfter(plain, set(3, 39))).toBe(false);
    expect(parsesAfter(plain, set(9, 1))).toBe(false);
    expect(parsesAfter(plain, setL4(12, 0x40))).toBe(false);
    expect(parsesAfter(plain, setL4(12, 0xf0))).toBe(false);
    expect(parsesAfter(udp, setL4(5, 17))).toBe(false);
    expect(parsesAfter(udp, setL4(5, 19))).toBe(false);
    expect(parsesAfter(v6, set(0, 0x45))).toBe(false);
    expect(parsesAfter(v6, set(5, 29))).toBe(true);
    expect(parsesAfter(v6, set(5, 31))).toBe(false);
    expect(parsesAfter(v6, set(5, 19))).toBe(false);
    expect(parsesAfter(v6, set(6, 58))).toBe(false);
    const ROUTING = 43;
    expect(parsesAfter(v6, set(6, ROUTING))).toBe(false);
    expect(parsesAfter({ ...v6, ipOptions: 2 }, set(41, 255))).toBe(false);
  });

  it('gives up on long chains of extension headers', () => {
    const { frame, l3 } = build({ ...plain, version: 6, payload: new Uint8Array(400) });
    frame[l3 + 6] = 60;
    for (let at = l3 + 40; at + 8 < frame.length; at += 8) frame.set([60, 0, 1, 4, 0, 0, 0, 0], at);
    expect(parseHeaders(frame, 0, frame.length, new HeaderInfo())).toBe(false);
  });

  it('never accepts lengths that reach out of a frame of random bytes', () => {
    const start = fc.constantFrom([8, 0, 0x45], [0x86, 0xdd, 0x60], [0x81, 0, 0, 1, 8, 0, 0x46]);
    fc.assert(
      fc.property(start, fc.uint8Array({ maxLength: 120 }), (type, rest) => {
        const frame = Uint8Array.from([...Array<number>(12).fill(2), ...type, ...rest]);
        const info = new HeaderInfo();
        if (!parseHeaders(frame, 0, frame.length, info)) return;
        expect(info.headerLength + info.payloadLength).toBeLessThanOrEqual(frame.length);
        expect(info.l3).toBeLessThan(info.l4);
        expect(info.l4).toBeLessThan(info.headerLength);
      }),
      { numRuns: 2000 },
    );
  });
});
