import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isBareAcknowledgement } from '../../src/link/lane/way-back.js';

const ACK = 0x10;
const FIN = 0x01;
const SYN = 0x02;
const RST = 0x04;
const PUSH = 0x08;
const TCP = 6;
const UDP = 17;

interface Segment {
  readonly version?: 4 | 6;
  readonly protocol?: number;
  readonly flags?: number;
  /** Bytes of TCP options, of payload, and of padding after the packet. */
  readonly options?: number;
  readonly payload?: number;
  readonly padding?: number;
  readonly isTagged?: boolean;
  /** Flags and offset of an IPv4 fragment. */
  readonly fragment?: number;
}

function frameOf(segment: Segment): Uint8Array {
  const { version = 4, protocol = TCP, flags = ACK, options = 0, payload = 0, padding = 0 } = segment;
  const l3 = segment.isTagged === true ? 18 : 14;
  const l4 = l3 + (version === 4 ? 20 : 40);
  const tcp = 20 + options;
  const frame = new Uint8Array(l4 + tcp + payload + padding);
  const view = new DataView(frame.buffer);
  if (segment.isTagged === true) view.setUint16(12, 0x8100);
  view.setUint16(l3 - 2, version === 4 ? 0x0800 : 0x86dd);
  if (version === 4) {
    frame[l3] = 0x45;
    view.setUint16(l3 + 2, 20 + tcp + payload);
    view.setUint16(l3 + 6, segment.fragment ?? 0x4000);
    frame[l3 + 9] = protocol;
  } else {
    frame[l3] = 0x60;
    view.setUint16(l3 + 4, tcp + payload);
    frame[l3 + 6] = protocol;
  }
  frame[l4 + 12] = (tcp / 4) << 4;
  frame[l4 + 13] = flags;
  return frame;
}

function isBare(segment: Segment): boolean {
  const frame = frameOf(segment);
  return isBareAcknowledgement(frame, 0, frame.length);
}

const ways = fc.record({
  version: fc.constantFrom<4 | 6>(4, 6),
  options: fc.integer({ min: 0, max: 10 }).map((words) => words * 4),
  isTagged: fc.boolean(),
});

describe('an acknowledgement that carries nothing else', () => {
  it('is known with any options, tagged, and padded to the least of Ethernet', () => {
    fc.assert(
      fc.property(ways, (way) => {
        expect(isBare(way)).toBe(true);
        if (way.version === 4 && way.options === 0) expect(isBare({ ...way, padding: 6 })).toBe(true);
      }),
    );
  });

  it('is none with payload, or where it opens or ends a connection', () => {
    fc.assert(
      fc.property(ways, fc.integer({ min: 1, max: 1300 }), (way, payload) => {
        expect(isBare({ ...way, payload })).toBe(false);
        for (const flags of [0, SYN, SYN | ACK, FIN | ACK, RST | ACK, RST, PUSH]) {
          expect(isBare({ ...way, flags })).toBe(false);
        }
      }),
    );
  });

  it('is none of another protocol, and no fragment', () => {
    expect(isBare({ protocol: UDP })).toBe(false);
    expect(isBare({ version: 6, protocol: UDP })).toBe(false);
    for (const fragment of [0x2000, 0x0010]) expect(isBare({ fragment })).toBe(false);
  });

  it('is looked for within the frame, whatever its bytes say', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 130 }), ways, (noise, way) => {
        const frame = frameOf(way);
        for (let length = 0; length < frame.length; length++) {
          expect(isBareAcknowledgement(frame, 0, length)).toBe(false);
        }
        expect(() => isBareAcknowledgement(noise, 0, noise.length)).not.toThrow();
      }),
    );
  });
});
