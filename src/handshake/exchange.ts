/** The cryptographic half of a handshake: messages made and read under one interface's static key. */
import { ReceiverKeys, writeMac1 } from '../crypto/cookie.js';
import {
  encodeInitiation,
  encodeResponse,
  noisePart,
  PROLOGUE,
  senderIndex,
} from '../crypto/handshake-messages.js';
import { IKPSK2, NoiseHandshake, type SessionKeys } from '../crypto/noise.js';
import {
  type Answer,
  decodeAnswer,
  decodeOffer,
  encodeAnswer,
  encodeOffer,
  type Offer,
} from '../crypto/payloads.js';
import type { KeyPair, Primitives } from '../crypto/primitives.js';
import type { HandshakeReason } from './reasons.js';

/** An initiation that has been read: its sender, its offer, and the handshake ready to be answered. */
export interface OpenedInitiation {
  readonly noise: NoiseHandshake;
  readonly publicKey: Uint8Array;
  readonly offer: Offer;
  readonly senderIndex: number;
}

/** What is needed to write to a peer. */
export interface Recipient {
  readonly publicKey: Uint8Array;
  readonly psk: Uint8Array;
  readonly keys: ReceiverKeys;
}

export class Exchange {
  private readonly primitives: Primitives;
  private readonly staticKeys: KeyPair;

  /** The caller owns `staticKeys`. */
  constructor(primitives: Primitives, staticKeys: KeyPair) {
    this.primitives = primitives;
    this.staticKeys = staticKeys;
  }

  /** What is needed to write to a peer. Its keys are worked out anew each time: memory for each peer costs more. */
  recipient({ publicKey, psk }: Omit<Recipient, 'keys'>): Recipient {
    return { publicKey, psk, keys: new ReceiverKeys(this.primitives, publicKey) };
  }

  /** A new handshake towards `peer`, to be given to `writeInitiation`. */
  begin(peer: Recipient): NoiseHandshake {
    const noise = new NoiseHandshake(this.primitives, IKPSK2, {
      role: 'initiator',
      prologue: PROLOGUE,
      staticKeys: this.staticKeys,
      remoteStatic: peer.publicKey,
    });
    noise.setPresharedKey(peer.psk);
    return noise;
  }

  /** The first message, MAC1 filled in. */
  writeInitiation(noise: NoiseHandshake, peer: Recipient, localIndex: number, offer: Offer): Uint8Array {
    const written = noise.write(encodeOffer(offer));
    if (!written.ok) throw new Error('a peer with a public key of low order was not refused');
    const message = encodeInitiation(localIndex, written.bytes);
    writeMac1(this.primitives, peer.keys, message);
    return message;
  }

  /** Reads an initiation whose MACs are right. When it returns a reason, nothing remains to be destroyed. */
  readInitiation(message: Uint8Array): OpenedInitiation | HandshakeReason {
    const noise = new NoiseHandshake(this.primitives, IKPSK2, {
      role: 'responder',
      prologue: PROLOGUE,
      staticKeys: this.staticKeys,
    });
    const read = noise.read(noisePart(message));
    const offer = read.ok ? decodeOffer(read.bytes) : undefined;
    if (offer !== undefined) {
      return { noise, publicKey: noise.remoteStatic!, offer, senderIndex: senderIndex(message) };
    }
    noise.destroy();
    if (read.ok) return 'offer-malformed';
    return read.reason === 'low-order-key' ? read.reason : 'initiation-not-authentic';
  }

  /** Answers an initiation and ends the handshake on our side. */
  answer(
    opened: OpenedInitiation,
    peer: Recipient,
    localIndex: number,
    answer: Answer,
  ): { message: Uint8Array; keys: SessionKeys } | HandshakeReason {
    opened.noise.setPresharedKey(peer.psk);
    const written = opened.noise.write(encodeAnswer(answer));
    if (!written.ok) {
      opened.noise.destroy();
      return 'low-order-key';
    }
    const message = encodeResponse(localIndex, opened.senderIndex, written.bytes);
    writeMac1(this.primitives, peer.keys, message);
    return { message, keys: opened.noise.finish() };
  }

  /** Reads a response. A forged one leaves the handshake waiting for the genuine one. */
  readResponse(noise: NoiseHandshake, message: Uint8Array): Answer | HandshakeReason {
    const read = noise.read(noisePart(message));
    if (!read.ok) return read.reason === 'low-order-key' ? read.reason : 'response-not-authentic';
    return decodeAnswer(read.bytes) ?? 'answer-malformed';
  }
}
