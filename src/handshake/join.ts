/**
 * The two ends of a join: one request, one reply, as a Noise handshake of its own. The host that joins is authenticated by
 * the key pair of its invitation, the inviter by the public key in the token. A request that comes again is answered alike.
 */
import { openCookieReply, ReceiverKeys, writeMac1, writeMac2 } from '../crypto/cookie.js';
import {
  classify,
  encodeJoinReply,
  encodeJoinRequest,
  isJoin,
  mac1Part,
  noisePart,
  receiverIndex,
  senderIndex,
} from '../crypto/handshake-messages.js';
import { IKPSK2, NoiseHandshake } from '../crypto/noise.js';
import { KEY_BYTES, type KeyPair, type Primitives } from '../crypto/primitives.js';
import * as messages from '../member/join-messages.js';

/** What both ends mix in: no message of a join is one of another handshake. */
const PROLOGUE = new TextEncoder().encode('octolink join 1');
const NO_PSK = new Uint8Array(KEY_BYTES);

/** An authentic request, waiting to be answered. */
export interface OpenedJoin {
  /** Public key of the invitation that it came by. */
  readonly invitation: Uint8Array;
  /** Null when it cannot be understood. */
  readonly request: messages.JoinRequest | null;
  /** Makes the reply, once; without one `abandon` must be called. */
  reply(reply: messages.JoinReply): Uint8Array;
  abandon(): void;
}

/** Reads a join request whose MACs are right; null when it is not authentic. `staticKeys` stay the caller's. */
export function openJoin(
  primitives: Primitives,
  staticKeys: KeyPair,
  message: Uint8Array,
): OpenedJoin | null {
  const noise = new NoiseHandshake(primitives, IKPSK2, { role: 'responder', prologue: PROLOGUE, staticKeys });
  noise.setPresharedKey(NO_PSK);
  const read = noise.read(noisePart(message));
  if (!read.ok) {
    noise.destroy();
    return null;
  }
  return {
    invitation: new Uint8Array(noise.remoteStatic as Uint8Array),
    request: messages.decodeJoinRequest(read.bytes),
    reply(reply) {
      const written = noise.write(messages.encodeJoinReply(reply));
      noise.destroy();
      // Message 1 was read with the same keys: message 2 can only fail with them if it had.
      return encodeJoinReply(senderIndex(message), written.ok ? written.bytes : new Uint8Array(0));
    },
    abandon: () => noise.destroy(),
  };
}

/** A request of ours to one inviter by one path, and what comes back. */
export class JoinCall {
  /** What to send; another one after a cookie reply. */
  message: Uint8Array;
  private readonly noise: NoiseHandshake;
  private readonly keys: ReceiverKeys;

  /** `index`: a number that no other call has. `invitation` stays the caller's. */
  constructor(
    private readonly primitives: Primitives,
    invitation: KeyPair,
    inviter: Uint8Array,
    private readonly index: number,
    request: messages.JoinRequest,
  ) {
    this.keys = new ReceiverKeys(primitives, inviter);
    this.noise = new NoiseHandshake(primitives, IKPSK2, {
      role: 'initiator',
      prologue: PROLOGUE,
      staticKeys: invitation,
      remoteStatic: inviter,
    });
    this.noise.setPresharedKey(NO_PSK);
    const written = this.noise.write(messages.encodeJoinRequest(request));
    if (!written.ok) throw new RangeError('the public key in the token cannot be one');
    this.message = encodeJoinRequest(index, written.bytes);
    writeMac1(primitives, this.keys, this.message);
  }

  /** Takes a datagram: the reply, or null when it is none. After a cookie reply `message` proves our address. */
  take(datagram: Uint8Array): messages.JoinReply | null {
    if (classify(datagram) === 'cookie-reply') {
      this.takeCookie(datagram);
      return null;
    }
    if (!isJoin(datagram, 'JOIN_REPLY') || receiverIndex(datagram) !== this.index) return null;
    const read = this.noise.read(noisePart(datagram));
    return read.ok ? messages.decodeJoinReply(read.bytes) : null;
  }

  /** Erases every secret of the call. */
  end(): void {
    this.noise.destroy();
  }

  private takeCookie(datagram: Uint8Array): void {
    const { mac } = mac1Part(this.message);
    const cookie = openCookieReply(this.primitives, this.keys, datagram, mac);
    if (cookie === undefined) return;
    this.message = new Uint8Array(this.message);
    writeMac2(this.primitives, cookie, this.message);
  }
}
