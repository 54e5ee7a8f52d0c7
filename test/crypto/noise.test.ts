import { describe, expect, it } from 'vitest';
import { IKPSK2, NoiseHandshake, type Pattern, type Role, type SessionKeys } from '../../src/crypto/noise.js';
import { generateKeyPair, type KeyPair, TAG_BYTES } from '../../src/crypto/primitives.js';
import { sodiumPrimitives as primitives } from '../../src/crypto/sodium.js';
import { recordingPrimitives } from './recording-primitives.js';
import { hex, loadVectors, needsVectors } from './vectors.js';

interface Vector {
  protocol_name: string;
  init_prologue: string;
  init_psks?: string[];
  init_static?: string;
  init_ephemeral: string;
  init_remote_static?: string;
  resp_prologue: string;
  resp_psks?: string[];
  resp_static?: string;
  resp_ephemeral?: string;
  resp_remote_static?: string;
  handshake_hash: string;
  messages: { payload: string; ciphertext: string }[];
}

/** The patterns of the vector file, from section 7 of the Noise framework. */
const patterns: readonly Pattern[] = [
  IKPSK2,
  {
    ...IKPSK2,
    name: 'IK',
    messages: [
      ['e', 'es', 's', 'ss'],
      ['e', 'ee', 'se'],
    ],
  },
  {
    ...IKPSK2,
    name: 'IKpsk1',
    messages: [
      ['e', 'es', 's', 'ss', 'psk'],
      ['e', 'ee', 'se'],
    ],
  },
  { name: 'N', knownStatics: ['responder'], messages: [['e', 'es']] },
  {
    name: 'NK',
    knownStatics: ['responder'],
    messages: [
      ['e', 'es'],
      ['e', 'ee'],
    ],
  },
  {
    name: 'NNpsk0',
    knownStatics: [],
    messages: [
      ['psk', 'e'],
      ['e', 'ee'],
    ],
  },
  {
    name: 'KK',
    knownStatics: ['initiator', 'responder'],
    messages: [
      ['e', 'es', 'ss'],
      ['e', 'ee', 'se'],
    ],
  },
  {
    name: 'XK',
    knownStatics: ['responder'],
    messages: [
      ['e', 'es'],
      ['e', 'ee'],
      ['s', 'se'],
    ],
  },
  {
    name: 'XKpsk3',
    knownStatics: ['responder'],
    messages: [
      ['e', 'es'],
      ['e', 'ee'],
      ['s', 'se', 'psk'],
    ],
  },
  { name: 'XX', knownStatics: [], messages: [['e'], ['e', 'ee', 's', 'es'], ['s', 'se']] },
  { name: 'XXpsk3', knownStatics: [], messages: [['e'], ['e', 'ee', 's', 'es'], ['s', 'se', 'psk']] },
];

function keyPair(secret: string | undefined): KeyPair | undefined {
  if (secret === undefined) return undefined;
  return { secretKey: hex(secret), publicKey: primitives.publicKey(hex(secret)) };
}

function endOf(vector: Vector, pattern: Pattern, role: Role): NoiseHandshake {
  const initiator = role === 'initiator';
  const staticKeys = keyPair(initiator ? vector.init_static : vector.resp_static);
  const ephemeralKeys = keyPair(initiator ? vector.init_ephemeral : vector.resp_ephemeral);
  const remoteStatic = initiator ? vector.init_remote_static : vector.resp_remote_static;
  const handshake = new NoiseHandshake(primitives, pattern, {
    role,
    prologue: hex(initiator ? vector.init_prologue : vector.resp_prologue),
    ...(staticKeys && { staticKeys }),
    ...(ephemeralKeys && { ephemeralKeys }),
    ...(remoteStatic !== undefined && { remoteStatic: hex(remoteStatic) }),
  });
  const psk = (initiator ? vector.init_psks : vector.resp_psks)?.[0];
  if (psk !== undefined) handshake.setPresharedKey(hex(psk));
  return handshake;
}

function bytesOf(result: ReturnType<NoiseHandshake['read']>): Uint8Array {
  if (!result.ok) throw new Error(result.reason);
  return result.bytes;
}

/** Seals as Noise transport messages do, to compare with the vectors' messages after the handshake. */
function sealTransport(key: Uint8Array, counter: number, payload: Uint8Array): Uint8Array {
  const nonce = new Uint8Array(12);
  nonce[4] = counter;
  const sealed = new Uint8Array(payload.length + TAG_BYTES);
  primitives.chachaSeal(sealed, key, nonce, payload, new Uint8Array(0));
  return sealed;
}

function runVector(vector: Vector, pattern: Pattern): void {
  const ends = [endOf(vector, pattern, 'initiator'), endOf(vector, pattern, 'responder')];
  const rounds = pattern.messages.length;
  vector.messages.slice(0, rounds).forEach((message, round) => {
    const written = bytesOf(ends[round % 2].write(hex(message.payload)));
    expect(Buffer.from(written).toString('hex')).toBe(message.ciphertext);
    const read = bytesOf(ends[1 - (round % 2)].read(written));
    expect(Buffer.from(read).toString('hex')).toBe(message.payload);
  });
  const [initiator, responder]: SessionKeys[] = ends.map((end) => end.finish());
  expect(Buffer.from(initiator.handshakeHash).toString('hex')).toBe(vector.handshake_hash);
  expect(responder.handshakeHash).toEqual(initiator.handshakeHash);
  expect(responder.receive).toEqual(initiator.send);
  expect(responder.send).toEqual(initiator.receive);
  const counters = [0, 0];
  vector.messages.slice(rounds).forEach((message, index) => {
    // A one-way pattern has one direction only.
    const sender = rounds === 1 ? 0 : (rounds + index) % 2;
    const key = sender === 0 ? initiator.send : responder.send;
    const sealed = sealTransport(key, counters[sender]++, hex(message.payload));
    expect(Buffer.from(sealed).toString('hex')).toBe(message.ciphertext);
  });
}

const file = loadVectors<{ vectors: Vector[] }>('noise/cacophony.json');

describe('Noise vectors of cacophony', () => {
  it('every 25519, ChaChaPoly, BLAKE2b vector: messages, hash, transport', (context) => {
    const vectors = needsVectors(context, file).vectors.filter((one) =>
      one.protocol_name.endsWith('_25519_ChaChaPoly_BLAKE2b'),
    );
    const names = vectors.map((vector) => vector.protocol_name.split('_')[1]);
    expect(names).toContain('IKpsk2');
    for (const [index, vector] of vectors.entries()) {
      const pattern = patterns.find((one) => one.name === names[index]);
      expect(pattern, names[index]).toBeDefined();
      runVector(vector, pattern!);
    }
    console.log(`Noise: ${vectors.length} vectors (${names.join(', ')})`);
  });
});

const psk = new Uint8Array(32).fill(9);
const prologue = new TextEncoder().encode('prologue');
const payload = new TextEncoder().encode('payload');

function pair(using = primitives): { initiator: NoiseHandshake; responder: NoiseHandshake } {
  const initiatorKeys = generateKeyPair(primitives);
  const responderKeys = generateKeyPair(primitives);
  const initiator = new NoiseHandshake(using, IKPSK2, {
    role: 'initiator',
    prologue,
    staticKeys: initiatorKeys,
    remoteStatic: responderKeys.publicKey,
  });
  const responder = new NoiseHandshake(using, IKPSK2, {
    role: 'responder',
    prologue,
    staticKeys: responderKeys,
  });
  initiator.setPresharedKey(psk);
  responder.setPresharedKey(psk);
  return { initiator, responder };
}

describe('IKpsk2', () => {
  it('refuses every single flipped bit of both messages and still completes with the true ones', () => {
    const { initiator, responder } = pair();
    const first = bytesOf(initiator.write(payload));
    expectNoFlipReads(first, responder);
    bytesOf(responder.read(first));
    const second = bytesOf(responder.write(payload));
    expectNoFlipReads(second, initiator);
    bytesOf(initiator.read(second));
    expect(initiator.finish().handshakeHash).toEqual(responder.finish().handshakeHash);
  });

  it('refuses messages cut short', () => {
    const { initiator, responder } = pair();
    const first = bytesOf(initiator.write(payload));
    for (let length = 0; length < first.length; length++) {
      expect(responder.read(first.subarray(0, length)).ok).toBe(false);
    }
  });

  it('refuses an ephemeral key of low order', () => {
    const { initiator, responder } = pair();
    const first = bytesOf(initiator.write(payload)).slice();
    first.fill(0, 0, 32);
    expect(responder.read(first)).toEqual({ ok: false, reason: 'low-order-key' });
  });

  it('refuses another preshared key and another prologue', () => {
    const { initiator, responder } = pair();
    responder.setPresharedKey(new Uint8Array(32).fill(8));
    bytesOf(responder.read(bytesOf(initiator.write(payload))));
    expect(initiator.read(bytesOf(responder.write(payload)))).toEqual({ ok: false, reason: 'not-authentic' });
  });

  it('leaves no secret in memory after the end, the transport keys apart', () => {
    const recorder = recordingPrimitives();
    const { initiator, responder } = pair(recorder.primitives);
    bytesOf(responder.read(bytesOf(initiator.write(payload))));
    bytesOf(initiator.read(bytesOf(responder.write(payload))));
    const keys = [initiator.finish(), responder.finish()].flatMap((end) => [end.send, end.receive]);
    const left = recorder.secrets.filter((bytes) => bytes.some((byte) => byte !== 0));
    expect(left.length).toBe(4);
    expect(left.every((bytes) => keys.includes(bytes))).toBe(true);
  });

  it('leaves no secret in memory when a handshake is given up', () => {
    const recorder = recordingPrimitives();
    const { initiator, responder } = pair(recorder.primitives);
    bytesOf(responder.read(bytesOf(initiator.write(payload))));
    initiator.destroy();
    responder.destroy();
    // A block for each end.
    expect(recorder.secrets).toHaveLength(2);
    expect(recorder.secrets.every((bytes) => bytes.every((byte) => byte === 0))).toBe(true);
  });

  it('leaves its memory to the next handshake, and is of no use from then on', () => {
    const recorder = recordingPrimitives();
    const ended = pair(recorder.primitives);
    const first = bytesOf(ended.initiator.write(payload));
    ended.initiator.destroy();
    ended.initiator.destroy();
    ended.responder.destroy();
    const { initiator, responder } = pair(recorder.primitives);
    expect(recorder.secrets).toHaveLength(2);
    expect(() => ended.initiator.write(payload)).toThrow('has ended');
    expect(() => ended.responder.read(first)).toThrow('has ended');
    expect(() => ended.responder.setPresharedKey(psk)).toThrow('has ended');
    expect(() => ended.initiator.finish()).toThrow('has ended');
    bytesOf(responder.read(bytesOf(initiator.write(payload))));
    bytesOf(initiator.read(bytesOf(responder.write(payload))));
    expect(initiator.finish().handshakeHash).toEqual(responder.finish().handshakeHash);
  });
});

function expectNoFlipReads(message: Uint8Array, reader: NoiseHandshake): void {
  // The top bit of an X25519 public key is masked by the curve, but the hash still binds it.
  for (let bit = 0; bit < message.length * 8; bit++) {
    const flipped = message.slice();
    flipped[bit >> 3] ^= 1 << (bit & 7);
    expect(reader.read(flipped).ok, `bit ${bit}`).toBe(false);
  }
}
