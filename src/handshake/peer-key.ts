/** Which public keys may be a peer's. */
import { KEY_BYTES, type Primitives } from '../crypto/primitives.js';

const ANY_SECRET = new Uint8Array(KEY_BYTES).fill(1);

/** Why a public key cannot be a peer's, as a sentence; undefined when it can. */
export function peerKeyProblem(
  primitives: Primitives,
  ownPublicKey: Uint8Array,
  publicKey: Uint8Array,
): string | undefined {
  if (publicKey.length !== KEY_BYTES)
    return `a public key is ${KEY_BYTES} bytes long, not ${publicKey.length}`;
  if (primitives.equal(publicKey, ownPublicKey)) {
    return 'the public key is that of this interface itself; an interface cannot be its own peer';
  }
  return isLowOrder(primitives, publicKey)
    ? 'the public key is a point of low order: what it agrees on is known to everyone'
    : undefined;
}

/** Every X25519 secret is a multiple of the cofactor, so with a point of low order any secret gives zero. */
function isLowOrder(primitives: Primitives, publicKey: Uint8Array): boolean {
  return !primitives.dh(new Uint8Array(KEY_BYTES), ANY_SECRET, publicKey);
}
