/** Statements with an Ed25519 signature (RFC 8032) behind them, each kind under a prefix of its own. */
import { type KeyPair, type Primitives, SIGNATURE_BYTES } from '../crypto/primitives.js';

/** The statement and its signature. `prefix`: what nothing else that is signed begins with. */
export function withSignature(
  primitives: Primitives,
  prefix: Uint8Array,
  body: Uint8Array,
  { secretKey }: KeyPair,
): Uint8Array {
  const bytes = new Uint8Array(body.length + SIGNATURE_BYTES);
  bytes.set(body);
  bytes.set(primitives.sign(Buffer.concat([prefix, body]), secretKey), body.length);
  return bytes;
}

/** Whether the last bytes are the signature of all before them under a public key. */
export function isSignedBy(
  primitives: Primitives,
  prefix: Uint8Array,
  bytes: Uint8Array,
  publicKey: Uint8Array,
): boolean {
  const end = bytes.length - SIGNATURE_BYTES;
  return primitives.verify(bytes.subarray(end), Buffer.concat([prefix, bytes.subarray(0, end)]), publicKey);
}
