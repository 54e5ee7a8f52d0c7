/** Certificates for the commands about them; loaded when one of them is used, since libsodium takes its time. */
import { sodiumPrimitives } from '../../crypto/sodium.js';
import { authorityKeys, readCertificate, signCertificate } from '../../member/certificate.js';
import type { CertificateFacts } from '../output/certificate.js';

const KEY_BYTES = 32;

/** @throws Error with a sentence, without the key, when it is none */
export function authorityOf(privateKey: string): string {
  return withKeys(privateKey, ({ publicKey }) => Buffer.from(publicKey).toString('base64'));
}

/** What a certificate is to say; `publicKey` in base64. */
interface Statement {
  name: string;
  publicKey: string;
  groups: readonly string[];
  nowMs: number;
  validS: number;
}

/** The text of a certificate. @throws Error with a sentence, without the key, when that is none */
export function certify(privateKey: string, { name, publicKey, groups, nowMs, validS }: Statement): string {
  const certificate = {
    name,
    publicKey: new Uint8Array(Buffer.from(publicKey, 'base64')),
    issuedMs: nowMs,
    expiresMs: nowMs + validS * 1000,
    groups: [...new Set(groups)].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
  };
  return withKeys(privateKey, (keys) => {
    try {
      return signCertificate(sodiumPrimitives, certificate, keys);
    } catch {
      throw new Error(
        'a certificate has at most 8 groups of at most 32 bytes, and a name of at most 63 bytes',
      );
    }
  });
}

/** What a certificate says, if its signature is right; else null. */
export function describe(text: string): CertificateFacts | null {
  const certificate = readCertificate(sodiumPrimitives, text);
  if (certificate === null) return null;
  const { publicKey, authority, ...rest } = certificate;
  const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
  return { ...rest, publicKey: base64(publicKey), authority: base64(authority) };
}

function withKeys<T>(privateKey: string, use: (keys: ReturnType<typeof authorityKeys>) => T): T {
  const secret = sodiumPrimitives.allocateSecret(KEY_BYTES);
  const given = Buffer.from(privateKey, 'base64');
  if (given.length !== KEY_BYTES || given.toString('base64') !== privateKey)
    throw new Error('the private key must be 44 characters of base64, 32 bytes');
  secret.set(given);
  given.fill(0);
  const keys = authorityKeys(sodiumPrimitives, secret);
  sodiumPrimitives.wipe(secret);
  try {
    return use(keys);
  } finally {
    sodiumPrimitives.wipe(keys.secretKey);
  }
}
