/**
 * Keys as text: base64 of exactly 32 bytes (RFC 4648, canonical), 44 characters. Secrets are decoded from bytes to
 * bytes: a JavaScript string could neither be wiped nor kept from being copied.
 */
import { KEY_BYTES, type Primitives } from './primitives.js';

/** Characters of a key in base64. */
export const KEY_TEXT_BYTES = 44;

const ALPHABET = new TextEncoder().encode('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/');
const PADDING = '='.charCodeAt(0);
const LINE_FEED = '\n'.charCodeAt(0);
const NOT_BASE64 = 255;
const WHITE_SPACE = new TextEncoder().encode(' \t\r\n');
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

const sixBits = new Uint8Array(256).fill(NOT_BASE64);
for (const [value, character] of ALPHABET.entries()) sixBits[character] = value;

/** What is wrong with a key, as a sentence that never holds the key itself. */
export class KeyError extends Error {
  override readonly name = 'KeyError';
}

/** Base64 of a 32-byte key as ASCII bytes. */
export function encodeKey(primitives: Primitives, key: Uint8Array): Uint8Array {
  const text = primitives.allocateSecret(KEY_TEXT_BYTES);
  let bits = 0;
  let held = 0;
  let length = 0;
  for (const byte of key) {
    bits = (bits << 8) | byte;
    held += 8;
    while (held >= 6) {
      held -= 6;
      text[length++] = ALPHABET[(bits >> held) & 63];
    }
    bits &= (1 << held) - 1;
  }
  text[length++] = ALPHABET[(bits << (6 - held)) & 63];
  text[length] = PADDING;
  return text;
}

/**
 * Decodes base64 text, one line end after it allowed, into `key`, 32 bytes.
 * @throws KeyError when it is not the canonical text of exactly 32 bytes; `key` is then all zero.
 */
export function decodeKey(key: Uint8Array, text: Uint8Array): void {
  const length = text.at(-1) === LINE_FEED ? text.length - 1 : text.length;
  if (length !== KEY_TEXT_BYTES || text[KEY_TEXT_BYTES - 1] !== PADDING) {
    throw new KeyError('a key is the base64 text of 32 bytes: 44 characters, the last one "="');
  }
  let bits = 0;
  let held = 0;
  let written = 0;
  for (let i = 0; i < KEY_TEXT_BYTES - 1; i++) {
    const value = sixBits[text[i]];
    if (value === NOT_BASE64) {
      key.fill(0);
      throw new KeyError(`character ${i + 1} of the key does not belong to base64`);
    }
    bits = (bits << 6) | value;
    held += 6;
    if (held >= 8) {
      held -= 8;
      key[written++] = bits >> held;
      bits &= (1 << held) - 1;
    }
  }
  if (bits !== 0) {
    key.fill(0);
    throw new KeyError('the key is not canonical base64: its last character has stray bits');
  }
}

/** Parses a public key. @throws KeyError */
export function parsePublicKey(text: string): Uint8Array {
  const key = new Uint8Array(KEY_BYTES);
  decodeKey(key, new TextEncoder().encode(text));
  return key;
}

/** A public key as text. Not for secrets. */
export function formatPublicKey(publicKey: Uint8Array): string {
  return Buffer.from(publicKey).toString('base64');
}

/**
 * Parses a secret from the bytes of a file or of standard input into locked memory. White space around it, and a byte order mark
 * in front, are what editors and scripts leave there. @throws KeyError
 */
export function parseSecret(primitives: Primitives, text: Uint8Array): Uint8Array {
  const secret = primitives.allocateLocked(KEY_BYTES);
  try {
    decodeKey(secret, trimmed(text));
    return secret;
  } catch (error) {
    primitives.freeLocked(secret);
    throw error;
  }
}

/** A view, not a copy: the text is a secret. */
function trimmed(text: Uint8Array): Uint8Array {
  const hasMark = BYTE_ORDER_MARK.every((byte, index) => text[index] === byte);
  let start = hasMark ? BYTE_ORDER_MARK.length : 0;
  let end = text.length;
  while (start < end && WHITE_SPACE.includes(text[start])) start++;
  while (end > start && WHITE_SPACE.includes(text[end - 1])) end--;
  return text.subarray(start, end);
}

/** Draws a private key in locked memory, with the bits set that X25519 sets anyway (RFC 7748, section 5). */
export function generateSecret(primitives: Primitives): Uint8Array {
  const secret = primitives.allocateLocked(KEY_BYTES);
  primitives.random(secret);
  secret[0] &= 0b1111_1000;
  secret[31] = (secret[31] & 0b0111_1111) | 0b0100_0000;
  return secret;
}
