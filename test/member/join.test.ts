/** Tokens, join messages and the exchange: what is written is read, what is not ours is refused, nothing throws. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { VlanConfig } from '../../src/api/index.js';
import { CookieIssuer, ReceiverKeys } from '../../src/crypto/cookie.js';
import { isJoin, JOIN_BYTES } from '../../src/crypto/handshake-messages.js';
import { generateKeyPair, KEY_BYTES } from '../../src/crypto/primitives.js';
import { HandshakeScreen } from '../../src/crypto/screen.js';
import { sodiumPrimitives as primitives } from '../../src/crypto/sodium.js';
import { parseIp } from '../../src/grammar/address.js';
import { JoinCall, openJoin } from '../../src/handshake/join.js';
import {
  decodeJoinReply,
  decodeJoinRequest,
  encodeJoinReply,
  encodeJoinRequest,
  type JoinGrant,
} from '../../src/member/join-messages.js';
import { decodeToken, encodeToken, type InvitationToken, invitationKeys } from '../../src/member/token.js';
import { integer, randomBytes, runSeed, seededRandom } from '../sim/random.js';

const INPUTS = Number(process.env['OCTOLINK_FUZZ_INPUTS'] ?? 20_000);

const end = fc.record({
  link: fc.option(fc.integer({ min: 0, max: 7 })),
  address: fc.constantFrom('192.0.2.1', '10.0.0.7', '2001:db8::5', 'fd00::1').map((text) => parseIp(text)!),
  port: fc.integer({ min: 1, max: 65_535 }),
});
const token: fc.Arbitrary<InvitationToken> = fc.record({
  interface: fc.stringMatching(/^[a-z][a-z0-9.-]{0,13}$/),
  publicKey: fc.uint8Array({ minLength: 32, maxLength: 32 }),
  secret: fc.uint8Array({ minLength: 16, maxLength: 16 }),
  expiresMs: fc.integer({ min: 0, max: 2 ** 32 - 1 }).map((seconds) => seconds * 1000),
  ends: fc.array(end, { minLength: 1, maxLength: 8 }),
});
const vlan = fc.integer({ min: 1, max: 4094 });
const vlans: fc.Arbitrary<VlanConfig> = fc.oneof(
  fc.record({ mode: fc.constant('access' as const), vlan }),
  fc.record(
    {
      mode: fc.constant('trunk' as const),
      native: vlan,
      allowed: fc.constantFrom('7', '1-4094', '20-30,40'),
    },
    { requiredKeys: ['mode'] },
  ),
);
const grant: fc.Arbitrary<JoinGrant> = fc.record(
  {
    peer: fc.stringMatching(/^[a-z0-9_][a-z0-9_.-]{0,30}$/),
    name: fc.stringMatching(/^[a-z0-9_][a-z0-9_.-]{0,30}$/),
    addresses: fc.subarray(['10.77.0.9/24', 'fd00::9/64']),
    mtu: fc.integer({ min: 68, max: 65_535 }),
    links: fc.subarray([0, 1, 2, 3, 4, 5, 6, 7], { minLength: 1 }),
    vlan: vlans,
  },
  { requiredKeys: ['peer', 'name', 'addresses', 'mtu', 'links'] },
);

const inviter = generateKeyPair(primitives);
const stranger = generateKeyPair(primitives);
const PUBLIC_KEY = Buffer.from(stranger.publicKey).toString('base64');
const GRANT: JoinGrant = {
  peer: 'tokyo',
  name: 'osaka',
  addresses: ['10.77.0.2/24'],
  mtu: 1500,
  links: [0, 1],
};
const ORIGIN = { address: Uint8Array.of(192, 0, 2, 9), port: 4000 };

function call(index = 5, publicKey = inviter.publicKey) {
  const secret = new Uint8Array(16).fill(3);
  const keys = invitationKeys(primitives, { secret, publicKey: inviter.publicKey });
  return { keys, call: new JoinCall(primitives, keys, publicKey, index, { publicKey: PUBLIC_KEY }) };
}

describe('a token', () => {
  it('is read as it was written, in any lines, and takes fewer than 400 characters', () => {
    const key = (one: InvitationToken['ends'][number]) => `${one.link} ${one.address.bytes} ${one.port}`;
    fc.assert(
      fc.property(token, (given) => {
        const text = encodeToken(primitives, given);
        const read = decodeToken(primitives, `  ${text.slice(0, 40)}\r\n${text.slice(40)}\n`);
        if (typeof read === 'string') throw new Error(read);
        expect({ ...read, ends: read.ends.map(key).sort() }).toEqual({
          ...given,
          publicKey: Uint8Array.from(given.publicKey),
          ends: given.ends.map(key).sort(),
        });
        expect(text.length).toBeLessThan(400);
      }),
    );
  });

  it('with any character changed or cut off is none, and the reason quotes nothing of it', () => {
    fc.assert(
      fc.property(token, fc.nat(), fc.constantFrom('A', 'b', '7', '_', ''), (given, place, sign) => {
        const text = encodeToken(primitives, given);
        const at = 10 + (place % (text.length - 10));
        const other = text.slice(0, at) + sign + text.slice(at + 1);
        fc.pre(other !== text);
        const read = decodeToken(primitives, other);
        expect(typeof read).toBe('string');
        expect(read).not.toContain(text.slice(12, 20));
      }),
    );
  });
});

describe('join messages', () => {
  it('are read as they were written', () => {
    expect(decodeJoinRequest(encodeJoinRequest({ publicKey: PUBLIC_KEY }))).toEqual({
      publicKey: PUBLIC_KEY,
    });
    expect(decodeJoinReply(encodeJoinReply({ refused: 'no' }))).toEqual({ refused: 'no' });
    fc.assert(
      fc.property(grant, (given) => {
        expect(decodeJoinReply(encodeJoinReply({ grant: given }))).toEqual({ grant: given });
      }),
    );
  });

  it('of any other bytes or values are none: nothing throws, nothing half right is taken', () => {
    const seed = runSeed();
    const random = seededRandom(seed);
    const right = encodeJoinReply({ grant: GRANT });
    for (let round = 0; round < INPUTS; round++) {
      const bytes = new Uint8Array(right);
      for (let left = integer(random, 1, 4); left > 0; left--)
        bytes[integer(random, 0, 160)] = integer(random, 0, 255);
      const read = decodeJoinReply(bytes);
      decodeJoinRequest(bytes);
      if (read !== null && 'grant' in read)
        expect(
          read.grant.links.every((id) => id <= 7),
          `SEED=${seed}`,
        ).toBe(true);
    }
    for (const wrong of [
      { links: [] },
      { links: [1, 1] },
      { links: [8] },
      { addresses: ['10.0.0.0/8'] },
      { peer: '' },
      { vlan: { mode: 'access', vlan: 4095 } as const },
      { vlan: { mode: 'trunk', allowed: '9-1' } as const },
    ]) {
      expect(decodeJoinReply(encodeJoinReply({ grant: { ...GRANT, ...wrong } }))).toBeNull();
    }
    expect(decodeJoinReply(encodeJoinReply({ refused: 'a\u001b[2J' }))).toBeNull();
  });
});

describe('a join', () => {
  it('takes one request and one reply of the same length, which name invitation and terms', () => {
    const { keys, call: joining } = call();
    const opened = openJoin(primitives, inviter, joining.message);
    expect(opened?.invitation).toEqual(keys.publicKey);
    expect(opened?.request).toEqual({ publicKey: PUBLIC_KEY });
    const reply = opened!.reply({ grant: GRANT });
    expect([joining.message.length, reply.length]).toEqual([JOIN_BYTES, JOIN_BYTES]);
    expect(isJoin(reply, 'JOIN_REPLY')).toBe(true);
    expect(joining.take(reply)).toEqual({ grant: GRANT });
  });

  it('is not read by another inviter, nor in any bit changed; a changed reply does not spoil the right one', () => {
    const { call: joining } = call();
    expect(openJoin(primitives, stranger, joining.message)).toBeNull();
    const opened = openJoin(primitives, inviter, joining.message)!;
    const reply = opened.reply({ grant: GRANT });
    for (let at = 8; at < JOIN_BYTES; at += 13) {
      const request = new Uint8Array(joining.message);
      request[at] ^= 1 << (at % 8);
      const isCovered = at < JOIN_BYTES - 32;
      if (isCovered) expect(openJoin(primitives, inviter, request)).toBeNull();
      const forged = new Uint8Array(reply);
      forged[at] ^= 1 << (at % 8);
      expect(joining.take(forged)).toBeNull();
    }
    const other = new Uint8Array(reply);
    other[7] ^= 1;
    expect(joining.take(other)).toBeNull();
    expect(joining.take(reply)).toEqual({ grant: GRANT });
  });

  it('passes the screen of handshakes, and proves its address by a cookie when it is asked to', () => {
    const screen = new HandshakeScreen(primitives, inviter.publicKey);
    const { call: joining } = call();
    expect(screen.isAddressedToUs(joining.message)).toBe(true);
    expect(screen.objection(screen.proof(joining.message, ORIGIN, 1), ORIGIN, 1, true)).toBe(
      'cookie-demanded',
    );
    expect(joining.take(screen.cookieReply(joining.message, ORIGIN, 1))).toBeNull();
    expect(screen.objection(screen.proof(joining.message, ORIGIN, 1), ORIGIN, 1, true)).toBeUndefined();
    expect(openJoin(primitives, inviter, joining.message)?.request).toEqual({ publicKey: PUBLIC_KEY });
    const forged = new CookieIssuer(primitives, new ReceiverKeys(primitives, stranger.publicKey));
    const before = joining.message;
    joining.take(forged.reply(joining.message, ORIGIN, 1));
    expect(joining.message).toBe(before);
  });

  it('never throws for a request of random bytes', () => {
    const random = seededRandom(runSeed());
    const { call: joining } = call();
    for (let round = 0; round < INPUTS / 40; round++) {
      const bytes = randomBytes(random, JOIN_BYTES);
      expect(openJoin(primitives, inviter, bytes)).toBeNull();
      expect(joining.take(bytes)).toBeNull();
    }
  });
});

it('the secret is not in the request, and another secret makes another invitation', () => {
  const { call: joining, keys } = call();
  expect(Buffer.from(joining.message).includes(Buffer.alloc(16, 3))).toBe(false);
  expect(Buffer.from(joining.message).includes(Buffer.from(keys.publicKey))).toBe(false);
  const other = invitationKeys(primitives, { secret: new Uint8Array(16), publicKey: inviter.publicKey });
  expect(other.publicKey).not.toEqual(keys.publicKey);
  expect(other.publicKey).toHaveLength(KEY_BYTES);
});
