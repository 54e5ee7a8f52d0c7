/** Member certificates: what is signed is read back, and nothing else is; whom they admit, and who takes whose place. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { generateKeyPair, KEY_BYTES } from '../../src/crypto/primitives.js';
import { sodiumPrimitives as primitives } from '../../src/crypto/sodium.js';
import {
  type CertificateRules,
  type CertifiedClient,
  CertifiedTable,
  judgeCertificate,
} from '../../src/handshake/certified.js';
import {
  authorityKeys,
  type MemberCertificate,
  readCertificate,
  signCertificate,
} from '../../src/member/certificate.js';
import { decodeJoinRequest, encodeJoinRequest } from '../../src/member/join-messages.js';
import { runSeed } from '../sim/random.js';

const NOW = 1_800_000_000_000;
const DAY = 86_400_000;
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
const authority = authorityKeys(primitives, new Uint8Array(KEY_BYTES).fill(3));
const other = authorityKeys(primitives, new Uint8Array(KEY_BYTES).fill(4));
const member = generateKeyPair(primitives);

const ONE = {
  name: 'osaka',
  publicKey: member.publicKey,
  issuedMs: NOW - DAY,
  expiresMs: NOW + DAY,
  groups: ['a', 'b'],
};
const RULES: CertificateRules = {
  authorities: [
    { key: base64(authority.publicKey), group: 'b', template: 'branch' },
    { key: base64(authority.publicKey), template: 'rest' },
  ],
  revokedKeys: [],
  nowMs: NOW,
};

function judged(
  changes: Partial<MemberCertificate> = {},
  rules: Partial<CertificateRules> = {},
  keys = authority,
) {
  const certificate = signCertificate(primitives, { ...ONE, ...changes }, keys);
  const publicKey = base64(member.publicKey);
  return judgeCertificate(primitives, member.publicKey, { publicKey, certificate }, { ...RULES, ...rules });
}

describe('a certificate', () => {
  const name = fc.stringMatching(/^[a-z0-9_][a-z0-9_.-]{0,30}$/);
  const certificate = fc.record({
    name,
    publicKey: fc.uint8Array({ minLength: KEY_BYTES, maxLength: KEY_BYTES }),
    issuedMs: fc.integer({ min: 0, max: NOW }),
    expiresMs: fc.integer({ min: NOW + 1, max: 2 * NOW }),
    groups: fc
      .uniqueArray(name, { maxLength: 8 })
      .map((list) => list.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))),
  });

  it('says what was signed, and fits a request', () => {
    const seed = runSeed();
    fc.assert(
      fc.property(certificate, (said) => {
        const text = signCertificate(primitives, said, authority);
        expect(readCertificate(primitives, text)).toEqual({
          ...said,
          authority: new Uint8Array(authority.publicKey),
        });
        const request = { publicKey: base64(member.publicKey), certificate: text };
        expect(decodeJoinRequest(encodeJoinRequest(request))).toEqual(request);
      }),
      { seed, numRuns: 300 },
    );
  });

  it('with any character changed is none', () => {
    const text = signCertificate(primitives, ONE, authority);
    for (let at = 0; at < text.length; at++) {
      const changed = `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`;
      expect(readCertificate(primitives, changed)).toBeNull();
    }
    for (let length = 0; length < text.length; length += 7)
      expect(readCertificate(primitives, text.slice(0, length))).toBeNull();
  });

  it.each([
    ['a lifetime that is none', { expiresMs: ONE.issuedMs }],
    ['groups out of order', { groups: ['b', 'a'] }],
    ['a name that is none', { name: '-x' }],
    ['nine groups', { groups: [...'abcdefghi'] }],
  ])('is not signed with %s', (_, changes) => {
    expect(() => signCertificate(primitives, { ...ONE, ...changes }, authority)).toThrow(RangeError);
  });
});

describe('whom a certificate admits', () => {
  it('is its member, under the template of the first line that fits its groups', () => {
    expect(judged()).toMatchObject({ name: 'osaka', template: 'branch', expiresMs: ONE.expiresMs });
    expect(judged({ groups: [] })).toMatchObject({ template: 'rest' });
  });

  it.each([
    ['of another authority', judged({}, {}, other), 'its authority is not known here'],
    ['that has expired', judged({ expiresMs: NOW }), 'it has expired'],
    ['of tomorrow', judged({ issuedMs: NOW + DAY / 2 }), 'it does not hold yet: compare the clocks'],
    ['of a revoked key', judged({}, { revokedKeys: [base64(member.publicKey)] }), 'its key was revoked'],
    [
      'without the group asked for',
      judged({ groups: [] }, { authorities: RULES.authorities.slice(0, 1) }),
      'none of its groups (it has none) is admitted',
    ],
    [
      'of somebody else',
      judged({ publicKey: generateKeyPair(primitives).publicKey }),
      'it belongs to another key than that of who shows it',
    ],
  ])('is nobody: one %s', (_, verdict, why) => expect(verdict).toBe(why));
});

describe('the table of those who came by certificates', () => {
  const client = (name: string, key: string, issuedMs: number, expiresMs = NOW + DAY): CertifiedClient => ({
    ...(judged() as CertifiedClient),
    name,
    key,
    issuedMs,
    expiresMs,
  });

  it('gives a name to the certificate that was issued last', () => {
    const table = new CertifiedTable();
    expect(table.enlist(client('osaka', 'k1', 1), NOW)).toBeNull();
    expect(table.enlist(client('osaka', 'k2', 1), NOW)).toMatch(/no older/);
    expect(table.enlist(client('osaka', 'k2', 2), NOW)).toMatchObject({ key: 'k1' });
    expect([table.size, table.withKey('k1'), table.named('osaka')?.key]).toEqual([1, undefined, 'k2']);
  });

  it('keeps what a member said once through renewals, and takes no older certificate', () => {
    const table = new CertifiedTable();
    table.enlist(client('osaka', 'k1', 1), NOW);
    table.withKey('k1')!.memory.lastTimestamp = 77;
    table.enlist(client('osaka-2', 'k1', 3), NOW);
    table.enlist(client('osaka', 'k1', 2), NOW);
    expect(table.withKey('k1')).toMatchObject({ name: 'osaka-2', memory: { lastTimestamp: 77 } });
    expect(table.named('osaka')).toBeUndefined();
  });

  it('frees the name of one that has expired', () => {
    const table = new CertifiedTable();
    table.enlist(client('osaka', 'k1', 5, NOW - 1), NOW);
    expect(table.enlist(client('osaka', 'k2', 1), NOW)).toMatchObject({ key: 'k1' });
  });

  it('is judged again when other rules hold', () => {
    const table = new CertifiedTable();
    const key = Buffer.from(member.publicKey).toString('latin1');
    table.enlist(client('osaka', key, 1), NOW);
    table.judgeAgain({ ...RULES, authorities: [{ key: base64(authority.publicKey) }] });
    expect(table.all().map(({ name, template }) => [name, template])).toEqual([['osaka', undefined]]);
    table.judgeAgain({ ...RULES, revokedKeys: [base64(member.publicKey)] });
    expect([table.size, table.named('osaka')]).toEqual([0, undefined]);
  });
});
