/** What a list of members believes. */
import fc from 'fast-check';
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
  expect(list.take(record(1, 5), 'registry')).toBe('changed');
  expect(list.take(record(1, 5), 'registry')).toBe('same');
  expect(list.take(record(1, 4), 'registry')).toBe('older');
  expect(list.take(record(1, 6), 'registry')).toBe('changed');
  expect(list.get(text(secret(1)))?.record.sequence).toBe(6);
});

it('takes nothing with a bit changed', () => {
  const right = record(1, 5);
  for (let bit = 0; bit < right.length * 8; bit += 7) {
    const wrong = Uint8Array.from(right);
    wrong[bit >> 3] ^= 1 << (bit & 7);
    expect(list.take(wrong, 'registry')).toBe('not-a-record');
  }
  expect(list.size).toBe(0);
});

it('keeps to the signing key that a session has proven, whatever came before and comes after', () => {
  expect(list.take(record(1, 7, { by: 2 }), 'registry')).toBe('changed');
  expect(list.take(record(1, 5), 'session')).toBe('changed');
  expect(list.take(record(1, 5), 'session')).toBe('same');
  expect(list.take(record(1, 9, { by: 2 }), 'registry')).toBe('another-signing-key');
  expect(list.take(record(1, 9, { by: 2, isGone: true }), 'registry')).toBe('unknown-revoker');
  const member = list.get(text(secret(1)));
  expect(member).toMatchObject({ isProven: true, isGone: false, record: { sequence: 5 } });
  expect(text(member!.record.signingKey)).toBe(signingKey(1));
});

it('keeps a few records of other signing keys while none is proven, and no one of them speaks for the member', () => {
  for (const by of [2, 1, 3, 4]) expect(list.take(record(1, 5, { by }), 'registry')).toBe('changed');
  expect(list.take(record(1, 5, { by: 5 }), 'registry')).toBe('another-signing-key');
  expect(list.take(record(1, 6, { by: 2, isGone: true }), 'registry')).toBe('changed');
  expect(list.get(text(secret(1)))).toMatchObject({ isProven: false, isGone: false });
  expect(list.get(text(secret(1)))?.statements).toHaveLength(4);
});

/** Whatever is written where records are kept, in whatever order, and whatever others say in their own sessions. */
it('believes of a member what it has said in its session, and nothing else from then on', () => {
  const said = fc.record({
    of: fc.integer({ min: 1, max: 3 }),
    by: fc.integer({ min: 1, max: 5 }),
    sequence: fc.integer({ min: 1, max: 9 }),
    isGone: fc.boolean(),
    source: fc.constantFrom<'registry' | 'session' | 'file'>('registry', 'registry', 'session', 'file'),
  });
  fc.assert(
    fc.property(fc.array(said, { maxLength: 40 }), (history) => {
      const list = new MemberList({ primitives, revokers: () => [], nowMs: () => now });
      const proven = new Map<number, number>();
      for (const { of, by, sequence, isGone, source } of history) {
        // Only the holder of a key has a session with it, and signs what it says there with its own.
        const signer = source === 'session' ? of : by;
        const before = list.get(text(secret(of)));
        const hadLeft = before === undefined || before.isGone;
        const taken = list.take(record(of, sequence, { by: signer, isGone }), source);
        const member = list.get(text(secret(of)));
        if (source === 'session') {
          // A session makes nobody a member, nor one again that has left.
          if (hadLeft) expect(member === undefined || member.isGone).toBe(true);
          else expect(member?.isProven).toBe(true);
          if (taken !== 'unknown-member')
            proven.set(of, Math.max(proven.get(of) ?? 0, hadLeft ? 0 : sequence));
        }
        for (const [key, least] of proven) {
          const { record: believed, statements } = list.get(text(secret(key)))!;
          expect(statements).toHaveLength(1);
          expect(text(believed.signingKey)).toBe(signingKey(key));
          expect(believed.sequence).toBeGreaterThanOrEqual(least);
        }
      }
      const again = new MemberList({ primitives, revokers: () => [], nowMs: () => now });
      for (const bytes of list.records()) again.take(bytes, 'file');
      for (const { key, signer } of list.proven()) again.wasProven(key, signer);
      // Those who have left need not be remembered, and of several that speak for one who is not proven only the present ones.
      const sure = (members: MemberList) =>
        [...members.all()].filter(({ isProven, isGone }) => isProven && !isGone);
      expect(sure(again)).toEqual(sure(list));
    }),
    { numRuns: 200 },
  );
});

it('lets a member leave, and come back with a later record only', () => {
  list.take(record(1, 5), 'registry');
  expect(list.take(record(1, 6, { isGone: true }), 'registry')).toBe('changed');
  expect(list.take(record(1, 5), 'registry')).toBe('older');
  expect(list.take(record(1, 7), 'registry')).toBe('changed');
});

it('revokes by the word of a revoker alone, for good, and while that may revoke', () => {
  list.take(record(1, 5), 'registry');
  revokers = [signingKey(3)];
  expect(list.take(record(1, 1, { by: 3, isGone: true }), 'registry')).toBe('changed');
  list.take(record(1, 99), 'registry');
  expect(list.isRevoked(text(secret(1)))).toBe(true);
  revokers = [];
  expect(list.isRevoked(text(secret(1)))).toBe(false);
});

it('takes back one who may revoke and has left, when it says something later itself', () => {
  revokers = [signingKey(3)];
  expect(list.take(record(3, 5, { isGone: true }), 'registry')).toBe('changed');
  expect(list.isRevoked(text(secret(3)))).toBe(true);
  list.take(record(3, 4), 'registry');
  expect(list.isRevoked(text(secret(3)))).toBe(true);
  list.take(record(3, 6), 'registry');
  expect(list.isRevoked(text(secret(3)))).toBe(false);
});

it('says all of it again to an empty list, old records too', () => {
  revokers = [signingKey(3)];
  list.take(record(1, 5), 'registry');
  list.take(record(2, 5, { by: 3, isGone: true }), 'registry');
  now += 30 * DAY_MS;
  const other = new MemberList({ primitives, revokers: () => revokers, nowMs: () => now });
  for (const bytes of list.records()) other.take(bytes, 'file');
  expect(other.get(text(secret(1)))).toBeDefined();
  expect(other.isRevoked(text(secret(2)))).toBe(true);
});

it('does not take up a member whose record has ended', () => {
  const old = record(1, 5);
  now += 2 * DAY_MS;
  expect(list.take(old, 'registry')).toBe('expired');
});

it('has a bound', () => {
  for (let count = 0; count < 2048; count++) {
    const publicKey = new Uint8Array(32);
    new DataView(publicKey.buffer).setUint32(0, count + 1);
    const says = { signedMs: now, lifetimeS: 60, isGone: false, endpoints: [], vlans: [], groups: [] };
    const whole = { name: 'm', publicKey, sequence: 1, ...says };
    const bytes = signRecord(primitives, whole, memberSigningKeys(primitives, secret(1)));
    list.take(bytes, 'registry');
  }
  expect(list.take(record(9, 1), 'registry')).toBe('too-many');
});
