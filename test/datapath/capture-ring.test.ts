import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CaptureRing, type Packet, PacketFacts, POINT, VERDICT } from '../../src/contract/capture.js';

function packet(number: number, length: number): { facts: PacketFacts; bytes: Uint8Array } {
  const facts = new PacketFacts();
  Object.assign(facts, {
    point: number % 8,
    peer: number - 3,
    link: (number % 9) - 1,
    verdict: VERDICT.DROP,
    value: number,
    length: length + 7,
    gsoSize: number * 3,
    index: number,
    isLast: number % 2 === 0,
    csumStart: number % 200,
    csumOffset: 16,
    timeUs: 2 ** 33 + number * 1e6,
    localPort: 7700,
    isOut: number % 3 === 0,
  });
  facts.place.fill(number);
  return { facts, bytes: new Uint8Array(length).map((_, at) => at + number) };
}

function write(ring: CaptureRing, number: number, length: number): boolean {
  const { facts, bytes } = packet(number, length);
  if (!ring.start(facts, length)) return false;
  const half = length >> 1;
  ring.append(bytes, 0, half);
  ring.append(bytes, half, length);
  ring.end();
  return true;
}

function expectPacket(read: Packet | undefined, number: number, length: number): void {
  const { facts, bytes } = packet(number, length);
  expect(read).toEqual({ ...facts, bytes });
}

describe('the ring of a capture', () => {
  it('gives every packet that found room, whole and in order, whatever the sizes and the turns', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.nat(900), fc.constant('read' as const)), { maxLength: 300 }),
        (steps) => {
          const ring = CaptureRing.make(4096);
          const reader = new CaptureRing(ring.buffer);
          const expected: [number, number][] = [];
          let missed = 0;
          steps.forEach((step, number) => {
            if (step !== 'read') {
              if (write(ring, number, step)) expected.push([number, step]);
              else missed++;
              return;
            }
            const next = expected.shift();
            if (next === undefined) expect(reader.read()).toBeUndefined();
            else expectPacket(reader.read(), ...next);
          });
          for (const [number, length] of expected) expectPacket(reader.read(), number, length);
          expect(reader.read()).toBeUndefined();
          const told = Object.values(POINT).reduce((sum, point) => sum + reader.takeMissed(point), 0);
          expect(told).toBe(missed);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('counts what it has no room for by point, and is never in the way of the writer', () => {
    const ring = CaptureRing.make(4096);
    let written = 0;
    for (let turn = 0; turn < 1000; turn++) if (write(ring, POINT['link-in'], 100)) written++;
    expect(written).toBeGreaterThan(10);
    expect(ring.takeMissed(POINT['link-in'])).toBe(1000 - written);
    expect(ring.takeMissed(POINT['link-in'])).toBe(0);
    ring.read();
    expect(write(ring, POINT['link-in'], 100)).toBe(true);
  });

  it('goes on when its counters of bytes pass 2^32', () => {
    const ring = CaptureRing.make(4096);
    new Int32Array(ring.buffer).fill(0xffff_f000 | 0, 0, 2);
    for (let number = 0; number < 200; number++) {
      expect(write(ring, number, number * 3)).toBe(true);
      expectPacket(ring.read(), number, number * 3);
    }
  });
});
