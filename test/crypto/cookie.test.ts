import { describe, expect, it } from 'vitest';
import {
  COOKIE_LIFETIME,
  CookieIssuer,
  mac1IsRight,
  type Origin,
  openCookieReply,
  ReceiverKeys,
  writeMac1,
  writeMac2,
} from '../../src/crypto/cookie.js';
import { encodeInitiation, mac1Part } from '../../src/crypto/handshake-messages.js';
import { generateKeyPair } from '../../src/crypto/primitives.js';
import { sodiumPrimitives as primitives } from '../../src/crypto/sodium.js';

const keys = new ReceiverKeys(primitives, generateKeyPair(primitives).publicKey);
const origin: Origin = { address: Uint8Array.of(192, 0, 2, 1), port: 7700 };

function initiation(): Uint8Array {
  const message = encodeInitiation(42, new Uint8Array(120).fill(3));
  writeMac1(primitives, keys, message);
  return message;
}

function cookieFor(issuer: CookieIssuer, message: Uint8Array, from: Origin, now: number): Uint8Array {
  const cookie = openCookieReply(primitives, keys, issuer.reply(message, from, now), mac1Part(message).mac);
  expect(cookie).toBeDefined();
  return cookie!;
}

describe('MAC1', () => {
  it('is right only for the receiver it was made for', () => {
    const message = initiation();
    const other = new ReceiverKeys(primitives, generateKeyPair(primitives).publicKey);
    expect(mac1IsRight(primitives, keys, message)).toBe(true);
    expect(mac1IsRight(primitives, other, message)).toBe(false);
  });
});

describe('MAC2', () => {
  it('is right for the very origin that got the cookie, for at least the cookie life time', () => {
    const issuer = new CookieIssuer(primitives, keys);
    const message = initiation();
    expect(issuer.mac2State(message, origin, 0)).toBe('absent');
    const givenAt = COOKIE_LIFETIME - 1;
    writeMac2(primitives, cookieFor(issuer, message, origin, givenAt), message);
    expect(issuer.mac2State(message, origin, givenAt)).toBe('right');
    expect(issuer.mac2State(message, { ...origin, port: 7701 }, givenAt)).toBe('wrong');
    const neighbour = { ...origin, address: Uint8Array.of(192, 0, 2, 2) };
    expect(issuer.mac2State(message, neighbour, givenAt)).toBe('wrong');
    expect(issuer.mac2State(message, origin, givenAt + COOKIE_LIFETIME)).toBe('right');
    expect(issuer.mac2State(message, origin, givenAt + 3 * COOKIE_LIFETIME)).toBe('wrong');
  });

  it('is worthless once the secrets have been renewed twice', () => {
    const issuer = new CookieIssuer(primitives, keys);
    const message = initiation();
    writeMac2(primitives, cookieFor(issuer, message, origin, 0), message);
    expect(issuer.mac2State(message, origin, COOKIE_LIFETIME)).toBe('right');
    expect(issuer.mac2State(message, origin, 2 * COOKIE_LIFETIME)).toBe('wrong');
  });
});

describe('a cookie reply', () => {
  it('opens only for the message it answers', () => {
    const issuer = new CookieIssuer(primitives, keys);
    const reply = issuer.reply(initiation(), origin, 0);
    expect(openCookieReply(primitives, keys, reply, new Uint8Array(16))).toBeUndefined();
  });
});
