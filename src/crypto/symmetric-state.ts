/**
 * The symmetric half of a Noise handshake (Noise Protocol Framework revision 34, sections 4 and 5), for
 * ChaChaPoly and BLAKE2b: chaining key, handshake hash and the cipher key that follows from them.
 */
import { CHACHA_NONCE_BYTES, KEY_BYTES, type Primitives, TAG_BYTES } from './primitives.js';

/** HASHLEN of BLAKE2b. */
const HASH_BYTES = 64;
/** BLOCKLEN of BLAKE2b, the block of HMAC. */
const BLOCK_BYTES = 128;
const NOTHING = new Uint8Array(0);
const OUTPUTS = [Uint8Array.of(1), Uint8Array.of(2), Uint8Array.of(3)] as const;

/** Bytes that XOR turns a key into those of HMAC, four at a time (RFC 2104). */
const INNER_PAD = 0x36363636;
const OUTER_PAD = 0x5c5c5c5c;
/** Longest input of HKDF in a handshake: an output and its number. */
const MOST_INPUT = HASH_BYTES + 1;

/**
 * HMAC over BLAKE2b (RFC 2104), with keys of HASHLEN bytes: each of the two hashes goes over one stretch of memory, so that
 * it is one call with one part. What it works in is wiped by the caller.
 */
class Hmac {
  private readonly inner: Uint8Array;
  private readonly outer: Uint8Array;
  private readonly innerKey: Uint32Array;
  private readonly outerKey: Uint32Array;
  private readonly message: Uint8Array;
  private readonly digest: Uint8Array;
  /** What the inner hash goes over, by the length of the message. */
  private readonly inputs: readonly (readonly Uint8Array[])[];
  private readonly outerInput: readonly Uint8Array[];

  constructor(private readonly primitives: Primitives) {
    this.inner = primitives.allocateSecret(BLOCK_BYTES + MOST_INPUT);
    this.outer = primitives.allocateSecret(BLOCK_BYTES + HASH_BYTES);
    this.innerKey = wordsOf(this.inner.subarray(0, BLOCK_BYTES));
    this.outerKey = wordsOf(this.outer.subarray(0, BLOCK_BYTES));
    this.message = this.inner.subarray(BLOCK_BYTES);
    this.digest = this.outer.subarray(BLOCK_BYTES);
    this.inputs = Array.from({ length: MOST_INPUT + 1 }, (_, length) => [
      this.inner.subarray(0, BLOCK_BYTES + length),
    ]);
    this.outerInput = [this.outer];
  }

  /** Takes a key for the messages that follow. */
  setKey(key: Uint32Array): void {
    this.innerKey.fill(INNER_PAD);
    this.outerKey.fill(OUTER_PAD);
    for (let i = 0; i < key.length; i++) {
      this.innerKey[i] ^= key[i];
      this.outerKey[i] ^= key[i];
    }
  }

  /** The MAC of `first` and `second` as if joined, no longer than `MOST_INPUT`. */
  sum(mac: Uint8Array, first: Uint8Array, second: Uint8Array): void {
    this.message.set(first);
    this.message.set(second, first.length);
    this.primitives.hash(this.digest, this.inputs[first.length + second.length]);
    this.primitives.hash(mac, this.outerInput);
  }

  wipe(): void {
    this.primitives.wipe(this.inner);
    this.primitives.wipe(this.outer);
  }
}

/** What HKDF works in: used and wiped within one call of a state, and shared by all states. */
class Scratch {
  readonly hmac: Hmac;
  readonly temporary: Uint8Array;
  readonly temporaryKey: Uint32Array;
  /** Output of HKDF, its parts of HASHLEN bytes, and the keys that these begin with. */
  readonly block: Uint8Array;
  readonly parts: readonly Uint8Array[];
  readonly keys: readonly Uint8Array[];

  constructor(primitives: Primitives) {
    this.hmac = new Hmac(primitives);
    this.temporary = primitives.allocateSecret(HASH_BYTES);
    this.temporaryKey = wordsOf(this.temporary);
    this.block = primitives.allocateSecret(3 * HASH_BYTES);
    this.parts = OUTPUTS.map((_, index) => this.block.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES));
    this.keys = this.parts.map((part) => part.subarray(0, KEY_BYTES));
  }
}

/** The same memory in words of this machine's order. */
function wordsOf(bytes: Uint8Array): Uint32Array {
  return new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / Uint32Array.BYTES_PER_ELEMENT);
}

const scratches = new WeakMap<Primitives, Scratch>();

function scratchOf(primitives: Primitives): Scratch {
  let scratch = scratches.get(primitives);
  if (scratch === undefined) {
    scratch = new Scratch(primitives);
    scratches.set(primitives, scratch);
  }
  return scratch;
}

/** One block of memory holds every secret of the state, so that saving, restoring and wiping are one step each. */
const CHAINING_KEY = 0;
const HASH = CHAINING_KEY + HASH_BYTES;
const CIPHER_KEY = HASH + HASH_BYTES;
const STATE_BYTES = CIPHER_KEY + KEY_BYTES;

export class SymmetricState {
  private readonly primitives: Primitives;
  private readonly state: Uint8Array;
  private readonly saved: Uint8Array;
  private readonly chainingKey: Uint8Array;
  private readonly chainingKeyWords: Uint32Array;
  private readonly hash: Uint8Array;
  private readonly cipherKey: Uint8Array;
  private readonly scratch: Scratch;
  /** The nonce never needs 32 bits: a handshake seals a handful of times under one key. */
  private nonce = 0;
  private isKeyed = false;
  private savedNonce = 0;
  private savedHasKey = false;

  /** InitializeSymmetric with the full protocol name. */
  constructor(primitives: Primitives, protocolName: string) {
    this.primitives = primitives;
    this.scratch = scratchOf(primitives);
    this.state = primitives.allocateSecret(STATE_BYTES);
    this.saved = primitives.allocateSecret(STATE_BYTES);
    this.chainingKey = this.state.subarray(CHAINING_KEY, HASH);
    this.chainingKeyWords = wordsOf(this.chainingKey);
    this.hash = this.state.subarray(HASH, CIPHER_KEY);
    this.cipherKey = this.state.subarray(CIPHER_KEY);
    const name = new TextEncoder().encode(protocolName);
    if (name.length <= HASH_BYTES) this.hash.set(name);
    else primitives.hash(this.hash, [name]);
    this.chainingKey.set(this.hash);
  }

  /** True once a key was mixed in: from then on payloads and static keys are encrypted. */
  get hasKey(): boolean {
    return this.isKeyed;
  }

  /** A copy of the handshake hash, the channel binding once the handshake is over. */
  handshakeHash(): Uint8Array {
    return new Uint8Array(this.hash);
  }

  mixHash(data: Uint8Array): void {
    this.primitives.hash(this.hash, [this.hash, data]);
  }

  mixKey(input: Uint8Array): void {
    this.expand(input, 2);
    this.chainingKey.set(this.scratch.parts[0]);
    this.setKey(this.scratch.keys[1]);
    this.primitives.wipe(this.scratch.block);
  }

  mixKeyAndHash(input: Uint8Array): void {
    this.expand(input, 3);
    this.chainingKey.set(this.scratch.parts[0]);
    this.mixHash(this.scratch.parts[1]);
    this.setKey(this.scratch.keys[2]);
    this.primitives.wipe(this.scratch.block);
  }

  /** Seals (or passes on in the clear while there is no key) and mixes what goes on the wire into the hash. */
  encryptAndHash(plaintext: Uint8Array): Uint8Array {
    let wire = plaintext;
    if (this.isKeyed) {
      wire = new Uint8Array(plaintext.length + TAG_BYTES);
      this.primitives.chachaSeal(wire, this.cipherKey, this.nextNonce(), plaintext, this.hash);
    }
    this.mixHash(wire);
    return wire;
  }

  /** Opens what `encryptAndHash` made; undefined when it is too short or not authentic. */
  decryptAndHash(wire: Uint8Array): Uint8Array | undefined {
    let plaintext: Uint8Array = new Uint8Array(wire);
    if (this.isKeyed) {
      if (wire.length < TAG_BYTES) return undefined;
      plaintext = new Uint8Array(wire.length - TAG_BYTES);
      const key = this.cipherKey;
      if (!this.primitives.chachaOpen(plaintext, key, this.nextNonce(), wire, this.hash)) return undefined;
    }
    this.mixHash(wire);
    return plaintext;
  }

  /** The two transport keys: initiator to responder, responder to initiator. The caller owns and wipes them. */
  split(): [Uint8Array, Uint8Array] {
    this.expand(NOTHING, 2);
    const first = this.primitives.allocateSecret(KEY_BYTES);
    const second = this.primitives.allocateSecret(KEY_BYTES);
    first.set(this.scratch.keys[0]);
    second.set(this.scratch.keys[1]);
    this.primitives.wipe(this.scratch.block);
    return [first, second];
  }

  /** Remembers the state, for `restore` after a message that turns out not to be authentic. */
  save(): void {
    this.saved.set(this.state);
    this.savedNonce = this.nonce;
    this.savedHasKey = this.isKeyed;
  }

  /** Goes back to the state last saved. */
  restore(): void {
    this.state.set(this.saved);
    this.nonce = this.savedNonce;
    this.isKeyed = this.savedHasKey;
  }

  /** Erases every secret. The state is of no use afterwards. */
  wipe(): void {
    this.primitives.wipe(this.state);
    this.primitives.wipe(this.saved);
    this.isKeyed = false;
  }

  private setKey(key: Uint8Array): void {
    this.cipherKey.set(key);
    this.nonce = 0;
    this.isKeyed = true;
  }

  private nextNonce(): Uint8Array {
    const nonce = new Uint8Array(CHACHA_NONCE_BYTES);
    new DataView(nonce.buffer).setUint32(4, this.nonce, true);
    this.nonce += 1;
    return nonce;
  }

  /** HKDF of the Noise framework (section 4.3): `outputs` blocks of HASHLEN bytes in the scratch block, to be wiped. */
  private expand(input: Uint8Array, outputs: 2 | 3): void {
    const { hmac, temporary, temporaryKey, parts } = this.scratch;
    hmac.setKey(this.chainingKeyWords);
    hmac.sum(temporary, input, NOTHING);
    hmac.setKey(temporaryKey);
    let previous: Uint8Array = NOTHING;
    for (let index = 0; index < outputs; index++) {
      hmac.sum(parts[index], previous, OUTPUTS[index]);
      previous = parts[index];
    }
    hmac.wipe();
    this.primitives.wipe(temporary);
  }
}
