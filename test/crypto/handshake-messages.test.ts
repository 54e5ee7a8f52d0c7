import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  COOKIE_REPLY_BYTES,
  classify,
  encodeCookieReply,
  encodeInitiation,
  encodeResponse,
  INITIATION_BYTES,
  noisePart,
  RESPONSE_BYTES,
  receiverIndex,
  senderIndex,
} from '../../src/crypto/handshake-messages.js';
import { decodeAnswer, decodeOffer, encodeAnswer, encodeOffer } from '../../src/crypto/payloads.js';

const u8 = fc.integer({ min: 0, max: 0xff });
const u32 = fc.integer({ min: 0, max: 0xffff_ffff });

describe('handshake messages', () => {
  it('have the lengths of the protocol description', () => {
    expect([INITIATION_BYTES, RESPONSE_BYTES, COOKIE_REPLY_BYTES]).toEqual([160, 104, 64]);
  });

  it('are where the protocol description says', () => {
    const initiation = encodeInitiation(0x01020304, new Uint8Array(120).fill(0xaa));
    expect([...initiation.subarray(0, 8)]).toEqual([0x11, 0, 0, 0, 1, 2, 3, 4]);
    expect(initiation.subarray(8, 128).every((byte) => byte === 0xaa)).toBe(true);
    expect(initiation.subarray(128).every((byte) => byte === 0)).toBe(true);
    const response = encodeResponse(0x01020304, 0x05060708, new Uint8Array(60).fill(0xbb));
    expect([...response.subarray(0, 12)]).toEqual([0x12, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect(response.subarray(12, 72).every((byte) => byte === 0xbb)).toBe(true);
    const cookie = encodeCookieReply(0x01020304, new Uint8Array(24).fill(1), new Uint8Array(32).fill(2));
    expect([...cookie.subarray(0, 8)]).toEqual([0x13, 0, 0, 0, 1, 2, 3, 4]);
    expect([...cookie.subarray(8)]).toEqual([...Array(24).fill(1), ...Array(32).fill(2)]);
  });

  it('are read at any position of a larger buffer', () => {
    const large = new Uint8Array(300);
    large.set(encodeResponse(0xfffffffe, 0x80000001, new Uint8Array(60).fill(7)), 33);
    const message = large.subarray(33, 33 + RESPONSE_BYTES);
    expect(classify(message)).toBe('response');
    expect(senderIndex(message)).toBe(0xfffffffe);
    expect(receiverIndex(message)).toBe(0x80000001);
    expect([...noisePart(message)]).toEqual(Array(60).fill(7));
  });

  it('are distinguished from everything else, which is refused by reason', () => {
    expect(classify(new Uint8Array(0))).toBe('wrong-length');
    expect(classify(Uint8Array.of(0x21, 0, 0, 0))).toBe('unknown-version');
    expect(classify(Uint8Array.of(0x14, 0, 0, 0))).toBe('unknown-type');
    expect(classify(Uint8Array.of(0x11, 0, 0, 0))).toBe('wrong-length');
    const reserved = encodeInitiation(1, new Uint8Array(120));
    reserved[3] = 1;
    expect(classify(reserved)).toBe('reserved-not-zero');
  });
});

describe('payloads', () => {
  it('read back as written', () => {
    const offer = fc.record({
      timestamp: fc.maxSafeNat(),
      generation: u32,
      lowestVersion: u8,
      highestVersion: u8,
      aeads: u8,
      hardwareAes: fc.boolean(),
      capabilities: u32,
      workers: u8,
    });
    const answer = fc.record({ version: u8, aead: u8, workers: u8, generation: u32, capabilities: u32 });
    fc.assert(
      fc.property(offer, answer, (offered, answered) => {
        expect(decodeOffer(encodeOffer(offered))).toEqual(offered);
        expect(decodeAnswer(encodeAnswer(answered))).toEqual(answered);
      }),
    );
  });

  it('of another format, length or impossible time are refused', () => {
    const offer = new Uint8Array(24);
    expect(decodeOffer(offer)).toBeUndefined();
    offer[0] = 1;
    expect(decodeOffer(offer)).toBeDefined();
    expect(decodeOffer(offer.subarray(1))).toBeUndefined();
    offer[8] = 0x80;
    expect(decodeOffer(offer)).toBeUndefined();
    expect(decodeAnswer(new Uint8Array(12))).toBeUndefined();
    expect(decodeAnswer(new Uint8Array(13).fill(1))).toBeUndefined();
  });
});
