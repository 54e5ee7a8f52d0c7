import { createHmac } from 'node:crypto';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { loadNative } from '../../src/native/binding.js';

const native = loadNative();
const HASH_BYTES = 64;

function mac(key: Uint8Array, ...parts: Uint8Array[]): Buffer {
  const hmac = createHmac('blake2b512', key);
  for (const part of parts) hmac.update(part);
  return hmac.digest();
}

/** Section 4.3 of the Noise framework, by OpenSSL's HMAC. */
function expected(outputs: number, chainingKey: Uint8Array, input: Uint8Array): Buffer {
  const key = mac(chainingKey, input);
  const blocks: Buffer[] = [];
  let previous: Uint8Array = new Uint8Array(0);
  for (let number = 1; number <= outputs; number++) {
    previous = mac(key, previous, Uint8Array.of(number));
    blocks.push(previous as Buffer);
  }
  return Buffer.concat(blocks);
}

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

it('makes what OpenSSL makes, whatever the input and its length', () => {
  const lengths = fc.oneof(fc.constantFrom(0, 1, 32, 64, 127, 128, 129, 255, 256, 257), fc.nat(600));
  fc.assert(
    fc.property(
      bytes(HASH_BYTES),
      lengths.chain(bytes),
      fc.integer({ min: 1, max: 3 }),
      (key, input, outputs) => {
        const output = new Uint8Array(outputs * HASH_BYTES);
        native.hkdf(output, key, input);
        expect(Buffer.from(output)).toEqual(expected(outputs, key, input));
      },
    ),
  );
});

it('refuses keys and outputs of other lengths', () => {
  const key = new Uint8Array(HASH_BYTES);
  expect(() => native.hkdf(new Uint8Array(64), new Uint8Array(63), key)).toThrow(RangeError);
  for (const length of [0, 63, 100, 4 * HASH_BYTES]) {
    expect(() => native.hkdf(new Uint8Array(length), key, key)).toThrow(RangeError);
  }
});
