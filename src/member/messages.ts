/** What clients and their server, and members of a registry, tell each other of members: the body of MEMBER messages, after the kind. Layouts: `docs/protocol.md`. */
import { readU64, writeU64 } from '../base/bytes.js';
import { KEY_BYTES } from '../crypto/primitives.js';
import { type Endpoint, MAX_NAME_BYTES, Reader, writeEndpoint, writeText } from './fields.js';
import { MAX_RECORD_BYTES } from './record.js';

/** Endpoints at which a server sees a client: one a link. */
export const MAX_SEEN = 8;
const ENDPOINT_BYTES = 20;

const WHAT = {
  RECORD: 1,
  TAKEN: 2,
  INTRODUCTION: 3,
  WITHDRAWAL: 4,
  QUESTION: 5,
  PROOF: 6,
  PROVEN: 7,
} as const;

export type MemberMessage =
  /** A client: this is my record, and I want to be introduced. */
  | { what: 'record'; record: Uint8Array }
  /** Its server: I have taken the record of this number; there I see you. */
  | { what: 'taken'; sequence: number; seen: Endpoint[] }
  /** A server: you may make direct links to this member, whom I know by that name and see there. */
  | { what: 'introduction'; name: string; seen: Endpoint[]; record: Uint8Array }
  /** A server: you may no more. */
  | { what: 'withdrawal'; publicKey: Uint8Array }
  /** A client: may I still make direct links to the member with this key? */
  | { what: 'question'; publicKey: Uint8Array }
  /** A member of a registry: this is my record, which proves whose signing key is mine. */
  | { what: 'proof'; record: Uint8Array }
  /** Another one: I have your record of this number. */
  | { what: 'proven'; sequence: number };

export function encodeMember(message: MemberMessage): Uint8Array {
  const bytes = Buffer.alloc(1 + 8 + 1 + MAX_NAME_BYTES + 1 + MAX_SEEN * ENDPOINT_BYTES + MAX_RECORD_BYTES);
  const end = write(message, bytes);
  return Uint8Array.from(bytes.subarray(0, end));
}

function write(message: MemberMessage, bytes: Buffer): number {
  switch (message.what) {
    case 'record':
    case 'proof':
      bytes[0] = message.what === 'record' ? WHAT.RECORD : WHAT.PROOF;
      bytes.set(message.record, 1);
      return 1 + message.record.length;
    case 'taken': {
      bytes[0] = WHAT.TAKEN;
      writeU64(new DataView(bytes.buffer, bytes.byteOffset), 1, message.sequence);
      return writeSeen(bytes, 9, message.seen);
    }
    case 'proven':
      bytes[0] = WHAT.PROVEN;
      writeU64(new DataView(bytes.buffer, bytes.byteOffset), 1, message.sequence);
      return 9;
    case 'introduction': {
      bytes[0] = WHAT.INTRODUCTION;
      const at = writeSeen(bytes, writeText(bytes, 1, message.name), message.seen);
      bytes.set(message.record, at);
      return at + message.record.length;
    }
    case 'withdrawal':
    case 'question':
      bytes[0] = message.what === 'question' ? WHAT.QUESTION : WHAT.WITHDRAWAL;
      bytes.set(message.publicKey, 1);
      return 1 + KEY_BYTES;
  }
}

function writeSeen(bytes: Buffer, from: number, seen: readonly Endpoint[]): number {
  let at = from;
  bytes[at++] = seen.length;
  for (const endpoint of seen) at = writeEndpoint(bytes, at, endpoint);
  return at;
}

/** Reads a message; null when it is none. Records in it are still to be read, by `readRecord`. */
export function decodeMember(bytes: Uint8Array): MemberMessage | null {
  if (bytes.length < 2) return null;
  const reader = new Reader(bytes, 1, bytes.length);
  const message = read(bytes, reader);
  return message !== null && reader.isDone ? message : null;
}

function read(bytes: Uint8Array, reader: Reader): MemberMessage | null {
  switch (bytes[0]) {
    case WHAT.RECORD:
      return { what: 'record', record: reader.rest(bytes.length - 1) };
    case WHAT.PROOF:
      return { what: 'proof', record: reader.rest(bytes.length - 1) };
    case WHAT.TAKEN: {
      const sequence = sequenceOf(reader);
      const seen = reader.list(MAX_SEEN, () => reader.endpoint());
      return sequence === null ? null : { what: 'taken', sequence, seen };
    }
    case WHAT.PROVEN: {
      const sequence = sequenceOf(reader);
      return sequence === null ? null : { what: 'proven', sequence };
    }
    case WHAT.INTRODUCTION: {
      const name = reader.text(MAX_NAME_BYTES);
      const seen = reader.list(MAX_SEEN, () => reader.endpoint());
      return { what: 'introduction', name, seen, record: reader.rest(reader.left) };
    }
    case WHAT.WITHDRAWAL:
      return { what: 'withdrawal', publicKey: reader.rest(KEY_BYTES) };
    case WHAT.QUESTION:
      return { what: 'question', publicKey: reader.rest(KEY_BYTES) };
    default:
      return null;
  }
}

function sequenceOf(reader: Reader): number | null {
  const raw = reader.rest(8);
  if (raw.length < 8) return null;
  const sequence = readU64(new DataView(raw.buffer, raw.byteOffset), 0);
  return Number.isSafeInteger(sequence) ? sequence : null;
}
