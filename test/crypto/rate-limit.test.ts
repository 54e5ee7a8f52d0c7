import { describe, expect, it } from 'vitest';
import { HANDSHAKE_RATE, RateLimiter } from '../../src/crypto/rate-limit.js';

const SECOND = 1_000_000;
const address = Uint8Array.of(192, 0, 2, 1);

describe('the rate limiter', () => {
  it('lets a burst of five pass, then one every 50 ms', () => {
    const limiter = new RateLimiter(HANDSHAKE_RATE);
    const allowed = Array.from({ length: 6 }, () => limiter.allow(address, SECOND));
    expect(allowed).toEqual([true, true, true, true, true, false]);
    expect(limiter.allow(address, SECOND + 49_999)).toBe(false);
    expect(limiter.allow(address, SECOND + 50_000)).toBe(true);
    expect(limiter.allow(address, SECOND + 50_000)).toBe(false);
    const rested = Array.from({ length: 6 }, () => limiter.allow(address, 9 * SECOND));
    expect(rested).toEqual([true, true, true, true, true, false]);
  });

  it('lets no more than 20 a second of a flood pass', () => {
    const limiter = new RateLimiter(HANDSHAKE_RATE);
    let passed = 0;
    for (let now = 0; now < 10 * SECOND; now += 1000) passed += limiter.allow(address, now) ? 1 : 0;
    expect(passed).toBeGreaterThanOrEqual(200);
    expect(passed).toBeLessThanOrEqual(205);
  });

  it('counts IPv4 by address and IPv6 by /64', () => {
    const limiter = new RateLimiter({ perSecond: 1, burst: 1, addresses: 10 });
    expect(limiter.allow(address, 0)).toBe(true);
    expect(limiter.allow(Uint8Array.of(192, 0, 2, 2), 0)).toBe(true);
    const host = new Uint8Array(16).fill(1);
    const neighbour = new Uint8Array(host);
    neighbour[15] = 2;
    const network = new Uint8Array(host);
    network[7] = 2;
    expect(limiter.allow(host, 0)).toBe(true);
    expect(limiter.allow(neighbour, 0)).toBe(false);
    expect(limiter.allow(network, 0)).toBe(true);
  });

  it('remembers a bounded number of addresses, and forgets the one longest unheard', () => {
    const limiter = new RateLimiter({ perSecond: 1, burst: 1, addresses: 100 });
    for (let i = 0; i < 100_000; i++) limiter.allow(Uint8Array.of(10, i >> 16, (i >> 8) & 255, i & 255), 0);
    expect(limiter.size).toBe(100);
    expect(limiter.allow(Uint8Array.of(10, 1, 0x86, 0x9f), 0), 'the last is remembered').toBe(false);
    expect(limiter.allow(Uint8Array.of(10, 0, 0, 0), 0), 'the first is not').toBe(true);
  });

  it('remembers nobody whose bucket is full again', () => {
    const limiter = new RateLimiter(HANDSHAKE_RATE);
    for (let i = 0; i < 1000; i++) limiter.allow(Uint8Array.of(10, 0, i >> 8, i & 255), i * 1000);
    expect(limiter.size).toBe(50);
    limiter.allow(address, 9 * SECOND);
    expect(limiter.size).toBe(1);
  });
});
