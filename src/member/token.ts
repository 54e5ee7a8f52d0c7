/**
 * The token of an invitation: one line of text that a person carries to the host that is to join. It holds where the inviter
 * can be reached, whose public key answers there, and a secret that is used once. From the secret a key pair is derived; the
 * inviter keeps only its public key, so that whoever reads the inviter's files cannot join.
 */
import { TOKEN_PREFIX } from '../api/invitations.js';
import { readU32, writeU32 } from '../base/bytes.js';
import { KEY_BYTES, type KeyPair, type Primitives } from '../crypto/primitives.js';
import { IFNAME, isRefusal } from '../grammar/values.js';
import { compareEndpoints, type Endpoint, Reader, writeEndpoint, writeText } from './fields.js';

/** Bytes of the secret. */
export const INVITATION_SECRET_BYTES = 16;
/** Ends of the inviter in one token: it still makes a small QR code. */
export const MAX_TOKEN_ENDPOINTS = 8;

const FORMAT = 1;
const CHECK_BYTES = 4;
const MAX_BYTES = 512;
const MAX_PORTION = 255;
const KEY_LABEL = new TextEncoder().encode('octolink 1 invitation');
const CHECK_LABEL = new TextEncoder().encode('octolink 1 token');

/** Where the inviter listens; `link`: the one link that leaves there, null: any of its links. */
export interface InviterEnd extends Omit<Endpoint, 'link'> {
  link: number | null;
}

export interface InvitationToken {
  /** Name of the interface, proposed to the host that joins. */
  interface: string;
  /** X25519 public key of the inviter, 32 bytes. */
  publicKey: Uint8Array;
  /** `INVITATION_SECRET_BYTES` bytes. */
  secret: Uint8Array;
  /** Milliseconds since the epoch, whole seconds. */
  expiresMs: number;
  /** 1 to `MAX_TOKEN_ENDPOINTS`. */
  ends: InviterEnd[];
}

/** The key pair by which an invitation is recognized. The caller wipes the secret key. */
export function invitationKeys(
  primitives: Primitives,
  token: Pick<InvitationToken, 'publicKey' | 'secret'>,
): KeyPair {
  const secretKey = primitives.allocateSecret(KEY_BYTES);
  primitives.hash(secretKey, [KEY_LABEL, token.secret, token.publicKey]);
  return { secretKey, publicKey: primitives.publicKey(secretKey) };
}

/** The text of a token. */
export function encodeToken(primitives: Primitives, token: InvitationToken): string {
  const bytes = Buffer.alloc(MAX_BYTES);
  bytes[0] = FORMAT;
  writeU32(bytes, 1, Math.floor(token.expiresMs / 1000));
  bytes.set(token.publicKey, 5);
  bytes.set(token.secret, 5 + KEY_BYTES);
  let at = writeText(bytes, 5 + KEY_BYTES + INVITATION_SECRET_BYTES, token.interface);
  const bound = token.ends.filter(({ link }) => link !== null);
  const shared = token.ends.filter(({ link }) => link === null);
  for (const group of [bound, shared]) {
    bytes[at++] = group.length;
    const ordered = group.map((end) => ({ ...end, link: end.link ?? 0 })).sort(compareEndpoints);
    for (const end of ordered) at = writeEndpoint(bytes, at, end);
  }
  bytes.set(checkOf(primitives, bytes.subarray(0, at)), at);
  return TOKEN_PREFIX + bytes.subarray(0, at + CHECK_BYTES).toString('base64url');
}

/** A token read; a sentence that quotes nothing of it when it is none. Blanks and line ends within it are ignored. */
export function decodeToken(primitives: Primitives, text: string): InvitationToken | string {
  const plain = text.replace(/\s+/g, '');
  if (!plain.startsWith(TOKEN_PREFIX)) return `a token begins with ${TOKEN_PREFIX}`;
  const body = plain.slice(TOKEN_PREFIX.length);
  if (!/^[\w-]+$/.test(body)) return 'the token holds characters that do not belong there';
  const raw = Buffer.from(body, 'base64url');
  const bytes = new Uint8Array(raw);
  const end = bytes.length - CHECK_BYTES;
  if (end <= 0 || bytes.length > MAX_BYTES || raw.toString('base64url') !== body) return INCOMPLETE;
  const check = checkOf(primitives, bytes.subarray(0, end));
  if (!primitives.equal(check, bytes.subarray(end))) return INCOMPLETE;
  if (bytes[0] !== FORMAT) return 'the token was made by a newer Octolink: this one cannot read it';
  const reader = new Reader(bytes, 1, end);
  const seconds = readU32(reader.rest(4), 0);
  const publicKey = reader.rest(KEY_BYTES);
  const secret = reader.rest(INVITATION_SECRET_BYTES);
  const name = reader.text(MAX_PORTION);
  const bound: InviterEnd[] = reader.list(MAX_TOKEN_ENDPOINTS, () => reader.endpoint());
  const shared = reader.list(MAX_TOKEN_ENDPOINTS, () => ({ ...reader.endpoint(), link: null }));
  const ends = [...bound, ...shared];
  const isComplete = reader.isDone && ends.length > 0 && ends.length <= MAX_TOKEN_ENDPOINTS;
  if (!isComplete || isRefusal(IFNAME.parse(name))) return INCOMPLETE;
  return { interface: name, publicKey, secret, expiresMs: seconds * 1000, ends };
}

const INCOMPLETE = 'the token is incomplete or has a mistake in it';

function checkOf(primitives: Primitives, bytes: Uint8Array): Uint8Array {
  const digest = new Uint8Array(KEY_BYTES);
  primitives.hash(digest, [CHECK_LABEL, bytes]);
  return digest.subarray(0, CHECK_BYTES);
}
