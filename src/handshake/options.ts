/** What a handshaker is made from, and what it is told of peers. */
import type { AeadChoice } from '../api/config.js';
import type { KeyPair, Primitives } from '../crypto/primitives.js';
import type { JoinRequest } from '../member/join-messages.js';
import type { Client } from './client.js';
import type { HandshakeReason } from './reasons.js';

export interface HandshakerOptions {
  readonly primitives: Primitives;
  /** The interface's static keys; they stay the caller's. */
  readonly staticKeys: KeyPair;
  /** Microseconds of wall clock: the timestamps by which a peer knows a replayed initiation. */
  readonly wallClock: () => number;
  readonly aead: AeadChoice;
  readonly hardwareAes: boolean;
  /** Capability bits told to peers from now on, 32 bits. */
  readonly capabilities: () => number;
  /** Streams sent on each link, 1–255. */
  readonly workers: number;
  /** Absent: there are no clients. */
  readonly clients?: ClientSource;
}

/** Admits clients: peers that nobody has added; and makes this host one elsewhere. */
export interface ClientSource {
  /** The client with a public key, or why it is not admitted. */
  judge(publicKey: Uint8Array): Client | HandshakeReason;
  /** A number for a client that comes, which no peer has; null: there is no room for another one. */
  takeId(): number | null;
  /** A host shows a certificate under a key that it has proved to hold. Returns whether it may come now. */
  certify(key: Uint8Array, request: JoinRequest): boolean;
  /** The text of the certificate that this host shows; null: it has none that is of use. */
  certificate(): string | null;
}

export interface PeerIdentity {
  /** The caller's number for the peer. */
  readonly id: number;
  readonly publicKey: Uint8Array;
  /** 32 bytes, copied; absent means none. */
  readonly psk?: Uint8Array;
  /** Whether the peer's addresses are known, so that it can be called without having called us. */
  readonly mayInitiate: boolean;
}
