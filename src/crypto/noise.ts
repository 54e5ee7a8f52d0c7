/**
 * Noise handshakes (Noise Protocol Framework revision 34, section 5.3) over 25519, ChaChaPoly and BLAKE2b.
 * A pattern is data; Octolink speaks IKpsk2, the tests run others of the published vectors through the same code.
 */
import { HandshakeMemory } from './handshake-memory.js';
import { KEY_BYTES, type KeyPair, type Primitives, TAG_BYTES } from './primitives.js';
import { initialState, SymmetricState } from './symmetric-state.js';

export type Token = 'e' | 's' | 'ee' | 'es' | 'se' | 'ss' | 'psk';
export type Role = 'initiator' | 'responder';

/** A handshake pattern: what each end knows of the other beforehand, and the messages in turn. */
export interface Pattern {
  readonly name: string;
  /** Ends whose static public key the other end knows before the first message. */
  readonly knownStatics: readonly Role[];
  readonly messages: readonly (readonly Token[])[];
}

/** The responder's key is known, the initiator's travels encrypted, the preshared key enters at the end. */
export const IKPSK2: Pattern = {
  name: 'IKpsk2',
  knownStatics: ['responder'],
  messages: [
    ['e', 'es', 's', 'ss'],
    ['e', 'ee', 'se', 'psk'],
  ],
};

/** What is the same for all handshakes of a protocol, worked out once. */
interface Protocol {
  readonly primitives: Primitives;
  readonly prologue: Uint8Array;
  readonly usesPsk: boolean;
  readonly initial: Uint8Array;
}

/** By pattern, of the prologue that went with it last. */
const protocols = new WeakMap<Pattern, Protocol>();

function protocolOf(primitives: Primitives, pattern: Pattern, prologue: Uint8Array): Protocol {
  const known = protocols.get(pattern);
  if (known?.primitives === primitives && known.prologue === prologue) return known;
  const name = `Noise_${pattern.name}_25519_ChaChaPoly_BLAKE2b`;
  const usesPsk = pattern.messages.some((tokens) => tokens.includes('psk'));
  const made = { primitives, prologue, usesPsk, initial: initialState(primitives, name, prologue) };
  protocols.set(pattern, made);
  return made;
}

interface HandshakeOptions {
  readonly role: Role;
  /** Does not change while there are handshakes with it. */
  readonly prologue: Uint8Array;
  /** Own static key pair; the caller owns it; it is never wiped here. */
  readonly staticKeys?: KeyPair;
  /** The other end's static public key, where the pattern has it known. */
  readonly remoteStatic?: Uint8Array;
  /** Own ephemeral key pair, for the published vectors only; drawn afresh otherwise. */
  readonly ephemeralKeys?: KeyPair;
}

/** Why a message could not be written or read: a short one, a public key of low order, or one that is forged. */
type NoiseFailure = 'too-short' | 'low-order-key' | 'not-authentic';
type NoiseResult = { ok: true; bytes: Uint8Array } | { ok: false; reason: NoiseFailure };

/** The outcome of a handshake, from the point of view of the end that asks. The caller wipes both keys. */
export interface SessionKeys {
  readonly send: Uint8Array;
  readonly receive: Uint8Array;
  /** Equal at both ends, unique to this handshake. */
  readonly handshakeHash: Uint8Array;
}

/**
 * One handshake in progress at one end. Messages are written and read in the pattern's order. A message that
 * fails to read leaves the handshake as it was: a forged answer cannot spoil the genuine one that follows.
 */
export class NoiseHandshake {
  private readonly primitives: Primitives;
  private readonly pattern: Pattern;
  private readonly role: Role;
  private readonly usesPsk: boolean;
  private readonly symmetric: SymmetricState;
  /** Null once the handshake has ended. */
  private memory: HandshakeMemory | null;
  private readonly staticKeys: KeyPair | undefined;
  private ephemeralKeys: KeyPair | undefined;
  private peerStatic: Uint8Array | undefined;
  private remoteEphemeral: Uint8Array | undefined;
  private next = 0;

  constructor(primitives: Primitives, pattern: Pattern, options: HandshakeOptions) {
    this.primitives = primitives;
    this.pattern = pattern;
    this.role = options.role;
    const protocol = protocolOf(primitives, pattern, options.prologue);
    this.usesPsk = protocol.usesPsk;
    this.staticKeys = options.staticKeys;
    this.ephemeralKeys = options.ephemeralKeys;
    this.peerStatic = options.remoteStatic;
    const memory = HandshakeMemory.take(primitives);
    this.memory = memory;
    this.symmetric = new SymmetricState(primitives, protocol.initial, memory);
    for (const end of pattern.knownStatics) {
      const known = end === this.role ? this.staticKeys?.publicKey : this.peerStatic;
      this.symmetric.mixHash(this.required(known));
    }
  }

  /** The other end's static public key, once known. */
  get remoteStatic(): Uint8Array | undefined {
    return this.peerStatic;
  }

  /** Copies the preshared key in; it may come late, once the first message has named the initiator. */
  setPresharedKey(psk: Uint8Array): void {
    this.held().psk.set(psk);
  }

  /** Writes the next message around `payload`. */
  write(payload: Uint8Array): NoiseResult {
    const memory = this.held();
    const tokens = this.pattern.messages[this.next];
    const bytes = new Uint8Array(payload.length + TAG_BYTES + tokens.length * (KEY_BYTES + TAG_BYTES));
    let length = 0;
    const place = (plain: number): Uint8Array => {
      const start = length;
      length += this.symmetric.hasKey ? plain + TAG_BYTES : plain;
      return bytes.subarray(start, length);
    };
    for (const token of tokens) {
      if (token === 'e') {
        this.ephemeralKeys ??= this.drawEphemeral(memory);
        bytes.set(this.ephemeralKeys.publicKey, length);
        length += KEY_BYTES;
        this.mixEphemeral(this.ephemeralKeys.publicKey);
      } else if (token === 's') {
        this.symmetric.encryptAndHash(place(KEY_BYTES), this.required(this.staticKeys).publicKey);
      } else if (!this.mixSecret(token, memory)) {
        return { ok: false, reason: 'low-order-key' };
      }
    }
    this.symmetric.encryptAndHash(place(payload.length), payload);
    this.next += 1;
    return { ok: true, bytes: bytes.subarray(0, length) };
  }

  /** Reads the next message and gives its payload. */
  read(message: Uint8Array): NoiseResult {
    const memory = this.held();
    const remoteStatic = this.peerStatic;
    this.symmetric.save();
    const result = this.readTokens(message, memory);
    if (result.ok) {
      this.next += 1;
    } else {
      this.symmetric.restore();
      this.peerStatic = remoteStatic;
      this.remoteEphemeral = undefined;
    }
    return result;
  }

  /** Ends the handshake: gives the transport keys and erases everything else. */
  finish(): SessionKeys {
    this.held();
    const [fromInitiator, fromResponder] = this.symmetric.split();
    const handshakeHash = this.symmetric.handshakeHash();
    this.destroy();
    return this.role === 'initiator'
      ? { send: fromInitiator, receive: fromResponder, handshakeHash }
      : { send: fromResponder, receive: fromInitiator, handshakeHash };
  }

  /** Erases every secret of the handshake, which is of no use afterwards. */
  destroy(): void {
    this.memory?.release();
    this.memory = null;
    this.ephemeralKeys = undefined;
    this.remoteEphemeral = undefined;
  }

  /** @throws Error when the handshake has ended: its memory may be another's by now. */
  private held(): HandshakeMemory {
    if (this.memory === null) throw new Error('the handshake has ended');
    return this.memory;
  }

  private drawEphemeral({ ephemeral }: HandshakeMemory): KeyPair {
    this.primitives.random(ephemeral.secretKey);
    this.primitives.publicKey(ephemeral.secretKey, ephemeral.publicKey);
    return ephemeral;
  }

  private readTokens(message: Uint8Array, memory: HandshakeMemory): NoiseResult {
    let offset = 0;
    for (const token of this.pattern.messages[this.next]) {
      if (token === 'e' || token === 's') {
        const length = token === 's' && this.symmetric.hasKey ? KEY_BYTES + TAG_BYTES : KEY_BYTES;
        if (message.length < offset + length) return { ok: false, reason: 'too-short' };
        const field = message.subarray(offset, offset + length);
        offset += length;
        if (token === 'e') {
          memory.remoteEphemeral.set(field);
          this.remoteEphemeral = memory.remoteEphemeral;
          this.mixEphemeral(field);
        } else {
          const publicKey = this.symmetric.decryptAndHash(field);
          if (publicKey === undefined) return { ok: false, reason: 'not-authentic' };
          this.peerStatic = publicKey;
        }
      } else if (!this.mixSecret(token, memory)) {
        return { ok: false, reason: 'low-order-key' };
      }
    }
    const bytes = this.symmetric.decryptAndHash(message.subarray(offset));
    return bytes === undefined ? { ok: false, reason: 'not-authentic' } : { ok: true, bytes };
  }

  private mixEphemeral(publicKey: Uint8Array): void {
    this.symmetric.mixHash(publicKey);
    // Section 9.2: with a preshared key the ephemeral also randomises the key.
    if (this.usesPsk) this.symmetric.mixKey(publicKey);
  }

  private mixSecret(token: 'ee' | 'es' | 'se' | 'ss' | 'psk', memory: HandshakeMemory): boolean {
    if (token === 'psk') {
      this.symmetric.mixKeyAndHash(memory.psk);
      return true;
    }
    // The first letter names the initiator's key, the second the responder's.
    const [own, remote] = this.role === 'initiator' ? [token[0], token[1]] : [token[1], token[0]];
    const ownKeys = this.required(own === 'e' ? this.ephemeralKeys : this.staticKeys);
    const remoteKey = this.required(remote === 'e' ? this.remoteEphemeral : this.peerStatic);
    const agreed = this.primitives.dh(memory.shared, ownKeys.secretKey, remoteKey);
    if (agreed) this.symmetric.mixKey(memory.shared);
    this.primitives.wipe(memory.shared);
    return agreed;
  }

  private required<T>(value: T | undefined): T {
    if (value === undefined) throw new Error(`a key that ${this.pattern.name} needs was not given`);
    return value;
  }
}
