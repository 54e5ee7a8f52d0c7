import { describe, expect, it } from 'vitest';
import { KeyedHash } from '../../src/switch/keyed-hash.js';

describe('keyed hash', () => {
  it('agrees with the published vector of HalfSipHash-1-3 for the bytes 00 … 07', () => {
    const hash = new KeyedHash(0x03020100, 0x07060504);
    expect(hash.hash(0x03020100, 0x07060504)).toBe(1467586993);
  });

  it('spreads addresses that differ in a single bit, and differently under another key', () => {
    const buckets = 256;
    for (const seed of [1, 2, 0xdeadbeef]) {
      const hash = new KeyedHash(seed, ~seed);
      const filled = new Set<number>();
      for (let bit = 0; bit < 28; bit++) filled.add(hash.hash(1 << bit, 0) & (buckets - 1));
      for (let bit = 0; bit < 32; bit++) filled.add(hash.hash(0, 1 << bit) & (buckets - 1));
      expect(filled.size).toBeGreaterThan(40);
    }
    const one = new KeyedHash(1, 2);
    const other = new KeyedHash(1, 3);
    let equal = 0;
    for (let low = 0; low < 1000; low++) if (one.hash(2, low) === other.hash(2, low)) equal++;
    expect(equal).toBe(0);
  });
});
