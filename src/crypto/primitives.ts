/**
 * What the handshake needs of cryptography and randomness, as one interface. Everything that decides takes a
 * `Primitives` as an argument, so the same code runs on libsodium, and on seeded randomness in the simulator.
 *
 * Lengths are the caller's duty: a wrong one is a programming error and throws. Input from the network
 * never throws: `dh`, `chachaOpen` and `xchachaOpen` answer false.
 */

/** Bytes of an X25519 secret, public key or shared secret, and of every symmetric key. */
export const KEY_BYTES = 32;
/** Bytes of a Poly1305 tag. */
export const TAG_BYTES = 16;
/** Bytes of a ChaCha20-Poly1305 nonce (RFC 8439). */
export const CHACHA_NONCE_BYTES = 12;
/** Bytes of an XChaCha20-Poly1305 nonce (draft-irtf-cfrg-xchacha). */
export const XCHACHA_NONCE_BYTES = 24;
/** Bytes of an Ed25519 public key and of a signature. */
export const SIGNING_KEY_BYTES = 32;
export const SIGNATURE_BYTES = 64;

/** Memory of a secret. Printed, logged or made into JSON, it shows nothing of what it holds. */
export class SecretBytes extends Uint8Array {
  /** Outside the collector's heap: V8 puts what is this short inside, unless it is given a buffer. */
  static ofLength(length: number): SecretBytes {
    return new SecretBytes(new ArrayBuffer(length));
  }

  toJSON(): string {
    return '(secret)';
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '(secret)';
  }
}

/** An X25519 or Ed25519 key pair. */
export interface KeyPair {
  readonly secretKey: Uint8Array;
  readonly publicKey: Uint8Array;
}

export interface Primitives {
  /** The X25519 public key of a 32-byte secret, in `publicKey` if that is given. */
  publicKey(secretKey: Uint8Array, publicKey?: Uint8Array): Uint8Array;
  /**
   * X25519 (RFC 7748) into `shared`, 32 bytes. False when the result is all zero, that is when the public key
   * is a point of low order: such a "secret" is known to everyone.
   */
  dh(shared: Uint8Array, secretKey: Uint8Array, publicKey: Uint8Array): boolean;

  /** ChaCha20-Poly1305 (RFC 8439): `sealed` gets ciphertext and tag, 16 bytes longer than `plaintext`. */
  chachaSeal(
    sealed: Uint8Array,
    key: Uint8Array,
    nonce: Uint8Array,
    plaintext: Uint8Array,
    associated: Uint8Array,
  ): void;
  /** Opens what `chachaSeal` sealed; false when it is not authentic. */
  chachaOpen(
    plaintext: Uint8Array,
    key: Uint8Array,
    nonce: Uint8Array,
    sealed: Uint8Array,
    associated: Uint8Array,
  ): boolean;
  /** XChaCha20-Poly1305: as `chachaSeal`, with a nonce long enough to be drawn at random. */
  xchachaSeal(
    sealed: Uint8Array,
    key: Uint8Array,
    nonce: Uint8Array,
    plaintext: Uint8Array,
    associated: Uint8Array,
  ): void;
  /** Opens what `xchachaSeal` sealed; false when it is not authentic. */
  xchachaOpen(
    plaintext: Uint8Array,
    key: Uint8Array,
    nonce: Uint8Array,
    sealed: Uint8Array,
    associated: Uint8Array,
  ): boolean;

  /** BLAKE2b (RFC 7693) over the parts as if joined; the length of `digest`, 16 to 64 bytes, is part of the hash. */
  hash(digest: Uint8Array, parts: readonly Uint8Array[]): void;
  /** Keyed BLAKE2b, key of 16 to 64 bytes. */
  keyedHash(digest: Uint8Array, key: Uint8Array, parts: readonly Uint8Array[]): void;

  /**
   * Steps of the symmetric half of a Noise handshake (revision 34, section 5.2) over BLAKE2b, each one call: a handshake has some
   * seventy hashes. `state`: chaining key and hash, 64 bytes each, and the cipher key of 32.
   */
  mixHash(state: Uint8Array, data: Uint8Array): void;
  mixKey(state: Uint8Array, input: Uint8Array): void;
  mixKeyAndHash(state: Uint8Array, input: Uint8Array): void;
  /** Writes the transport keys, 32 bytes each: initiator to responder, responder to initiator. */
  split(state: Uint8Array, fromInitiator: Uint8Array, fromResponder: Uint8Array): void;

  /**
   * An Ed25519 key pair of our own, derived from an X25519 secret by libsodium's KDF; `label`, 8 characters, keeps apart what
   * it is for. The secret, 64 bytes, stands in memory of `allocateSecret`, to be wiped by the caller.
   */
  signingKeys(secretKey: Uint8Array, label: string): KeyPair;
  /** The Ed25519 signature (RFC 8032) of a message under a secret of `signingKeys`. */
  sign(message: Uint8Array, secretKey: Uint8Array): Uint8Array;
  /** Whether a signature of 64 bytes is right; false also for public keys of low order. */
  verify(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean;

  /** Fills `bytes` from a cryptographic generator. */
  random(bytes: Uint8Array): void;
  /** Compares in constant time; false also when the lengths differ. */
  equal(a: Uint8Array, b: Uint8Array): boolean;

  /**
   * Memory for a short-lived secret. It has a backing store of its own, outside the garbage-collected heap: the
   * collector makes no copy of it, so `wipe` really erases it.
   */
  allocateSecret(length: number): SecretBytes;
  /** Memory for a long-lived secret: also between guard pages, locked against swapping, left out of core dumps. */
  allocateLocked(length: number): SecretBytes;
  /** Wipes and gives back memory of `allocateLocked`; its length becomes 0. */
  freeLocked(bytes: Uint8Array): void;
  /** Overwrites with zeros, in a way the compiler may not leave out. */
  wipe(bytes: Uint8Array): void;
}

/** Draws a fresh X25519 key pair; the secret stands in memory of `allocateSecret`, to be wiped by the caller. */
export function generateKeyPair(primitives: Primitives): KeyPair {
  const secretKey = primitives.allocateSecret(KEY_BYTES);
  primitives.random(secretKey);
  return { secretKey, publicKey: primitives.publicKey(secretKey) };
}
