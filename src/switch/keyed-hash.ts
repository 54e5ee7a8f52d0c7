/**
 * HalfSipHash-1-3 of one 64-bit block: the hash of tables whose keys strangers choose.
 *
 * Source: J.-P. Aumasson and D. J. Bernstein, "SipHash: a fast short-input PRF" (2012), in its 32-bit form. One
 * and three rounds suffice where only bucket collisions must be unpredictable and the hash is never shown.
 */
export class KeyedHash {
  private readonly k0: number;
  private readonly k1: number;

  /** Takes 64 random bits as two 32-bit words. */
  constructor(seed0: number, seed1: number) {
    this.k0 = seed0 | 0;
    this.k1 = seed1 | 0;
  }

  /** Hash of the words `a` and `b` (the block's little-endian halves) as a signed 32-bit number. */
  hash(a: number, b: number): number {
    let v0 = this.k0;
    let v1 = this.k1;
    let v2 = this.k0 ^ 0x6c796765;
    let v3 = this.k1 ^ 0x74656462;
    // Two message words, then the length word (8 bytes), then three rounds that take no word in.
    for (let round = 0; round < 6; round++) {
      const word = round === 0 ? a | 0 : round === 1 ? b | 0 : round === 2 ? 0x08000000 : 0;
      v3 ^= word;
      if (round === 3) v2 ^= 0xff;
      v0 = (v0 + v1) | 0;
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
      v0 = (v0 << 16) | (v0 >>> 16);
      v2 = (v2 + v3) | 0;
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
      v2 = (v2 << 16) | (v2 >>> 16);
      v0 ^= word;
    }
    return v1 ^ v3;
  }
}
