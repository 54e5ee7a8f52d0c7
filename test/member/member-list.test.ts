/** What a list of members believes. */
import { beforeEach, expect, it } from 'vitest';
import { sodiumPrimitives as primitives } from '../../src/crypto/sodium.js';
import { MemberList } from '../../src/member/member-list.js';
import { memberSigningKeys, signRecord } from '../../src/member/record.js';

const DAY_MS = 86_400_000;
const secret = (fill: number) => new Uint8Array(32).fill(fill);
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
const signingKey = (fill: number) => text(memberSigningKeys(primitives, secret(fill)).publicKey);

let now: number;
let revokers: string[];
let list: MemberList;
beforeEach(() => {
  now = 100 * DAY_MS;
  revokers = [];
  list = new MemberList({ primitives, revokers: () => revokers, nowMs: () => now });
});

/** The record of member `of`, signed by `by`. */
function record(of: number, sequence: number, { by = of, isGone = false } = {}): Uint8Array {
  const says = { signedMs: now, lifetimeS: 86_400, isGone, endpoints: [], vlans: [], groups: [] };
  const whole = { name: `m${of}`, publicKey: secret(of), sequence, ...says };
  return signRecord(primitives, whole, memberSigningKeys(primitives, secret(by)));
}

it('keeps the latest record of each member', () => {
  expect(list.take(record(1, 5))).toBe('changed');
  expect(list.take(record(1, 5))).toBe('same');
  expect(list.take(record(1, 4))).toBe('older');
  expect(list.take(record(1, 6))).toBe('changed');
  expect(list.get(text(secret(1)))?.record.sequence).toBe(6);
});

it('takes nothing with a bit changed', () => {
  const right = record(1, 5);
  for (let bit = 0; bit < right.length * 8; bit += 7) {
    const wrong = Uint8Array.from(right);
    wrong[bit >> 3] ^= 1 << (bit & 7);
    expect(list.take(wrong)).toBe('not-a-record');
  }
  expect(list.size).toBe(0);
});

it('keeps to the signing key that a member came with', () => {
  list.take(record(1, 5));
  expect(list.take(record(1, 9, { by: 2 }))).toBe('another-signing-key');
  expect(list.take(record(1, 9, { by: 2, isGone: true }))).toBe('unknown-revoker');
  expect(list.get(text(secret(1)))?.record).toMatchObject({ sequence: 5, isGone: false });
});

it('lets a member leave, and come back with a later record only', () => {
  list.take(record(1, 5));
  expect(list.take(record(1, 6, { isGone: true }))).toBe('changed');
  expect(list.take(record(1, 5))).toBe('older');
  expect(list.take(record(1, 7))).toBe('changed');
});

it('revokes by the word of a revoker alone, for good, and while that may revoke', () => {
  list.take(record(1, 5));
  revokers = [signingKey(3)];
  expect(list.take(record(1, 1, { by: 3, isGone: true }))).toBe('changed');
  list.take(record(1, 99));
  expect(list.isRevoked(text(secret(1)))).toBe(true);
  revokers = [];
  expect(list.isRevoked(text(secret(1)))).toBe(false);
});

it('says all of it again to an empty list, old records too', () => {
  revokers = [signingKey(3)];
  list.take(record(1, 5));
  list.take(record(2, 5, { by: 3, isGone: true }));
  now += 30 * DAY_MS;
  const other = new MemberList({ primitives, revokers: () => revokers, nowMs: () => now });
  for (const bytes of list.records()) other.take(bytes, true);
  expect(other.get(text(secret(1)))).toBeDefined();
  expect(other.isRevoked(text(secret(2)))).toBe(true);
});

it('does not take up a member whose record has ended', () => {
  const old = record(1, 5);
  now += 2 * DAY_MS;
  expect(list.take(old)).toBe('expired');
});

it('has a bound', () => {
  for (let count = 0; count < 2048; count++) {
    const publicKey = new Uint8Array(32);
    new DataView(publicKey.buffer).setUint32(0, count + 1);
    const says = { signedMs: now, lifetimeS: 60, isGone: false, endpoints: [], vlans: [], groups: [] };
    const whole = { name: 'm', publicKey, sequence: 1, ...says };
    list.take(signRecord(primitives, whole, memberSigningKeys(primitives, secret(1))));
  }
  expect(list.take(record(9, 1))).toBe('too-many');
});
