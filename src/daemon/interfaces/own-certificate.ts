/** The certificate that this host shows: read from its file whenever it is wanted, so that one that was renewed counts at once. */
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import type { InterfaceConfig } from '../../api/config.js';
import { sodiumPrimitives } from '../../crypto/sodium.js';
import { type MemberCertificate, readCertificate } from '../../member/certificate.js';
import type { Expiring } from '../base/expiring.js';

const MAX_BYTES = 4096;
const DAY_MS = 86_400_000;

/** The text of a certificate and what it says; a sentence why it is of no use to the host with this public key, base64. */
export function ownCertificate(
  file: string,
  publicKey: string,
): { text: string; certificate: MemberCertificate } | string {
  const text = textOf(file);
  if (text === null) return `the certificate ${file} cannot be read: it must be a file of one line`;
  const certificate = readCertificate(sodiumPrimitives, text);
  if (certificate === null) return `${file} holds no certificate, or one that was damaged`;
  if (Buffer.from(certificate.publicKey).toString('base64') !== publicKey)
    return `the certificate ${file} is for another public key than this host's (${publicKey})`;
  const over = Date.now() - certificate.expiresMs;
  if (over >= 0)
    return `the certificate ${file} expired ${Math.floor(over / DAY_MS)} days ago: have it signed anew`;
  return { text: text.trim(), certificate };
}

/** The certificate of an interface, if its file holds one. */
export function* expiringCertificate({ name, certificateFile }: InterfaceConfig): Iterable<Expiring> {
  const text = certificateFile === undefined ? null : textOf(certificateFile);
  const certificate = text === null ? null : readCertificate(sodiumPrimitives, text);
  if (certificate === null) return;
  const { name: member, issuedMs, expiresMs } = certificate;
  yield { kind: 'certificate', interface: name, name: member, fromMs: issuedMs, expiresMs };
}

function textOf(file: string): string | null {
  try {
    // Non-blocking, so that a FIFO is refused instead of waited for.
    const descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const status = fstatSync(descriptor);
      return status.isFile() && status.size <= MAX_BYTES ? readFileSync(descriptor, 'utf8') : null;
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return null;
  }
}
