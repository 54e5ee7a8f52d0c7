import { createHash, createHmac } from 'node:crypto';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { loadNative } from '../../src/native/binding.js';

const native = loadNative();
const HASH_BYTES = 64;
const KEY_BYTES = 32;
const STATE_BYTES = 2 * HASH_BYTES + KEY_BYTES;

function mac(key: Uint8Array, ...parts: Uint8Array[]): Buffer {
  const hmac = createHmac('blake2b512', key);
  for (const part of parts) hmac.update(part);
  return hmac.digest();
}

/** Section 4.3 of the Noise framework, by OpenSSL's HMAC. */
function hkdf(outputs: number, chainingKey: Uint8Array, input: Uint8Array): Buffer[] {
  const key = mac(chainingKey, input);
  const blocks: Buffer[] = [];
  let previous: Uint8Array = new Uint8Array(0);
  for (let number = 1; number <= outputs; number++) {
    previous = mac(key, previous, Uint8Array.of(number));
    blocks.push(previous as Buffer);
  }
  return blocks;
}

const hashed = (...parts: Uint8Array[]) => createHash('blake2b512').update(Buffer.concat(parts)).digest();

/** Section 5.2, step by step. */
const expected = {
  noiseMixHash: (chainingKey: Buffer, hash: Buffer, key: Buffer, data: Uint8Array) => [
    chainingKey,
    hashed(hash, data),
    key,
  ],
  noiseMixKey: (chainingKey: Buffer, hash: Buffer, _: Buffer, input: Uint8Array) => {
    const [next, key] = hkdf(2, chainingKey, input);
    return [next, hash, key.subarray(0, KEY_BYTES)];
  },
  noiseMixKeyAndHash: (chainingKey: Buffer, hash: Buffer, _: Buffer, input: Uint8Array) => {
    const [next, mixed, key] = hkdf(3, chainingKey, input);
    return [next, hashed(hash, mixed), key.subarray(0, KEY_BYTES)];
  },
};
const STEPS = Object.keys(expected) as (keyof typeof expected)[];

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const states = bytes(STATE_BYTES).map((state) => Buffer.from(state));
const partsOf = (state: Buffer) =>
  [
    state.subarray(0, HASH_BYTES),
    state.subarray(HASH_BYTES, 2 * HASH_BYTES),
    state.subarray(2 * HASH_BYTES),
  ] as const;

it.each(STEPS)('%s makes what OpenSSL makes, whatever the input and its length', (step) => {
  const lengths = fc.oneof(fc.constantFrom(0, 1, 32, 64, 127, 128, 129, 255, 256, 257), fc.nat(600));
  fc.assert(
    fc.property(states, lengths.chain(bytes), (before, input) => {
      const state = new Uint8Array(before);
      native[step](state, input);
      expect(Buffer.from(state)).toEqual(Buffer.concat(expected[step](...partsOf(before), input)));
    }),
  );
});

it('splits into two keys and leaves the state', () => {
  fc.assert(
    fc.property(states, (before) => {
      const state = new Uint8Array(before);
      const keys = [new Uint8Array(KEY_BYTES), new Uint8Array(KEY_BYTES)] as const;
      native.noiseSplit(state, ...keys);
      const made = hkdf(2, partsOf(before)[0], new Uint8Array(0));
      expect(keys.map((key) => Buffer.from(key))).toEqual(made.map((block) => block.subarray(0, KEY_BYTES)));
      expect(Buffer.from(state)).toEqual(before);
    }),
  );
});

it('refuses states and keys of other lengths', () => {
  const key = new Uint8Array(KEY_BYTES);
  const state = new Uint8Array(STATE_BYTES);
  for (const length of [0, STATE_BYTES - 1, STATE_BYTES + 1]) {
    const wrong = new Uint8Array(length);
    for (const step of STEPS) expect(() => native[step](wrong, key)).toThrow(RangeError);
    expect(() => native.noiseSplit(wrong, key, new Uint8Array(key))).toThrow(RangeError);
  }
  expect(() => native.noiseSplit(state, key, new Uint8Array(31))).toThrow(RangeError);
  expect(() => native.noiseSplit(state, new Uint8Array(33), key)).toThrow(RangeError);
});
