/**
 * The symmetric half of a Noise handshake (Noise Protocol Framework revision 34, sections 4 and 5), for
 * ChaChaPoly and BLAKE2b: chaining key, handshake hash and the cipher key that follows from them.
 */
import { HASH_BYTES, type HandshakeMemory, STATE_BYTES } from './handshake-memory.js';
import { CHACHA_NONCE_BYTES, KEY_BYTES, type Primitives, TAG_BYTES } from './primitives.js';

/** Little-endian (section 12.3). Shared by all states: it counts within one call only. */
const nonceBytes = new Uint8Array(CHACHA_NONCE_BYTES);

/**
 * What all handshakes of a protocol begin with: the state after InitializeSymmetric with the full protocol name, and MixHash of the
 * prologue.
 */
export function initialState(primitives: Primitives, protocolName: string, prologue: Uint8Array): Uint8Array {
  const state = new Uint8Array(STATE_BYTES);
  const hash = state.subarray(HASH_BYTES, 2 * HASH_BYTES);
  const name = new TextEncoder().encode(protocolName);
  if (name.length <= HASH_BYTES) hash.set(name);
  else primitives.hash(hash, [name]);
  state.set(hash);
  primitives.mixHash(state, prologue);
  return state;
}

export class SymmetricState {
  private readonly state: Uint8Array;
  private readonly hash: Uint8Array;
  private readonly cipherKey: Uint8Array;
  /** The nonce never needs more than eight bits: a handshake seals a handful of times under one key. */
  private nonce = 0;
  private isKeyed = false;
  private savedNonce = 0;
  private savedHasKey = false;

  /** From what `initialState` made. Who owns `memory` erases it. */
  constructor(
    private readonly primitives: Primitives,
    initial: Uint8Array,
    private readonly memory: HandshakeMemory,
  ) {
    this.state = memory.state;
    this.hash = memory.hash;
    this.cipherKey = memory.cipherKey;
    this.state.set(initial);
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
    this.primitives.mixHash(this.state, data);
  }

  mixKey(input: Uint8Array): void {
    this.primitives.mixKey(this.state, input);
    this.nonce = 0;
    this.isKeyed = true;
  }

  mixKeyAndHash(input: Uint8Array): void {
    this.primitives.mixKeyAndHash(this.state, input);
    this.nonce = 0;
    this.isKeyed = true;
  }

  /**
   * Seals into `wire` (or copies while there is no key), which is as long as the result, and mixes what goes on the wire into the
   * hash.
   */
  encryptAndHash(wire: Uint8Array, plaintext: Uint8Array): void {
    if (!this.isKeyed) wire.set(plaintext);
    else this.primitives.chachaSeal(wire, this.cipherKey, this.nextNonce(), plaintext, this.hash);
    this.mixHash(wire);
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
    const first = this.primitives.allocateSecret(KEY_BYTES);
    const second = this.primitives.allocateSecret(KEY_BYTES);
    this.primitives.split(this.state, first, second);
    return [first, second];
  }

  /** Remembers the state, for `restore` after a message that turns out not to be authentic. */
  save(): void {
    this.memory.saved.set(this.state);
    this.savedNonce = this.nonce;
    this.savedHasKey = this.isKeyed;
  }

  /** Goes back to the state last saved. */
  restore(): void {
    this.state.set(this.memory.saved);
    this.nonce = this.savedNonce;
    this.isKeyed = this.savedHasKey;
  }

  private nextNonce(): Uint8Array {
    nonceBytes[4] = this.nonce++;
    return nonceBytes;
  }
}
