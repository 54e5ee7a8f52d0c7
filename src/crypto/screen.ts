/**
 * What can be said about a handshake message before any public-key work, and without remembering its sender: whether it
 * is addressed to us (MAC1), and whether its sender receives at the address it gives (MAC2). One message costs about a
 * microsecond, so this is done where datagrams arrive.
 */
import { CookieIssuer, type Mac2State, mac1IsRight, type Origin, ReceiverKeys } from './cookie.js';
import { mac2IsAbsent } from './handshake-messages.js';
import type { Primitives } from './primitives.js';
import { HANDSHAKE_RATE, RateLimiter } from './rate-limit.js';

export type Refusal = 'mac1-wrong' | 'mac2-wrong' | 'cookie-demanded' | 'rate-limited';

export class HandshakeScreen {
  private keys;
  private cookies: CookieIssuer;
  private readonly rates = new RateLimiter(HANDSHAKE_RATE);

  /** `publicKey`: our own. */
  constructor(
    private readonly primitives: Primitives,
    publicKey: Uint8Array,
  ) {
    this.keys = new ReceiverKeys(primitives, publicKey);
    this.cookies = new CookieIssuer(primitives, this.keys);
  }

  /** Our own public key is another from now on; cookies given out before are worthless. */
  setPublicKey(publicKey: Uint8Array): void {
    this.cookies.wipe();
    this.keys = new ReceiverKeys(this.primitives, publicKey);
    this.cookies = new CookieIssuer(this.primitives, this.keys);
  }

  /** Whether the sender of an initiation or a response knows our public key. */
  isAddressedToUs(message: Uint8Array): boolean {
    return mac1IsRight(this.primitives, this.keys, message);
  }

  /** What an initiation that is addressed to us proves about the address of its sender. */
  proof(initiation: Uint8Array, origin: Origin, now: number): Mac2State {
    return this.cookies.mac2State(initiation, origin, now);
  }

  /**
   * Why an initiation is refused, by what it proves; undefined when it is not. Under load senders must prove their
   * addresses, and each address has a limit.
   */
  objection(proof: Mac2State, origin: Origin, now: number, underLoad: boolean): Refusal | undefined {
    if (underLoad && proof !== 'right') return 'cookie-demanded';
    if (proof === 'wrong') return 'mac2-wrong';
    return underLoad && !this.rates.allow(origin.address, now) ? 'rate-limited' : undefined;
  }

  /** Why a response is refused; undefined when it is not. */
  responseObjection(message: Uint8Array): Refusal | undefined {
    if (!this.isAddressedToUs(message)) return 'mac1-wrong';
    return mac2IsAbsent(message) ? undefined : 'mac2-wrong';
  }

  /** The cookie reply to an initiation. */
  cookieReply(initiation: Uint8Array, origin: Origin, now: number): Uint8Array {
    return this.cookies.reply(initiation, origin, now);
  }

  /** Erases the secrets: every cookie given out is worthless. */
  wipe(): void {
    this.cookies.wipe();
  }
}
