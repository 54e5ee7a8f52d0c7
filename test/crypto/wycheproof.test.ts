import { describe, expect, it } from 'vitest';
import { TAG_BYTES } from '../../src/crypto/primitives.js';
import { sodiumPrimitives as primitives } from '../../src/crypto/sodium.js';
import { hex, loadVectors, needsVectors } from './vectors.js';

interface VectorFile<Test> {
  testGroups: { tests: Test[] }[];
}

interface DhTest {
  tcId: number;
  public: string;
  private: string;
  shared: string;
  result: 'valid' | 'acceptable';
}

interface AeadTest {
  tcId: number;
  key: string;
  iv: string;
  aad: string;
  msg: string;
  ct: string;
  tag: string;
  result: 'valid' | 'invalid';
}

const dhVectors = loadVectors<VectorFile<DhTest>>('wycheproof/x25519_test.json');

describe('Wycheproof X25519', () => {
  it('agrees on every secret and refuses those that are all zero', (context) => {
    const tests = needsVectors(context, dhVectors).testGroups.flatMap((group) => group.tests);
    let refused = 0;
    for (const test of tests) {
      const shared = new Uint8Array(32);
      const agreed = primitives.dh(shared, hex(test.private), hex(test.public));
      if (/^0+$/.test(test.shared)) {
        refused += 1;
        expect(agreed, `case ${test.tcId}`).toBe(false);
      } else {
        expect(agreed, `case ${test.tcId}`).toBe(true);
        expect(Buffer.from(shared).toString('hex'), `case ${test.tcId}`).toBe(test.shared);
      }
    }
    expect(refused).toBeGreaterThan(0);
    console.log(`Wycheproof X25519: ${tests.length} vectors, ${refused} of them refused as all zero`);
  });
});

describe.each([
  {
    name: 'ChaCha20-Poly1305',
    file: 'chacha20_poly1305',
    seal: primitives.chachaSeal,
    open: primitives.chachaOpen,
  },
  {
    name: 'XChaCha20-Poly1305',
    file: 'xchacha20_poly1305',
    seal: primitives.xchachaSeal,
    open: primitives.xchachaOpen,
  },
])('Wycheproof $name', ({ name, file, seal, open }) => {
  const vectors = loadVectors<VectorFile<AeadTest>>(`wycheproof/${file}_test.json`);

  it('opens what is valid, and seals it to the same bytes; opens nothing else', (context) => {
    const tests = needsVectors(context, vectors).testGroups.flatMap((group) => group.tests);
    for (const test of tests) {
      const sealed = hex(test.ct + test.tag);
      // Cases of a nonce of the wrong length come without ciphertext; they are refused like a forgery.
      const plaintext = new Uint8Array(Math.max(sealed.length - TAG_BYTES, 0));
      const opened = open(plaintext, hex(test.key), hex(test.iv), sealed, hex(test.aad));
      expect(opened, `case ${test.tcId}`).toBe(test.result === 'valid');
      if (test.result === 'invalid') continue;
      expect(Buffer.from(plaintext).toString('hex'), `case ${test.tcId}`).toBe(test.msg);
      const again = new Uint8Array(sealed.length);
      seal(again, hex(test.key), hex(test.iv), hex(test.msg), hex(test.aad));
      expect(again, `case ${test.tcId}`).toEqual(sealed);
    }
    console.log(`Wycheproof ${name}: ${tests.length} vectors`);
  });
});
