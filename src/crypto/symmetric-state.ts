/**
 * The symmetric half of a Noise handshake (Noise Protocol Framework revision 34, sections 4 and 5), for
 * ChaChaPoly and BLAKE2b: chaining key, handshake hash and the cipher key that follows from them.
 */
import { HASH_BYTES, type HandshakeMemory } from './handshake-memory.js';
import { CHACHA_NONCE_BYTES, KEY_BYTES, type Primitives, TAG_BYTES } from './primitives.js';

const NOTHING = new Uint8Array(0);
const MOST_OUTPUTS = 3;

/** What HKDF makes, and nonces: used and wiped within one call of a state, and shared by all states. */
class Scratch {
  readonly three: Uint8Array;
  readonly two: Uint8Array;
  /** Its parts of HASHLEN bytes, and the keys that these begin with. */
  readonly parts: readonly Uint8Array[];
  readonly keys: readonly Uint8Array[];
  readonly nonce = new Uint8Array(CHACHA_NONCE_BYTES);

  constructor(primitives: Primitives) {
    this.three = primitives.allocateSecret(MOST_OUTPUTS * HASH_BYTES);
    this.two = this.three.subarray(0, 2 * HASH_BYTES);
    this.parts = [0, 1, 2].map((index) => this.three.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES));
    this.keys = this.parts.map((part) => part.subarray(0, KEY_BYTES));
  }
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

export class SymmetricState {
  private readonly chainingKey: Uint8Array;
  private readonly hash: Uint8Array;
  private readonly cipherKey: Uint8Array;
  private readonly scratch: Scratch;
  /** The nonce never needs more than eight bits: a handshake seals a handful of times under one key. */
  private nonce = 0;
  private isKeyed = false;
  private savedNonce = 0;
  private savedHasKey = false;

  /** InitializeSymmetric with the full protocol name. Who owns `memory` erases it. */
  constructor(
    private readonly primitives: Primitives,
    protocolName: string,
    private readonly memory: HandshakeMemory,
  ) {
    this.scratch = scratchOf(primitives);
    this.chainingKey = memory.chainingKey;
    this.hash = memory.hash;
    this.cipherKey = memory.cipherKey;
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
    this.primitives.hkdf(this.scratch.two, this.chainingKey, input);
    this.chainingKey.set(this.scratch.parts[0]);
    this.setKey(this.scratch.keys[1]);
    this.primitives.wipe(this.scratch.three);
  }

  mixKeyAndHash(input: Uint8Array): void {
    this.primitives.hkdf(this.scratch.three, this.chainingKey, input);
    this.chainingKey.set(this.scratch.parts[0]);
    this.mixHash(this.scratch.parts[1]);
    this.setKey(this.scratch.keys[2]);
    this.primitives.wipe(this.scratch.three);
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
    let plaintext: Uint8Array;
    if (!this.isKeyed) plaintext = new Uint8Array(wire);
    else {
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
    this.primitives.hkdf(this.scratch.two, this.chainingKey, NOTHING);
    const first = this.primitives.allocateSecret(KEY_BYTES);
    const second = this.primitives.allocateSecret(KEY_BYTES);
    first.set(this.scratch.keys[0]);
    second.set(this.scratch.keys[1]);
    this.primitives.wipe(this.scratch.three);
    return [first, second];
  }

  /** Remembers the state, for `restore` after a message that turns out not to be authentic. */
  save(): void {
    this.memory.saved.set(this.memory.state);
    this.savedNonce = this.nonce;
    this.savedHasKey = this.isKeyed;
  }

  /** Goes back to the state last saved. */
  restore(): void {
    this.memory.state.set(this.memory.saved);
    this.nonce = this.savedNonce;
    this.isKeyed = this.savedHasKey;
  }

  private setKey(key: Uint8Array): void {
    this.cipherKey.set(key);
    this.nonce = 0;
    this.isKeyed = true;
  }

  private nextNonce(): Uint8Array {
    // Little-endian (section 12.3); one byte says it.
    const { nonce } = this.scratch;
    nonce[4] = this.nonce++;
    return nonce;
  }
}
