/**
 * Memory for the secrets of one handshake. A server answers thousands a second, one after the other, so a handshake that has
 * ended leaves its memory, erased, to the next: to allocate and to collect it costs more than to hash what stands in it.
 */
import { KEY_BYTES, type KeyPair, type Primitives } from './primitives.js';

/** HASHLEN of BLAKE2b. */
export const HASH_BYTES = 64;

/** One block holds all of it, so that saving, restoring and erasing are one step each. */
const CHAINING_KEY = 0;
const HASH = CHAINING_KEY + HASH_BYTES;
const CIPHER_KEY = HASH + HASH_BYTES;
export const STATE_BYTES = CIPHER_KEY + KEY_BYTES;
const SAVED = STATE_BYTES;
const SHARED = SAVED + STATE_BYTES;
const PSK = SHARED + KEY_BYTES;
const EPHEMERAL = PSK + KEY_BYTES;
const EPHEMERAL_PUBLIC = EPHEMERAL + KEY_BYTES;
const REMOTE_EPHEMERAL = EPHEMERAL_PUBLIC + KEY_BYTES;
const ALL_BYTES = REMOTE_EPHEMERAL + KEY_BYTES;

/** Blocks kept for handshakes to come; those that more of them had at the same time go to the collector. */
const MOST_SPARE = 16;

const spares = new WeakMap<Primitives, HandshakeMemory[]>();

export class HandshakeMemory {
  /** Chaining key, hash and cipher key of Noise's symmetric state, and a copy of the three. */
  readonly state: Uint8Array;
  readonly saved: Uint8Array;
  readonly hash: Uint8Array;
  readonly cipherKey: Uint8Array;
  /** What an agreement of X25519 gave. */
  readonly shared: Uint8Array;
  readonly psk: Uint8Array;
  /** Our ephemeral pair, and the public key of the other end's. */
  readonly ephemeral: KeyPair;
  readonly remoteEphemeral: Uint8Array;
  private readonly all: Uint8Array;

  private constructor(private readonly primitives: Primitives) {
    const all = primitives.allocateSecret(ALL_BYTES);
    this.all = all;
    this.state = all.subarray(0, STATE_BYTES);
    this.hash = all.subarray(HASH, CIPHER_KEY);
    this.cipherKey = all.subarray(CIPHER_KEY, STATE_BYTES);
    this.saved = all.subarray(SAVED, SHARED);
    this.shared = all.subarray(SHARED, PSK);
    this.psk = all.subarray(PSK, EPHEMERAL);
    this.ephemeral = {
      secretKey: all.subarray(EPHEMERAL, EPHEMERAL_PUBLIC),
      publicKey: all.subarray(EPHEMERAL_PUBLIC, REMOTE_EPHEMERAL),
    };
    this.remoteEphemeral = all.subarray(REMOTE_EPHEMERAL);
  }

  /** Memory of zeros, which nobody else uses until `release`. */
  static take(primitives: Primitives): HandshakeMemory {
    return spares.get(primitives)?.pop() ?? new HandshakeMemory(primitives);
  }

  /** Erases everything, and leaves the memory to the next handshake: it must not be used any more. */
  release(): void {
    this.primitives.wipe(this.all);
    const spare = spares.get(this.primitives) ?? [];
    if (spare.length < MOST_SPARE) spare.push(this);
    spares.set(this.primitives, spare);
  }
}
