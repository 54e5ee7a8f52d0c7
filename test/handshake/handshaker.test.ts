import { describe, expect, it } from 'vitest';
import { COOKIE_REPLY_BYTES, INITIATION_BYTES, RESPONSE_BYTES } from '../../src/crypto/handshake-messages.js';
import { generateKeyPair } from '../../src/crypto/primitives.js';
import { sodiumPrimitives } from '../../src/crypto/sodium.js';
import type { Action } from '../../src/handshake/actions.js';
import { Handshaker } from '../../src/handshake/handshaker.js';
import { HANDSHAKE_REASONS } from '../../src/handshake/reasons.js';
import { UNCONFIRMED_LIMIT } from '../../src/handshake/timing.js';
import { AEAD } from '../../src/native/ops.js';
import { recordingPrimitives } from '../crypto/recording-primitives.js';
import { type Host, MILLISECOND, originOf, SECOND, World } from './world.js';

/** Two hosts, of which only the first may initiate, before anything was sent. */
function callerAndCalled(options: Partial<Host['options']>[] = []): {
  world: World;
  caller: Host;
  called: Host;
} {
  const world = new World(1);
  const caller = world.addHost(options[0]);
  const called = world.addHost(options[1]);
  called.connect(caller, false);
  caller.connect(called, true);
  return { world, caller, called };
}

function kinds(actions: Action[]): string[] {
  return actions.map((action) => action.kind);
}

function sent(actions: Action[]): Uint8Array[] {
  return actions.flatMap((action) => ('bytes' in action ? [action.bytes] : []));
}

function totalCounted(host: Host): number {
  const refused = Object.values(host.refused).reduce((total, count) => total + count, 0);
  return HANDSHAKE_REASONS.reduce((total, reason) => total + host.handshaker.counters[reason], refused);
}

function flips(message: Uint8Array): Uint8Array[] {
  return Array.from({ length: message.length * 8 }, (_, bit) => {
    const flipped = new Uint8Array(message);
    flipped[bit >> 3] ^= 1 << (bit & 7);
    return flipped;
  });
}

describe('one handshake', () => {
  it('gives both ends the same session, the initiator sending first', () => {
    const { world, caller, called } = callerAndCalled();
    world.run(2 * SECOND);
    expect(world.agree(caller, called)).toBe(true);
    expect(kinds(caller.actions)).toEqual(['send-to-peer', 'install-session', 'use-session']);
    expect(kinds(called.actions)).toEqual(['install-session', 'send', 'use-session']);
    expect(totalCounted(caller) + totalCounted(called)).toBe(0);
  });

  it('answers with fewer bytes than it was asked with', () => {
    expect(RESPONSE_BYTES).toBeLessThanOrEqual(INITIATION_BYTES);
    expect(COOKIE_REPLY_BYTES).toBeLessThan(INITIATION_BYTES / 2);
  });

  it('goes out on all eight links, and is answered once, where it came first', () => {
    const world = new World(5);
    world.links = 8;
    world.wire = (link) => (10 - link) * MILLISECOND;
    const [caller, called] = [world.addHost(), world.addHost()];
    called.connect(caller, false);
    caller.connect(called, true);
    world.run(2 * SECOND);
    expect(world.agree(caller, called)).toBe(true);
    const responses = called.actions.filter((action) => action.kind === 'send');
    expect(responses.map((action) => action.path.socket & 7)).toEqual([7]);
    expect(called.handshaker.counters['handshake-duplicate']).toBe(7);
  });

  it.each([
    { own: true, other: true, aeads: ['auto', 'auto'] as const, chosen: AEAD.AES_256_GCM },
    { own: true, other: false, aeads: ['auto', 'auto'] as const, chosen: AEAD.CHACHA20_POLY1305 },
    { own: false, other: true, aeads: ['auto', 'auto'] as const, chosen: AEAD.CHACHA20_POLY1305 },
    { own: true, other: true, aeads: ['auto', 'chacha20-poly1305'] as const, chosen: AEAD.CHACHA20_POLY1305 },
    { own: false, other: false, aeads: ['aes-256-gcm', 'auto'] as const, chosen: AEAD.AES_256_GCM },
  ])('agrees on an AEAD: $aeads, hardware $own/$other', ({ own, other, aeads, chosen }) => {
    const options = [
      { aead: aeads[0], hardwareAes: own },
      { aead: aeads[1], hardwareAes: other },
    ];
    const { world, caller, called } = callerAndCalled(options);
    world.run(2 * SECOND);
    for (const host of [caller, called]) {
      expect([...host.sessions.values()].map((session) => session.aead)).toEqual([chosen]);
    }
  });

  it('fails, counted, when the two ends allow no common AEAD', () => {
    const options = [{ aead: 'aes-256-gcm' as const }, { aead: 'chacha20-poly1305' as const }];
    const { world, caller, called } = callerAndCalled(options);
    world.run(3 * SECOND);
    expect(caller.sessions.size + called.sessions.size).toBe(0);
    expect(called.handshaker.counters['no-common-aead']).toBeGreaterThan(0);
  });

  it('tells each end the traits of the other', () => {
    const { world, caller, called } = callerAndCalled([
      { capabilities: () => 5, workers: 2 },
      { capabilities: () => 0xffff_ffff, workers: 3 },
    ]);
    world.run(2 * SECOND);
    expect([...caller.sessions.values()][0].remote).toEqual({ capabilities: 0xffff_ffff, workers: 3 });
    expect([...called.sessions.values()][0].remote).toEqual({ capabilities: 5, workers: 2 });
  });
});

describe('a peer that was added without addresses', () => {
  it('is called as soon as one is known, and once', () => {
    const world = new World(1);
    const [host, peer] = [world.addHost(), world.addHost()];
    peer.connect(host, false);
    host.connect(peer, false);
    world.run(10 * SECOND);
    expect(host.actions).toEqual([]);
    host.perform(host.handshaker.setMayInitiate(peer.id, true, world.now));
    expect(kinds(host.handshaker.setMayInitiate(peer.id, true, world.now))).toEqual([]);
    world.run(world.now + 2 * SECOND);
    expect(world.agree(host, peer)).toBe(true);
    expect(host.handshaker.setMayInitiate(7, true, world.now)).toEqual([]);
  });
});

describe('what is not authentic', () => {
  it('neither accepts nor answers any initiation with a flipped bit', () => {
    const { world, caller, called } = callerAndCalled();
    const [initiation] = sent(caller.actions);
    const variants = flips(initiation);
    for (const variant of variants) {
      expect(called.receive(variant, originOf(0, 0), world.now, false)).toEqual([]);
    }
    expect(totalCounted(called)).toBe(variants.length);
    expect(kinds(called.receive(initiation, originOf(0, 0), world.now, false))).toEqual([
      'install-session',
      'send',
    ]);
  });

  it('accepts no response with a flipped bit, and still the true one afterwards', () => {
    const { world, caller, called } = callerAndCalled();
    const [initiation] = sent(caller.actions);
    const [response] = sent(called.receive(initiation, originOf(0, 0), world.now, false));
    const variants = flips(response);
    for (const variant of variants) {
      expect(caller.receive(variant, originOf(1, 0), world.now, false)).toEqual([]);
    }
    expect(totalCounted(caller)).toBe(variants.length);
    const accepted = caller.receive(response, originOf(1, 0), world.now, false);
    expect(kinds(accepted)).toEqual(['install-session', 'use-session']);
  });

  it('accepts no cookie reply with a flipped bit', () => {
    const { world, caller, called } = callerAndCalled();
    const [initiation] = sent(caller.actions);
    const [reply] = sent(called.receive(initiation, originOf(0, 0), world.now, true));
    const variants = flips(reply);
    for (const variant of variants) {
      expect(caller.receive(variant, originOf(1, 0), world.now, false)).toEqual([]);
    }
    expect(totalCounted(caller)).toBe(variants.length);
    const later = caller.handshaker.advance(world.now + SECOND);
    expect(kinds(later), 'no cookie was stored').toEqual(['send-to-peer']);
  });

  it('drops every length and every first byte that is not a handshake, without an answer', () => {
    const { world, called } = callerAndCalled();
    for (let length = 0; length < 200; length++) {
      for (const first of [0x00, 0x10, 0x11, 0x12, 0x13, 0x14, 0x21, 0xff]) {
        const datagram = new Uint8Array(length);
        if (length > 0) datagram[0] = first;
        expect(called.receive(datagram, originOf(0, 0), world.now, true)).toEqual([]);
      }
    }
    expect(totalCounted(called)).toBe(200 * 8);
  });

  it('answers a recorded initiation once in 10,000 replays and keeps the session', () => {
    const { world, caller, called } = callerAndCalled();
    world.run(2 * SECOND);
    const { bytes } = world.recorded[0];
    const sending = called.sending.get(caller.id);
    for (let i = 0; i < 10_000; i++) {
      expect(called.receive(bytes, originOf(0, 0), world.now + i * MILLISECOND, false)).toEqual([]);
    }
    expect(called.handshaker.counters['handshake-duplicate']).toBe(10_000);
    expect(called.sending.get(caller.id)).toBe(sending);
  });

  it('refuses an initiation older than the last, also when it has long been forgotten', () => {
    const { world, caller, called } = callerAndCalled();
    const [first] = sent(caller.actions);
    const [second] = sent(caller.handshaker.advance(world.now + SECOND));
    const later = world.now + 2 * SECOND;
    expect(called.receive(second, originOf(0, 0), later, false)).toHaveLength(2);
    expect(called.receive(first, originOf(0, 0), later + SECOND, false)).toEqual([]);
    expect(called.handshaker.counters['handshake-replayed']).toBe(1);
  });

  it('answers no more than one initiation of a peer in 20 ms', () => {
    const { world, caller, called } = callerAndCalled();
    const [first] = sent(caller.actions);
    const [second] = sent(caller.handshaker.advance(world.now + SECOND));
    expect(called.receive(first, originOf(0, 0), world.now, false)).toHaveLength(2);
    const soon = world.now + 19 * MILLISECOND;
    expect(called.receive(second, originOf(0, 0), soon, false)).toEqual([]);
    expect(called.handshaker.counters['handshake-too-soon']).toBe(1);
  });
});

describe('who is not a peer', () => {
  it('does not hear from a host it does not know', () => {
    const world = new World(2);
    const stranger = world.addHost();
    const host = world.addHost();
    stranger.connect(host);
    world.run(30 * SECOND);
    expect(host.actions).toEqual([]);
    expect(host.handshaker.counters['unknown-peer']).toBeGreaterThan(5);
    expect(stranger.sessions.size).toBe(0);
  });

  it('makes no session that sends when the preshared keys differ', () => {
    const world = new World(3);
    const [a, b] = [world.addHost(), world.addHost()];
    a.connect(b, true, new Uint8Array(32).fill(1));
    b.connect(a, false, new Uint8Array(32).fill(2));
    world.run(60 * SECOND);
    expect(a.sending.size + b.sending.size).toBe(0);
    expect(a.handshaker.counters['response-not-authentic']).toBeGreaterThan(5);
    world.run(61 * SECOND);
    expect(b.sessions.size).toBeLessThanOrEqual(UNCONFIRMED_LIMIT);
  });

  it('is not understood by a host of another key', () => {
    const world = new World(4);
    const [a, b] = [world.addHost(), world.addHost()];
    const identity = { id: b.id, publicKey: generateKeyPair(sodiumPrimitives).publicKey, mayInitiate: true };
    b.connect(a, false);
    a.perform(a.handshaker.addPeer(identity, world.now));
    world.run(10 * SECOND);
    expect(b.actions).toEqual([]);
    expect(b.refused['mac1-wrong']).toBeGreaterThan(2);
  });

  it('refuses itself, points of low order, a key twice and a key cut short', () => {
    const { called, caller, world } = callerAndCalled();
    const add = (publicKey: Uint8Array) => () =>
      called.handshaker.addPeer({ id: 9, publicKey, mayInitiate: true }, world.now);
    expect(add(called.keys.publicKey)).toThrow('cannot be its own peer');
    expect(add(caller.keys.publicKey)).toThrow('another peer already');
    expect(add(new Uint8Array(31))).toThrow('32 bytes');
    for (const point of LOW_ORDER_POINTS) {
      expect(add(new Uint8Array(Buffer.from(point, 'hex')))).toThrow('low order');
    }
    world.run(2 * SECOND);
    expect(called.handshaker.nextDeadline(), 'the true peer is still served').toBeDefined();
  });

  it('does not answer its own initiation that is sent back to it', () => {
    const { caller, world } = callerAndCalled();
    const [initiation] = sent(caller.actions);
    expect(caller.receive(initiation, originOf(0, 0), world.now, false)).toEqual([]);
    expect(caller.refused['mac1-wrong']).toBe(1);
  });
});

/** The points of order 1, 2, 4 and 8 on the curve and its twist, and their non-canonical encodings (RFC 7748 section 6.1). */
const LOW_ORDER_POINTS = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
];

describe('under load', () => {
  it('asks for a cookie, and a caller that receives at its address gets in', () => {
    const { world, caller, called } = callerAndCalled();
    called.underLoad = true;
    world.run(world.now + 3 * SECOND);
    expect(world.agree(caller, called)).toBe(true);
    expect(called.refused['cookie-demanded']).toBeGreaterThan(0);
  });

  it('does no public-key work for a cookie that was given to another address', () => {
    const { world, caller, called } = callerAndCalled();
    const [initiation] = sent(caller.actions);
    const [reply] = sent(called.receive(initiation, originOf(0, 0), world.now, true));
    caller.receive(reply, originOf(1, 0), world.now, false);
    const retry = caller.handshaker.advance(world.now + SECOND);
    expect(kinds(retry)).toEqual(['send-to-peer', 'send']);
    const withCookie = sent(retry)[1];
    const elsewhere = called.receive(withCookie, originOf(5, 0), world.now + SECOND, true);
    expect(sent(elsewhere).map((bytes) => bytes.length)).toEqual([COOKIE_REPLY_BYTES]);
    const here = called.receive(withCookie, originOf(0, 0), world.now + SECOND, true);
    expect(kinds(here)).toEqual(['install-session', 'send']);
  });

  it('lets a caller with a stale cookie in once the load is over', () => {
    const { world, caller, called } = callerAndCalled();
    called.underLoad = true;
    // The cookie has come, and the initiation that carries it is under way.
    world.run(world.now + 2.5 * MILLISECOND);
    called.crash();
    called.underLoad = false;
    called.connect(caller, false);
    world.run(world.now + 2 * SECOND);
    expect(world.agree(caller, called)).toBe(true);
    expect(called.refused['mac2-wrong']).toBe(2);
  });

  it('costs one round trip more: the initiation goes out again as soon as the cookie is there', () => {
    const { world, caller, called } = callerAndCalled();
    called.underLoad = true;
    world.run(world.now + 5 * MILLISECOND);
    expect(world.agree(caller, called)).toBe(true);
    expect(called.refused['cookie-demanded']).toBe(1);
  });

  it('answers a cookie that is given again with nothing', () => {
    const { world, caller, called } = callerAndCalled();
    const [initiation] = sent(caller.actions);
    const from = originOf(called.id, 0);
    const reply = () => sent(called.receive(initiation, originOf(caller.id, 0), world.now, true))[0];
    expect(kinds(caller.receive(reply(), from, world.now, false))).toEqual(['send']);
    for (let again = 0; again < 10; again++) {
      expect(caller.receive(reply(), from, world.now, false)).toEqual([]);
    }
  });

  it('keeps the cookies of a peer each with its path', () => {
    const { world, caller, called } = callerAndCalled();
    const [initiation] = sent(caller.actions);
    for (const link of [0, 1, 2]) {
      const [reply] = sent(called.receive(initiation, originOf(caller.id, link), world.now, true));
      caller.receive(reply, originOf(called.id, link), world.now, false);
    }
    const retry = caller.handshaker.advance(world.now + SECOND).filter((action) => action.kind === 'send');
    expect(retry.map(({ path }) => path)).toEqual([0, 1, 2].map((link) => originOf(called.id, link).path));
    retry.forEach(({ bytes }, link) => {
      const soon = world.now + SECOND + link;
      expect(called.receive(bytes, originOf(caller.id, link), soon, true)).not.toHaveLength(1);
    });
    expect(called.refused['mac2-wrong']).toBe(0);
    expect(called.refused['cookie-demanded']).toBe(3);
  });
});

describe('a preshared key', () => {
  const [old, fresh] = [1, 2].map((byte) => new Uint8Array(32).fill(byte));

  it('that is changed at both ends counts from the next handshake on; sessions stay', () => {
    const world = new World(41);
    const [a, b] = [world.addHost(), world.addHost()];
    b.connect(a, false, old);
    a.connect(b, true, old);
    world.run(2 * SECOND);
    a.handshaker.setPresharedKey(b.id, fresh);
    world.run(10 * SECOND);
    expect(world.agree(a, b)).toBe(true);
    a.perform(a.handshaker.restart(b.id, world.now));
    world.run(world.now + 5 * SECOND);
    expect(world.canTalk(a, b)).toBe(false);
    b.handshaker.setPresharedKey(a.id, fresh);
    world.run(world.now + 10 * SECOND);
    expect(world.agree(a, b)).toBe(true);
  });

  it('stands in locked memory, which is given back when it is changed and when the peer goes', () => {
    const locked = new Set<Uint8Array>();
    const primitives = {
      ...sodiumPrimitives,
      allocateLocked(length: number) {
        const bytes = sodiumPrimitives.allocateLocked(length);
        locked.add(bytes);
        return bytes;
      },
      freeLocked(bytes: Uint8Array) {
        expect(locked.delete(bytes)).toBe(true);
        sodiumPrimitives.freeLocked(bytes);
      },
    };
    const { world, caller, called } = callerAndCalled([{ primitives }]);
    expect(locked.size, 'no key, no memory').toBe(0);
    caller.handshaker.setPresharedKey(called.id, old);
    caller.handshaker.setPresharedKey(called.id, old);
    expect([...locked].map((bytes) => bytes[0])).toEqual([1]);
    caller.handshaker.setPresharedKey(called.id, fresh);
    expect([...locked].map((bytes) => bytes[0])).toEqual([2]);
    caller.handshaker.setPresharedKey(called.id, undefined);
    expect(locked.size).toBe(0);
    caller.handshaker.setPresharedKey(called.id, fresh);
    caller.handshaker.removePeer(called.id);
    expect(locked.size).toBe(0);
    world.run(SECOND);
  });
});

describe('what an operator should know', () => {
  it('is told when a peer whose clock went back is refused, once a minute, and clearing the peer lets it in', () => {
    const { world, caller, called } = callerAndCalled();
    world.run(2 * SECOND);
    world.wallClockShift = -86_400 * SECOND;
    caller.crash();
    caller.connect(called, true);
    world.run(world.now + 100 * SECOND);
    expect(world.canTalk(caller, called)).toBe(false);
    const notices = called.actions.filter((action) => action.kind === 'notice');
    expect(notices.map(({ what }) => what)).toEqual(['old-timestamp', 'old-timestamp']);
    called.perform(called.handshaker.restart(caller.id, world.now));
    world.run(world.now + 7 * SECOND);
    expect(world.agree(caller, called)).toBe(true);
  });

  it('is told, with both paths, when two hosts use one key in turn', () => {
    const { world, caller, called } = callerAndCalled();
    const other = world.addHost();
    const twin = world.adopt(other, caller);
    twin.connect(called, true);
    for (let turn = 0; turn < 4; turn++) {
      for (const host of [caller, twin]) {
        host.perform(host.handshaker.linksDown(called.id, world.now));
        world.run(world.now + 3 * SECOND);
      }
    }
    const notices = called.actions.filter((action) => action.kind === 'notice');
    expect(notices).toHaveLength(1);
    expect(notices[0]).toMatchObject({ what: 'key-on-two-hosts', peer: caller.id });
    const sockets = 'paths' in notices[0] ? notices[0].paths.map(({ socket }) => socket >> 3) : [];
    expect(sockets.sort()).toEqual([caller.id, other.id].sort());
  });

  it('is told nothing when one host restarts again and again on one path, or renews its sessions', () => {
    const { world, caller, called } = callerAndCalled();
    for (let turn = 0; turn < 10; turn++) {
      caller.crash();
      caller.connect(called, true);
      world.run(world.now + 3 * SECOND);
      expect(world.agree(caller, called)).toBe(true);
    }
    world.run(world.now + 400 * SECOND);
    expect(called.actions.filter((action) => action.kind === 'notice')).toEqual([]);
  });
});

describe('secrets', () => {
  it('are all zero after sessions were made, retired and the peers removed', () => {
    const recorder = recordingPrimitives();
    const { world, caller, called } = callerAndCalled([{ primitives: recorder.primitives }]);
    world.run(400 * SECOND);
    expect(world.agree(caller, called)).toBe(true);
    const installed = caller.actions.filter((action) => action.kind === 'install-session');
    expect(installed.length).toBeGreaterThan(2);
    caller.close();
    expect(caller.sessions.size).toBe(0);
    // The session keys were handed over, and are the datapath's to wipe; the static key is the interface's.
    const handedOver = new Set([
      caller.keys.secretKey,
      ...installed.flatMap((one) => [one.sendKey, one.receiveKey]),
    ]);
    const left = recorder.secrets.filter((bytes) => bytes.some((byte) => byte !== 0));
    expect(left.filter((bytes) => !handedOver.has(bytes))).toEqual([]);
    expect(recorder.secrets.length).toBeGreaterThan(10);
  });

  it('do not show when the handshaker is printed or made into JSON', () => {
    const { caller } = callerAndCalled();
    expect(caller.handshaker).toBeInstanceOf(Handshaker);
    expect(Object.keys(JSON.parse(JSON.stringify(caller.handshaker)))).toEqual(['counters']);
  });
});
