/** X25519 keys for `genkey` and `pubkey`, as base64 of 32 bytes. */
import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';

/** RFC 8410: what stands in front of the 32 bytes of a private key in PKCS #8. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b656e04220420', 'hex');
const KEY_BYTES = 32;

export function generatePrivateKey(): string {
  const { privateKey } = generateKeyPairSync('x25519');
  const encoded = privateKey.export({ format: 'der', type: 'pkcs8' });
  const raw = encoded.subarray(encoded.length - KEY_BYTES);
  // RFC 7748 section 5: the form in which the bits are used.
  raw[0] &= 248;
  raw[31] = (raw[31] & 127) | 64;
  return raw.toString('base64');
}

/** The public key of a private key. Throws a plain sentence, without the key, when it is none. */
export function publicKeyOf(privateBase64: string): string {
  const raw = Buffer.from(privateBase64, 'base64');
  if (raw.length !== KEY_BYTES || raw.toString('base64') !== privateBase64) {
    throw new Error('the private key must be 44 characters of base64, 32 bytes');
  }
  const der = Buffer.concat([PKCS8_PREFIX, raw]);
  const publicKey = createPublicKey(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }));
  const encoded = publicKey.export({ format: 'der', type: 'spki' });
  return encoded.subarray(encoded.length - KEY_BYTES).toString('base64');
}
