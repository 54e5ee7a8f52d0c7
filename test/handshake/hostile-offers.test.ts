/** An authenticated peer is not an honest one: what it may say inside the handshake, and what comes of it. */
import { describe, expect, it } from 'vitest';
import { ReceiverKeys, writeMac1 } from '../../src/crypto/cookie.js';
import { encodeInitiation, PROLOGUE } from '../../src/crypto/handshake-messages.js';
import { IKPSK2, NoiseHandshake } from '../../src/crypto/noise.js';
import { type Answer, encodeOffer, type Offer } from '../../src/crypto/payloads.js';
import { sodiumPrimitives as primitives } from '../../src/crypto/sodium.js';
import type { Action } from '../../src/handshake/actions.js';
import { Exchange } from '../../src/handshake/exchange.js';
import type { HandshakeReason } from '../../src/handshake/reasons.js';
import { chooseAead, chooseVersion } from '../../src/handshake/session-choice.js';
import { AEAD } from '../../src/native/ops.js';
import { type Host, MILLISECOND, originOf, SECOND, World } from './world.js';

const honestOffer: Offer = {
  timestamp: 1,
  generation: 1,
  lowestVersion: 1,
  highestVersion: 1,
  aeads: AEAD.AES_256_GCM | AEAD.CHACHA20_POLY1305,
  hardwareAes: true,
  capabilities: 0,
  workers: 1,
};

function hostAndHostile(mayInitiate: boolean): { world: World; host: Host; hostile: Host } {
  const world = new World(31);
  const host = world.addHost();
  const hostile = world.addHost();
  host.connect(hostile, mayInitiate);
  return { world, host, hostile };
}

/** What the host does about an initiation with this payload, authentic in every way. */
function offerTo(host: Host, hostile: Host, payload: Uint8Array, now: number): Action[] {
  const noise = new NoiseHandshake(primitives, IKPSK2, {
    role: 'initiator',
    prologue: PROLOGUE,
    staticKeys: hostile.keys,
    remoteStatic: host.keys.publicKey,
  });
  const written = noise.write(payload);
  if (!written.ok) throw new Error(written.reason);
  const message = encodeInitiation(7, written.bytes);
  writeMac1(primitives, new ReceiverKeys(primitives, host.keys.publicKey), message);
  return host.receive(message, originOf(hostile.id, 0), now, false);
}

describe('a hostile initiator', () => {
  it.each<{ what: string; payload: Uint8Array; reason: HandshakeReason }>([
    { what: 'a payload of unknown format', payload: new Uint8Array(24), reason: 'offer-malformed' },
    {
      what: 'future versions only',
      payload: encodeOffer({ ...honestOffer, lowestVersion: 2, highestVersion: 9 }),
      reason: 'no-common-version',
    },
    {
      what: 'a version range upside down',
      payload: encodeOffer({ ...honestOffer, lowestVersion: 9, highestVersion: 1 }),
      reason: 'no-common-version',
    },
    { what: 'no AEAD', payload: encodeOffer({ ...honestOffer, aeads: 0 }), reason: 'no-common-aead' },
    {
      what: 'unknown AEADs',
      payload: encodeOffer({ ...honestOffer, aeads: 0xfc }),
      reason: 'no-common-aead',
    },
  ])('with $what gets no answer', ({ payload, reason }) => {
    const { world, host, hostile } = hostAndHostile(false);
    expect(offerTo(host, hostile, payload, world.now)).toEqual([]);
    expect(host.handshaker.counters[reason]).toBe(1);
  });

  it('cannot make the host keep more than a handful of sessions', () => {
    const { world, host, hostile } = hostAndHostile(false);
    for (let i = 1; i <= 200; i++) {
      const payload = encodeOffer({ ...honestOffer, timestamp: i, generation: 0xffff_ffff });
      host.perform(offerTo(host, hostile, payload, world.now + i * 20 * MILLISECOND));
    }
    expect(host.actions.filter((action) => action.kind === 'install-session').length).toBe(200);
    expect(host.sessions.size).toBe(8);
    expect(host.sending.size).toBe(0);
  });
});

describe('a hostile responder', () => {
  const honest: Answer = { version: 1, aead: AEAD.AES_256_GCM, workers: 1, generation: 1, capabilities: 0 };

  it.each<{ what: string; answer: Answer }>([
    { what: 'both AEADs at once', answer: { ...honest, aead: 3 } },
    { what: 'no AEAD', answer: { ...honest, aead: 0 } },
    { what: 'an unknown AEAD', answer: { ...honest, aead: 4 } },
    { what: 'another version', answer: { ...honest, version: 2 } },
    { what: 'a lower generation', answer: { ...honest, generation: 0 } },
  ])('that answers with $what gets no session, and is asked again', ({ answer }) => {
    const { world, host, hostile } = hostAndHostile(true);
    const exchange = new Exchange(primitives, hostile.keys);
    const opened = exchange.readInitiation(world.recorded[0].bytes);
    if (typeof opened === 'string') throw new Error(opened);
    const recipient = {
      publicKey: host.keys.publicKey,
      psk: new Uint8Array(32),
      keys: new ReceiverKeys(primitives, host.keys.publicKey),
    };
    const answered = exchange.answer(opened, recipient, 7, answer);
    if (typeof answered === 'string') throw new Error(answered);
    const { message } = answered;
    expect(host.receive(message, originOf(hostile.id, 0), world.now, false)).toEqual([]);
    expect(host.handshaker.counters['answer-not-offered']).toBe(1);
    const again = host.handshaker.advance(world.now + SECOND);
    expect(again.map((action) => action.kind)).toEqual(['send-to-peer']);
  });
});

describe('the choice', () => {
  it('is the highest common version', () => {
    expect(chooseVersion(honestOffer)).toBe(1);
    expect(chooseVersion({ ...honestOffer, lowestVersion: 0, highestVersion: 255 })).toBe(1);
  });

  it('is the same AEAD whichever end offers', () => {
    for (let own = 0; own < 8; own++) {
      for (let other = 0; other < 8; other++) {
        const terms = [own, other].map((bits) => ({ aeads: bits & 3, hardwareAes: (bits & 4) !== 0 }));
        const chosen = chooseAead(terms[0], { ...honestOffer, ...terms[1] });
        expect(chosen).toBe(chooseAead(terms[1], { ...honestOffer, ...terms[0] }));
        if (chosen === undefined) expect(terms[0].aeads & terms[1].aeads).toBe(0);
        else expect(terms[0].aeads & terms[1].aeads & chosen).toBe(chosen);
      }
    }
  });
});
