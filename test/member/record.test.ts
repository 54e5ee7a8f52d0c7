import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KEY_BYTES, type KeyPair } from '../../src/crypto/primitives.js';
import { sodiumPrimitives as primitives } from '../../src/crypto/sodium.js';
import { parseIp } from '../../src/grammar/address.js';
import { compareEndpoints, type Endpoint } from '../../src/member/fields.js';
import {
  MAX_RECORD_BYTES,
  type MemberRecord,
  memberSigningKeys,
  readRecord,
  signRecord,
} from '../../src/member/record.js';
import { runSeed, seededRandom } from '../sim/random.js';

const INPUTS = Number(process.env['OCTOLINK_FUZZ_INPUTS'] ?? 20_000);
/** Length of a signature. */
const SIGNATURE = 64;

const key = fc.uint8Array({ minLength: KEY_BYTES, maxLength: KEY_BYTES });
const name = fc.stringMatching(/^[a-z0-9_][a-z0-9_.-]{0,30}$/);
const address = fc.constantFrom('192.0.2.1', '10.0.0.7', '127.0.0.1', '2001:db8::5', 'fe80::1');

function inOrder<T>(values: fc.Arbitrary<T>, most: number, compare: (a: T, b: T) => number) {
  return fc
    .uniqueArray(values, { maxLength: most, comparator: (a, b) => compare(a, b) === 0 })
    .map((list) => list.sort(compare));
}

const endpoint: fc.Arbitrary<Endpoint> = fc.record({
  link: fc.integer({ min: 0, max: 7 }),
  address: address.map((text) => parseIp(text)!),
  port: fc.integer({ min: 1, max: 65_535 }),
});

const record: fc.Arbitrary<Omit<MemberRecord, 'signingKey'>> = fc.record({
  name,
  publicKey: key,
  sequence: fc.maxSafeNat(),
  signedMs: fc.maxSafeNat(),
  lifetimeS: fc.integer({ min: 1, max: 7 * 86_400 }),
  isGone: fc.boolean(),
  endpoints: inOrder(endpoint, 16, compareEndpoints),
  vlans: inOrder(fc.integer({ min: 1, max: 4094 }), 32, (a, b) => a - b),
  groups: inOrder(name, 8, (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
});

function keysOf(secret: Uint8Array): KeyPair {
  return memberSigningKeys(primitives, secret);
}

const ONE: Omit<MemberRecord, 'signingKey'> = {
  name: 'alice',
  publicKey: new Uint8Array(KEY_BYTES).fill(7),
  sequence: 5,
  signedMs: 1_800_000_000_000,
  lifetimeS: 3600,
  isGone: false,
  endpoints: [{ link: 0, address: parseIp('192.0.2.1')!, port: 7700 }],
  vlans: [10, 20],
  groups: ['staff'],
};

describe('a member record', () => {
  it('says what was signed, within its largest size', () => {
    fc.assert(
      fc.property(record, key, (said, secret) => {
        const keys = keysOf(secret);
        const bytes = signRecord(primitives, said, keys);
        expect(bytes.length).toBeLessThanOrEqual(MAX_RECORD_BYTES);
        expect(readRecord(primitives, bytes)).toEqual({ ...said, signingKey: keys.publicKey });
      }),
    );
  });

  it('is refused when any bit of it was changed, or any byte is missing or too many', () => {
    const bytes = signRecord(primitives, ONE, keysOf(new Uint8Array(KEY_BYTES).fill(1)));
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = bytes.slice();
      changed[bit >> 3] ^= 1 << (bit & 7);
      expect(readRecord(primitives, changed)).toBeNull();
    }
    for (let length = 0; length < bytes.length; length++) {
      expect(readRecord(primitives, bytes.subarray(0, length))).toBeNull();
    }
    expect(readRecord(primitives, Uint8Array.from([...bytes, 0]))).toBeNull();
  });

  it('is refused when somebody else signed it', () => {
    const bytes = signRecord(primitives, ONE, keysOf(new Uint8Array(KEY_BYTES).fill(1)));
    const body = bytes.subarray(0, bytes.length - SIGNATURE);
    const other = primitives.sign(
      Buffer.concat([Buffer.from('octolink member record 1\n'), body]),
      keysOf(new Uint8Array(KEY_BYTES).fill(2)).secretKey,
    );
    expect(readRecord(primitives, Buffer.concat([body, other]))).toBeNull();
  });

  it('has signing keys that follow from the private key alone, and are no key of anything else', () => {
    const secret = new Uint8Array(KEY_BYTES).fill(3);
    expect(keysOf(secret).publicKey).toEqual(keysOf(secret).publicKey);
    expect(keysOf(secret).publicKey).not.toEqual(primitives.publicKey(secret));
    expect(primitives.signingKeys(secret, 'oltests1').publicKey).not.toEqual(keysOf(secret).publicKey);
  });

  it.each([
    ['a port of zero', { endpoints: [{ link: 0, address: parseIp('192.0.2.1')!, port: 0 }] }],
    ['a link above 7', { endpoints: [{ link: 8, address: parseIp('192.0.2.1')!, port: 1 }] }],
    ['a multicast address', { endpoints: [{ link: 0, address: parseIp('224.0.0.1')!, port: 1 }] }],
    ['a broadcast address', { endpoints: [{ link: 0, address: parseIp('255.255.255.255')!, port: 1 }] }],
    ['an endpoint twice', { endpoints: [ONE.endpoints[0], ONE.endpoints[0]] }],
    ['VLANs out of order', { vlans: [20, 10] }],
    ['a VLAN of zero', { vlans: [0] }],
    ['a group twice', { groups: ['a', 'a'] }],
    ['a name with a control character', { name: 'a\u0007b' }],
    ['no lifetime', { lifetimeS: 0 }],
    ['a lifetime without end', { lifetimeS: 2 ** 31 }],
  ])('cannot have %s', (_, change) => {
    const keys = keysOf(new Uint8Array(KEY_BYTES).fill(1));
    expect(() => signRecord(primitives, { ...ONE, ...change }, keys)).toThrow(RangeError);
  });

  it('takes any bytes for what they are', () => {
    const seed = runSeed();
    const random = seededRandom(seed);
    const right = signRecord(primitives, ONE, keysOf(new Uint8Array(KEY_BYTES).fill(1)));
    for (let input = 0; input < INPUTS; input++) {
      const bytes = right.slice(0, Math.floor(random() * (right.length + 1)));
      for (let changes = Math.floor(random() * 8); changes > 0; changes--) {
        if (bytes.length > 0) bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
      }
      const read = readRecord(primitives, bytes);
      expect(read === null || Buffer.compare(bytes, right) === 0, `SEED=${seed}, input ${input}`).toBe(true);
    }
  });
});
