/** Keys and terms that change while sessions are in use. */
import { describe, expect, it } from 'vitest';
import { generateKeyPair } from '../../src/crypto/primitives.js';
import { AEAD } from '../../src/native/ops.js';
import { type Host, MILLISECOND, SECOND, World } from './world.js';

/** Two hosts that agree, and whether they could talk at every moment since. */
function twoHosts(seed: number, bMayInitiate: boolean) {
  const world = new World(seed);
  const [a, b] = [world.addHost(), world.addHost()];
  world.heartbeatInterval = 100 * MILLISECOND;
  a.connect(b);
  b.connect(a, bMayInitiate);
  world.run(world.now + 20 * SECOND);
  expect(world.agree(a, b), `seed ${seed}`).toBe(true);
  const lost = a.lost + b.lost;
  return { world, a, b, lostSince: () => a.lost + b.lost - lost };
}

function aeadInUse(host: Host, peer: Host): number | undefined {
  return host.sessions.get(host.sending.get(peer.id) ?? 0)?.aead;
}

describe('a change of keys', () => {
  it.each([0, 2, 40])('loses no heartbeat when one end takes it %s s after the other', (seconds) => {
    for (let seed = 0; seed < 20; seed++) {
      const { world, a, b, lostSince } = twoHosts(seed, seed % 2 === 0);
      const before = a.sending.get(b.id);
      const fresh = generateKeyPair(a.options.primitives);
      const now = world.now;
      b.perform(b.handshaker.setPublicKey(a.id, fresh.publicKey, now));
      world.run(now + seconds * SECOND);
      a.takeKeys(fresh, world.now);
      expect(world.canTalk(a, b), `seed ${seed}`).toBe(true);
      world.run(world.now + 10 * SECOND);
      expect(world.agree(a, b), `seed ${seed}`).toBe(true);
      expect(a.sending.get(b.id), `seed ${seed}`).not.toBe(before);
      expect(lostSince(), `seed ${seed}`).toBe(0);
    }
  });

  it('ends the session after a minute when the other end never follows, confirmed or not', () => {
    const { world, a, b } = twoHosts(1, true);
    const stranger = generateKeyPair(a.options.primitives);
    b.perform(b.handshaker.setPublicKey(a.id, stranger.publicKey, world.now));
    expect(world.canTalk(a, b)).toBe(true);
    world.run(world.now + 59 * SECOND);
    expect(world.canTalk(a, b)).toBe(true);
    world.run(world.now + 2 * SECOND);
    expect([b.sending.size, b.sessions.size]).toEqual([0, 0]);
  });

  it('refuses a key that another peer has, and our own', () => {
    const { world, a, b } = twoHosts(1, true);
    const c = world.addHost();
    b.connect(c);
    const set = (publicKey: Uint8Array) => () => b.handshaker.setPublicKey(a.id, publicKey, world.now);
    expect(set(c.keys.publicKey)).toThrow('another peer');
    expect(set(b.keys.publicKey)).toThrow(RangeError);
    expect(() => b.handshaker.setTerms(a.keys, 'auto', world.now)).toThrow(RangeError);
    expect(world.canTalk(a, b)).toBe(true);
  });
});

it('a change of the AEAD takes effect at once and loses nothing', () => {
  const { world, a, b, lostSince } = twoHosts(3, true);
  expect(aeadInUse(a, b)).toBe(AEAD.AES_256_GCM);
  a.perform(a.handshaker.setTerms(a.keys, 'chacha20-poly1305', world.now));
  world.run(world.now + 10 * SECOND);
  expect([aeadInUse(a, b), aeadInUse(b, a)]).toEqual([AEAD.CHACHA20_POLY1305, AEAD.CHACHA20_POLY1305]);
  expect(lostSince()).toBe(0);
});
