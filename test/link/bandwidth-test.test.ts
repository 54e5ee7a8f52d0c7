import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type BandwidthMessage,
  readBandwidthMessage,
  writeBandwidthMessage,
} from '../../src/wire/bandwidth-test.js';

const u16 = fc.integer({ min: 0, max: 0xffff });
const u32 = fc.integer({ min: 0, max: 0xffff_ffff });

const messages: fc.Arbitrary<BandwidthMessage> = fc.oneof(
  fc
    .record({
      what: fc.constant('ask' as const),
      id: u16,
      forward: fc.boolean(),
      reverse: fc.boolean(),
      seconds: fc.integer({ min: 1, max: 60 }),
      link: fc.option(fc.integer({ min: 0, max: 7 })),
      kbps: fc.integer({ min: 1, max: 1_000_000 }),
    })
    .filter(({ forward, reverse }) => forward || reverse),
  fc.record({
    what: fc.constant('answer' as const),
    id: u16,
    code: fc.integer({ min: 0, max: 255 }),
    kbps: u32,
  }),
  fc.record({
    what: fc.constant('result' as const),
    id: u16,
    isFinal: fc.boolean(),
    received: u32,
    highest: u32,
    reordered: u32,
    jitterUs: u32,
    elapsedUs: u32,
    bytes: fc.integer({ min: 0, max: 2 ** 45 }),
  }),
  fc.record({ what: fc.constant('end' as const), id: u16, sent: u32 }),
);

describe('messages of bandwidth tests', () => {
  it('are read as they were written, with whatever follows', () => {
    fc.assert(
      fc.property(messages, fc.uint8Array({ maxLength: 8 }), (message, more) => {
        const bytes = writeBandwidthMessage(message);
        expect(readBandwidthMessage(bytes)).toEqual(message);
        expect(readBandwidthMessage(Uint8Array.of(...bytes, ...more))).toEqual(message);
      }),
    );
  });

  it('of any bytes make no test longer or faster than the limits, and harm nothing when cut off', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.integer({ min: 1, max: 5 }), (bytes, what) => {
        if (bytes.length > 1) bytes[1] = what;
        const message = readBandwidthMessage(bytes);
        if (message?.what !== 'ask') return;
        expect(message.seconds).toBeLessThanOrEqual(60);
        expect(message.kbps).toBeLessThanOrEqual(1_000_000);
        expect(message.forward || message.reverse).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});
