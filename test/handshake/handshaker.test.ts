import { describe, expect, it } from 'vitest';
import { AEAD } from '../../src/contract/ops.js';
import { COOKIE_REPLY_BYTES, INITIATION_BYTES, RESPONSE_BYTES } from '../../src/crypto/handshake-messages.js';
import { generateKeyPair } from '../../src/crypto/primitives.js';
import { sodiumPrimitives } from '../../src/crypto/sodium.js';
import type { Action } from '../../src/handshake/actions.js';
import { Handshaker } from '../../src/handshake/handshaker.js';
import { HANDSHAKE_REASONS } from '../../src/handshake/reasons.js';
import { UNCONFIRMED_LIMIT } from '../../src/handshake/timing.js';
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
  return HANDSHAKE_REASONS.reduce((total, reason) => total + host.handshaker.counters[reason], 0);
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
    expect(responses.map((action) => action.path & 7)).toEqual([7]);
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
      { capabilities: 5, workers: 2 },
      { capabilities: 0xffff_ffff, workers: 3 },
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
      expect(called.handshaker.receive(variant, originOf(0, 0), world.now, false)).toEqual([]);
    }
    expect(totalCounted(called)).toBe(variants.length);
    expect(kinds(called.handshaker.receive(initiation, originOf(0, 0), world.now, false))).toEqual([
      'install-session',
      'send',
    ]);
  });

  it('accepts no response with a flipped bit, and still the true one afterwards', () => {
    const { world, caller, called } = callerAndCalled();
    const [initiation] = sent(caller.actions);
    const [response] = sent(called.handshaker.receive(initiation, originOf(0, 0), world.now, false));
    const variants = flips(response);
    for (const variant of variants) {
      expect(caller.handshaker.receive(variant, originOf(1, 0), world.now, false)).toEqual([]);
    }
    expect(totalCounted(caller)).toBe(variants.length);
    const accepted = caller.handshaker.receive(response, originOf(1, 0), world.now, false);
    expect(kinds(accepted)).toEqual(['install-session', 'use-session']);
  });

  it('accepts no cookie reply with a flipped bit', () => {
    const { world, caller, called } = callerAndCalled();
    const [initiation] = sent(caller.actions);
    const [reply] = sent(called.handshaker.receive(initiation, originOf(0, 0), world.now, true));
    const variants = flips(reply);
    for (const variant of variants) {
      expect(caller.handshaker.receive(variant, originOf(1, 0), world.now, false)).toEqual([]);
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
        expect(called.handshaker.receive(datagram, originOf(0, 0), world.now, true)).toEqual([]);
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
      expect(called.handshaker.receive(bytes, originOf(0, 0), world.now + i * MILLISECOND, false)).toEqual(
        [],
      );
    }
    expect(called.handshaker.counters['handshake-duplicate']).toBe(10_000);
    expect(called.sending.get(caller.id)).toBe(sending);
  });

  it('refuses an initiation older than the last, also when it has long been forgotten', () => {
    const { world, caller, called } = callerAndCalled();
    const [first] = sent(caller.actions);
    const [second] = sent(caller.handshaker.advance(world.now + SECOND));
    const later = world.now + 2 * SECOND;
    expect(called.handshaker.receive(second, originOf(0, 0), later, false)).toHaveLength(2);
    expect(called.handshaker.receive(first, originOf(0, 0), later + SECOND, false)).toEqual([]);
    expect(called.handshaker.counters['handshake-replayed']).toBe(1);
  });

  it('answers no more than one initiation of a peer in 20 ms', () => {
    const { world, caller, called } = callerAndCalled();
    const [first] = sent(caller.actions);
    const [second] = sent(caller.handshaker.advance(world.now + SECOND));
    expect(called.handshaker.receive(first, originOf(0, 0), world.now, false)).toHaveLength(2);
    const soon = world.now + 19 * MILLISECOND;
    expect(called.handshaker.receive(second, originOf(0, 0), soon, false)).toEqual([]);
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
    expect(b.handshaker.counters['mac1-wrong']).toBeGreaterThan(2);
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
    expect(caller.handshaker.receive(initiation, originOf(0, 0), world.now, false)).toEqual([]);
    expect(caller.handshaker.counters['mac1-wrong']).toBe(1);
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
    expect(called.handshaker.counters['cookie-demanded']).toBeGreaterThan(0);
  });

  it('does no public-key work for a cookie that was given to another address', () => {
    const { world, caller, called } = callerAndCalled();
    const [initiation] = sent(caller.actions);
    const [reply] = sent(called.handshaker.receive(initiation, originOf(0, 0), world.now, true));
    caller.handshaker.receive(reply, originOf(1, 0), world.now, false);
    const retry = caller.handshaker.advance(world.now + SECOND);
    expect(kinds(retry)).toEqual(['send-to-peer', 'send']);
    const withCookie = sent(retry)[1];
    const elsewhere = called.handshaker.receive(withCookie, originOf(5, 0), world.now + SECOND, true);
    expect(sent(elsewhere).map((bytes) => bytes.length)).toEqual([COOKIE_REPLY_BYTES]);
    const here = called.handshaker.receive(withCookie, originOf(0, 0), world.now + SECOND, true);
    expect(kinds(here)).toEqual(['install-session', 'send']);
  });

  it('lets a caller with a stale cookie in once the load is over', () => {
    const { world, caller, called } = callerAndCalled();
    called.underLoad = true;
    world.run(world.now + 100 * MILLISECOND);
    called.crash();
    called.underLoad = false;
    called.connect(caller, false);
    world.run(world.now + 2 * SECOND);
    expect(world.agree(caller, called)).toBe(true);
    expect(called.handshaker.counters['mac2-wrong']).toBe(1);
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
    caller.perform(caller.handshaker.close());
    expect(caller.sessions.size).toBe(0);
    // The session keys were handed over, and are the datapath's to wipe; the static key is the interface's.
    const handedOver = new Set([
      caller.keys.secretKey,
      ...installed.flatMap((one) => [one.sendKey, one.receiveKey]),
    ]);
    const left = recorder.secrets.filter((bytes) => bytes.some((byte) => byte !== 0));
    expect(left.filter((bytes) => !handedOver.has(bytes))).toEqual([]);
    expect(recorder.secrets.length).toBeGreaterThan(100);
  });

  it('do not show when the handshaker is printed or made into JSON', () => {
    const { caller } = callerAndCalled();
    expect(caller.handshaker).toBeInstanceOf(Handshaker);
    expect(Object.keys(JSON.parse(JSON.stringify(caller.handshaker)))).toEqual(['counters']);
  });
});
