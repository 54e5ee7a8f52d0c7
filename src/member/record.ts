/**
 * A member record: what a member of a network says of itself, signed, so that others may carry it. The layout is in
 * `docs/protocol.md`. There is one way to write what a record says, and any other is refused.
 *
 * A signature only shows that the holder of the signing key wrote the record. That this key belongs to the public key in it
 * must be known otherwise: from the session in which the record came, or from somebody who vouches for it.
 */
import { readU16, readU32, readU64, writeU16, writeU32, writeU64 } from '../base/bytes.js';
import {
  KEY_BYTES,
  type KeyPair,
  type Primitives,
  SIGNATURE_BYTES,
  SIGNING_KEY_BYTES,
} from '../crypto/primitives.js';
import {
  ascends,
  compareEndpoints,
  compareTexts,
  type Endpoint,
  MAX_NAME_BYTES,
  Reader,
  writeEndpoint,
  writeText,
} from './fields.js';
import { isSignedBy, withSignature } from './signed.js';

export interface MemberRecord {
  /** As names of peers are. */
  name: string;
  /** X25519, 32 bytes. */
  publicKey: Uint8Array;
  /** Ed25519, 32 bytes. */
  signingKey: Uint8Array;
  /** Of two records with one signing key the one with the higher number counts; up to 2^53 − 1. */
  sequence: number;
  /** When it was signed, in milliseconds since 1970, and for how many seconds it holds from then on. */
  signedMs: number;
  lifetimeS: number;
  /** The member has left, or was removed: nothing else of the record counts. */
  isGone: boolean;
  /** Up to 16, in the order of `compareEndpoints`, none twice. */
  endpoints: Endpoint[];
  /** VLANs that it takes part in, ascending; empty: it does not say. */
  vlans: number[];
  /** Groups that it belongs to, in the order of their bytes; names like those of peers, of at most 32 bytes. */
  groups: string[];
}

/** Bytes of a record, signature included: with an introduction around it fits the smallest datagram of a link. */
export const MAX_RECORD_BYTES = 896;
export const MAX_ENDPOINTS = 16;
export const MAX_VLANS = 32;
export const MAX_GROUPS = 8;
/** A record holds for a week at most. */
export const MAX_LIFETIME_S = 7 * 86_400;
export const MAX_GROUP_BYTES = 32;

const FORMAT = 1;
const GONE = 1;
/** Byte offsets; from `NAME` on lengths vary. */
const AT = {
  FORMAT: 0,
  FLAGS: 1,
  LENGTH: 2,
  SEQUENCE: 4,
  SIGNED: 12,
  LIFETIME: 20,
  KEY: 24,
  SIGNING_KEY: 56,
  NAME: 88,
};
/** Nothing else that is signed begins like this. */
const PREFIX = new TextEncoder().encode('octolink member record 1\n');
/** For what a signing key is derived. */
const LABEL = 'olmember';

/** The signing keys of a member, to be wiped by the caller. */
export function memberSigningKeys(primitives: Primitives, secretKey: Uint8Array): KeyPair {
  return primitives.signingKeys(secretKey, LABEL);
}

/**
 * The bytes of a record, signed.
 * @throws RangeError when the record says what none may say: a programming error.
 */
export function signRecord(
  primitives: Primitives,
  record: Omit<MemberRecord, 'signingKey'>,
  keys: KeyPair,
): Uint8Array {
  const whole = { ...record, signingKey: keys.publicKey };
  const bytes = withSignature(primitives, PREFIX, encode(whole), keys);
  if (decode(bytes) === null) throw new RangeError('not a member record');
  return bytes;
}

/** Reads a record whose signature is right; null for anything else. */
export function readRecord(primitives: Primitives, bytes: Uint8Array): MemberRecord | null {
  const record = decode(bytes);
  return record !== null && isSignedBy(primitives, PREFIX, bytes, record.signingKey) ? record : null;
}

/** The public key of which bytes would be a record, before anything is checked. */
export function claimedKey(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(AT.KEY, AT.SIGNING_KEY);
}

function encode(record: MemberRecord): Uint8Array {
  const bytes = Buffer.alloc(MAX_RECORD_BYTES);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  bytes[AT.FORMAT] = FORMAT;
  bytes[AT.FLAGS] = record.isGone ? GONE : 0;
  writeU64(view, AT.SEQUENCE, record.sequence);
  writeU64(view, AT.SIGNED, record.signedMs);
  writeU32(bytes, AT.LIFETIME, record.lifetimeS);
  bytes.set(record.publicKey, AT.KEY);
  bytes.set(record.signingKey, AT.SIGNING_KEY);
  let at = writeText(bytes, AT.NAME, record.name);
  bytes[at++] = record.endpoints.length;
  for (const endpoint of record.endpoints) at = writeEndpoint(bytes, at, endpoint);
  bytes[at++] = record.vlans.length;
  for (const vlan of record.vlans) {
    writeU16(bytes, at, vlan);
    at += 2;
  }
  bytes[at++] = record.groups.length;
  for (const group of record.groups) at = writeText(bytes, at, group);
  writeU16(bytes, AT.LENGTH, at + SIGNATURE_BYTES);
  return bytes.subarray(0, at);
}

/** Reads what is no longer than it claims, and written the one right way. */
function decode(bytes: Uint8Array): MemberRecord | null {
  if (bytes.length < AT.NAME + SIGNATURE_BYTES || bytes.length > MAX_RECORD_BYTES) return null;
  if (bytes[AT.FORMAT] !== FORMAT || bytes[AT.FLAGS] > GONE) return null;
  if (readU16(bytes, AT.LENGTH) !== bytes.length) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const reader = new Reader(bytes, AT.NAME, bytes.length - SIGNATURE_BYTES);
  const name = reader.text(MAX_NAME_BYTES);
  const endpoints = reader.list(MAX_ENDPOINTS, () => reader.endpoint());
  const vlans = reader.list(MAX_VLANS, () => reader.u16());
  const groups = reader.list(MAX_GROUPS, () => reader.text(MAX_GROUP_BYTES));
  const record: MemberRecord = {
    name,
    publicKey: bytes.slice(AT.KEY, AT.KEY + KEY_BYTES),
    signingKey: bytes.slice(AT.SIGNING_KEY, AT.SIGNING_KEY + SIGNING_KEY_BYTES),
    sequence: readU64(view, AT.SEQUENCE),
    signedMs: readU64(view, AT.SIGNED),
    lifetimeS: readU32(bytes, AT.LIFETIME),
    isGone: bytes[AT.FLAGS] === GONE,
    endpoints,
    vlans,
    groups,
  };
  return reader.isDone && isSound(record) ? record : null;
}

function isSound(record: MemberRecord): boolean {
  const { endpoints, vlans, groups, lifetimeS } = record;
  return (
    Number.isSafeInteger(record.sequence) &&
    Number.isSafeInteger(record.signedMs) &&
    lifetimeS > 0 &&
    lifetimeS <= MAX_LIFETIME_S &&
    ascends(endpoints, compareEndpoints) &&
    vlans.every((vlan) => vlan >= 1 && vlan <= 4094) &&
    ascends(vlans, (a, b) => a - b) &&
    ascends(groups, compareTexts)
  );
}
