/**
 * `Primitives` on libsodium, by way of `sodium-native`, which ships without types: those it needs stand here. The symmetric
 * half of Noise, whose HKDF libsodium does not have over BLAKE2b, is the addon's.
 */
import { createRequire } from 'node:module';
import { loadNative } from '../native/binding.js';
import { KEY_BYTES, type Primitives, SecretBytes, SIGNATURE_BYTES, SIGNING_KEY_BYTES } from './primitives.js';

/** The calls used, as sodium-native 5.1 has them. They assert lengths and throw on failure. */
interface SodiumNative {
  crypto_scalarmult_base(publicKey: Uint8Array, secretKey: Uint8Array): void;
  /** Throws when the result is all zero. */
  crypto_scalarmult(shared: Uint8Array, secretKey: Uint8Array, publicKey: Uint8Array): void;
  crypto_aead_chacha20poly1305_ietf_encrypt: AeadEncrypt;
  crypto_aead_chacha20poly1305_ietf_decrypt: AeadDecrypt;
  crypto_aead_xchacha20poly1305_ietf_encrypt: AeadEncrypt;
  crypto_aead_xchacha20poly1305_ietf_decrypt: AeadDecrypt;
  crypto_generichash_batch(digest: Uint8Array, parts: readonly Uint8Array[], key?: Uint8Array): void;
  crypto_kdf_derive_from_key(subkey: Uint8Array, id: number, label: Uint8Array, key: Uint8Array): void;
  crypto_sign_seed_keypair(publicKey: Uint8Array, secretKey: Uint8Array, seed: Uint8Array): void;
  crypto_sign_detached(signature: Uint8Array, message: Uint8Array, secretKey: Uint8Array): void;
  crypto_sign_verify_detached(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean;
  randombytes_buf(bytes: Uint8Array): void;
  sodium_memcmp(a: Uint8Array, b: Uint8Array): boolean;
  sodium_memzero(bytes: Uint8Array): void;
  sodium_malloc(length: number): Buffer;
  sodium_free(bytes: Uint8Array): void;
}

/** A seed and its public key, as libsodium keeps them. */
const SIGNING_SECRET_BYTES = 64;

type AeadEncrypt = (
  sealed: Uint8Array,
  plaintext: Uint8Array,
  associated: Uint8Array,
  secretNonce: null,
  nonce: Uint8Array,
  key: Uint8Array,
) => number;

type AeadDecrypt = (
  plaintext: Uint8Array,
  secretNonce: null,
  sealed: Uint8Array,
  associated: Uint8Array,
  nonce: Uint8Array,
  key: Uint8Array,
) => number;

const sodium = createRequire(import.meta.url)('sodium-native') as SodiumNative;

/** Runs a call that reports a verdict by throwing. Lengths are checked beforehand, so nothing else can throw. */
function succeeds(call: () => void): boolean {
  try {
    call();
    return true;
  } catch {
    return false;
  }
}

function requireLength(bytes: Uint8Array, length: number, what: string): void {
  if (bytes.length !== length) throw new RangeError(`${what} must be ${length} bytes long`);
}

/** Libsodium, with the operating system's randomness. */
export const sodiumPrimitives: Primitives = {
  publicKey(secretKey, publicKey = new Uint8Array(KEY_BYTES)) {
    sodium.crypto_scalarmult_base(publicKey, secretKey);
    return publicKey;
  },

  dh(shared, secretKey, publicKey) {
    requireLength(shared, KEY_BYTES, 'a shared secret');
    requireLength(secretKey, KEY_BYTES, 'a secret key');
    requireLength(publicKey, KEY_BYTES, 'a public key');
    return succeeds(() => sodium.crypto_scalarmult(shared, secretKey, publicKey));
  },

  chachaSeal(sealed, key, nonce, plaintext, associated) {
    sodium.crypto_aead_chacha20poly1305_ietf_encrypt(sealed, plaintext, associated, null, nonce, key);
  },

  chachaOpen(plaintext, key, nonce, sealed, associated) {
    requireLength(key, KEY_BYTES, 'a key');
    return succeeds(() =>
      sodium.crypto_aead_chacha20poly1305_ietf_decrypt(plaintext, null, sealed, associated, nonce, key),
    );
  },

  xchachaSeal(sealed, key, nonce, plaintext, associated) {
    sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(sealed, plaintext, associated, null, nonce, key);
  },

  xchachaOpen(plaintext, key, nonce, sealed, associated) {
    requireLength(key, KEY_BYTES, 'a key');
    return succeeds(() =>
      sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(plaintext, null, sealed, associated, nonce, key),
    );
  },

  hash(digest, parts) {
    sodium.crypto_generichash_batch(digest, parts);
  },

  keyedHash(digest, key, parts) {
    sodium.crypto_generichash_batch(digest, parts, key);
  },

  mixHash(state, data) {
    loadNative().noiseMixHash(state, data);
  },

  mixKey(state, input) {
    loadNative().noiseMixKey(state, input);
  },

  mixKeyAndHash(state, input) {
    loadNative().noiseMixKeyAndHash(state, input);
  },

  split(state, fromInitiator, fromResponder) {
    loadNative().noiseSplit(state, fromInitiator, fromResponder);
  },

  signingKeys(secretKey, label) {
    const seed = SecretBytes.ofLength(KEY_BYTES);
    const pair = {
      secretKey: SecretBytes.ofLength(SIGNING_SECRET_BYTES),
      publicKey: new Uint8Array(SIGNING_KEY_BYTES),
    };
    sodium.crypto_kdf_derive_from_key(seed, 1, Buffer.from(label, 'latin1'), secretKey);
    sodium.crypto_sign_seed_keypair(pair.publicKey, pair.secretKey, seed);
    sodium.sodium_memzero(seed);
    return pair;
  },

  sign(message, secretKey) {
    const signature = new Uint8Array(SIGNATURE_BYTES);
    sodium.crypto_sign_detached(signature, message, secretKey);
    return signature;
  },

  verify(signature, message, publicKey) {
    requireLength(signature, SIGNATURE_BYTES, 'a signature');
    requireLength(publicKey, SIGNING_KEY_BYTES, 'a public key');
    return sodium.crypto_sign_verify_detached(signature, message, publicKey);
  },

  random(bytes) {
    sodium.randombytes_buf(bytes);
  },

  equal(a, b) {
    return a.length === b.length && sodium.sodium_memcmp(a, b);
  },

  allocateSecret(length) {
    return SecretBytes.ofLength(length);
  },

  allocateLocked(length) {
    const bytes = sodium.sodium_malloc(length);
    if (bytes.length !== length) throw new Error('out of memory for secrets');
    sodium.sodium_memzero(bytes);
    return Object.setPrototypeOf(bytes, SecretBytes.prototype) as SecretBytes;
  },

  freeLocked(bytes) {
    sodium.sodium_free(bytes);
  },

  wipe(bytes) {
    sodium.sodium_memzero(bytes);
  },
};
