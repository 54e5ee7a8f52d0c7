/**
 * A member certificate: a network authority says, with its signature and until a date, that a public key belongs to a member of this
 * name and these groups. Signed offline, carried by the member, believed by hosts that know the authority. The layout is in
 * `docs/protocol.md`; there is one way to write what a certificate says, and any other is refused.
 */
import { readU64, writeU64 } from '../base/bytes.js';
import {
  KEY_BYTES,
  type KeyPair,
  type Primitives,
  SIGNATURE_BYTES,
  SIGNING_KEY_BYTES,
} from '../crypto/primitives.js';
import { ascends, compareTexts, MAX_NAME_BYTES, Reader, writeText } from './fields.js';
import { MAX_GROUP_BYTES, MAX_GROUPS } from './record.js';
import { isSignedBy, withSignature } from './signed.js';

export interface MemberCertificate {
  /** As names of peers are. */
  name: string;
  /** Of the member: X25519, 32 bytes. */
  publicKey: Uint8Array;
  /** Of who signed it: Ed25519, 32 bytes. */
  authority: Uint8Array;
  /** Milliseconds since 1970; it holds from the first of them until before the second. */
  issuedMs: number;
  expiresMs: number;
  /** Up to 8, in the order of their bytes, none twice; names like those of peers, of at most 32 bytes. */
  groups: string[];
}

const TEXT_PREFIX = 'octolink-certificate1-';
const MAX_BYTES = 640;
const FORMAT = 1;
/** Byte offsets; from `NAME` on lengths vary. */
const AT = { FORMAT: 0, ISSUED: 1, EXPIRES: 9, KEY: 17, AUTHORITY: 49, NAME: 81 };
/** Nothing else that is signed begins like this. */
const SIGNED_PREFIX = new TextEncoder().encode('octolink member certificate 1\n');
/** For what a signing key is derived. */
const LABEL = 'olauthor';

/** The signing keys of an authority, from its private key; the caller wipes the secret. */
export function authorityKeys(primitives: Primitives, secretKey: Uint8Array): KeyPair {
  return primitives.signingKeys(secretKey, LABEL);
}

/**
 * The text of a certificate, one line. `keys` are of `authorityKeys`.
 * @throws RangeError when it says what none may say: an empty lifetime, a name or a group that is none
 */
export function signCertificate(
  primitives: Primitives,
  certificate: Omit<MemberCertificate, 'authority'>,
  keys: KeyPair,
): string {
  const body = encode({ ...certificate, authority: keys.publicKey });
  const bytes = withSignature(primitives, SIGNED_PREFIX, body, keys);
  if (decode(bytes) === null) throw new RangeError('not a member certificate');
  return TEXT_PREFIX + Buffer.from(bytes).toString('base64url');
}

/** Reads a certificate whose signature is right; null for anything else. Whether it holds now and for whom is not asked. */
export function readCertificate(primitives: Primitives, text: string): MemberCertificate | null {
  const plain = text.trim();
  if (!plain.startsWith(TEXT_PREFIX)) return null;
  const encoded = plain.slice(TEXT_PREFIX.length);
  const raw = Buffer.from(encoded, 'base64url');
  if (raw.length > MAX_BYTES || raw.toString('base64url') !== encoded) return null;
  const bytes = new Uint8Array(raw);
  const certificate = decode(bytes);
  if (certificate === null) return null;
  return isSignedBy(primitives, SIGNED_PREFIX, bytes, certificate.authority) ? certificate : null;
}

function encode(certificate: MemberCertificate): Uint8Array {
  const bytes = Buffer.alloc(MAX_BYTES);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  bytes[AT.FORMAT] = FORMAT;
  writeU64(view, AT.ISSUED, certificate.issuedMs);
  writeU64(view, AT.EXPIRES, certificate.expiresMs);
  bytes.set(certificate.publicKey, AT.KEY);
  bytes.set(certificate.authority, AT.AUTHORITY);
  let at = writeText(bytes, AT.NAME, certificate.name);
  bytes[at++] = certificate.groups.length;
  for (const group of certificate.groups) at = writeText(bytes, at, group);
  return bytes.subarray(0, at);
}

function decode(bytes: Uint8Array): MemberCertificate | null {
  const end = bytes.length - SIGNATURE_BYTES;
  if (end <= AT.NAME || bytes[AT.FORMAT] !== FORMAT) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const reader = new Reader(bytes, AT.NAME, end);
  const certificate: MemberCertificate = {
    name: reader.text(MAX_NAME_BYTES),
    groups: reader.list(MAX_GROUPS, () => reader.text(MAX_GROUP_BYTES)),
    publicKey: bytes.slice(AT.KEY, AT.KEY + KEY_BYTES),
    authority: bytes.slice(AT.AUTHORITY, AT.AUTHORITY + SIGNING_KEY_BYTES),
    issuedMs: readU64(view, AT.ISSUED),
    expiresMs: readU64(view, AT.EXPIRES),
  };
  return reader.isDone && isSound(certificate) ? certificate : null;
}

function isSound({ issuedMs, expiresMs, groups }: MemberCertificate): boolean {
  return (
    Number.isSafeInteger(issuedMs) &&
    Number.isSafeInteger(expiresMs) &&
    issuedMs < expiresMs &&
    ascends(groups, compareTexts)
  );
}
