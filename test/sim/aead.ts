/** Ciphers of the simulator. They work in place: header of 16 bytes, text, room for a tag of 16 bytes. */
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { AEAD } from '../../src/native/ops.js';
import { OUTER, SEALED_OVERHEAD, TAG_BYTES } from '../../src/wire/header.js';

export interface Aead {
  seal(key: Uint8Array, datagram: Uint8Array): void;
  /** Whether the datagram is authentic; its text is then in the clear. */
  open(key: Uint8Array, datagram: Uint8Array): boolean;
}

/** Stream as u32, counter as u64, both big-endian. */
function nonceOf(datagram: Uint8Array): Uint8Array {
  const nonce = new Uint8Array(12);
  nonce[3] = datagram[OUTER.STREAM];
  nonce.set(datagram.subarray(OUTER.COUNTER, OUTER.BYTES), 4);
  return nonce;
}

/** The AEAD of a number in `AEAD`, as the product uses it. */
export function realAead(number: number): Aead {
  // Both have the same interface; the types name each cipher apart.
  const cipher = number === AEAD.AES_256_GCM ? 'aes-256-gcm' : ('chacha20-poly1305' as 'aes-256-gcm');
  const options = { authTagLength: TAG_BYTES };
  return {
    seal(key, datagram) {
      const end = datagram.length - TAG_BYTES;
      const sealing = createCipheriv(cipher, key, nonceOf(datagram), options);
      sealing.setAAD(datagram.subarray(0, OUTER.BYTES));
      datagram.set(sealing.update(datagram.subarray(OUTER.BYTES, end)), OUTER.BYTES);
      sealing.final();
      datagram.set(sealing.getAuthTag(), end);
    },
    open(key, datagram) {
      const end = datagram.length - TAG_BYTES;
      const opening = createDecipheriv(cipher, key, nonceOf(datagram), options);
      opening.setAAD(datagram.subarray(0, OUTER.BYTES));
      opening.setAuthTag(datagram.subarray(end));
      const text = opening.update(datagram.subarray(OUTER.BYTES, end));
      try {
        opening.final();
      } catch {
        return false;
      }
      datagram.set(text, OUTER.BYTES);
      return true;
    },
  };
}

/**
 * No protection, but the same shape at a twentieth of the cost: the text is masked by key and counter, the tag is a
 * keyed checksum. For long runs whose subject is not cryptography.
 */
export const quickAead: Aead = {
  seal(key, datagram) {
    const tag = checksum(key, datagram);
    mask(key, datagram);
    new DataView(datagram.buffer, datagram.byteOffset).setUint32(datagram.length - TAG_BYTES, tag);
    datagram.fill(0x5a, datagram.length - TAG_BYTES + 4);
  },
  open(key, datagram) {
    mask(key, datagram);
    const tagAt = datagram.length - TAG_BYTES;
    const found = new DataView(datagram.buffer, datagram.byteOffset).getUint32(tagAt);
    return found === checksum(key, datagram) && datagram.subarray(tagAt + 4).every((byte) => byte === 0x5a);
  },
};

function mask(key: Uint8Array, datagram: Uint8Array): void {
  const salt = datagram[15] ^ datagram[OUTER.STREAM];
  for (let at = OUTER.BYTES; at < datagram.length - TAG_BYTES; at++) datagram[at] ^= key[at & 31] ^ salt;
}

function checksum(key: Uint8Array, datagram: Uint8Array): number {
  let hash = (key[0] << 24) | (key[1] << 16) | (key[2] << 8) | key[3];
  for (let at = 0; at < datagram.length - TAG_BYTES; at++) hash = Math.imul(hash ^ datagram[at], 0x01000193);
  return hash >>> 0;
}

/** Bytes too few to be a sealed datagram at all. */
export function isTooShort(length: number): boolean {
  return length < SEALED_OVERHEAD;
}
