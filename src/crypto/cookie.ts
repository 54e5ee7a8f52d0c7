/**
 * The two MACs of a handshake message and the cookie, as in WireGuard (whitepaper section 5.4.7). MAC1 shows that
 * the sender knows the receiver's public key; without it there is no answer. MAC2 shows that the sender really
 * receives at its source address; it is asked for under load only, by a cookie reply.
 */
import {
  COOKIE_BYTES,
  cookiePart,
  encodeCookieReply,
  MAC_BYTES,
  mac1Part,
  mac2IsAbsent,
  mac2Part,
  senderIndex,
} from './handshake-messages.js';
import { KEY_BYTES, type Primitives, TAG_BYTES, XCHACHA_NONCE_BYTES } from './primitives.js';

const MAC1_LABEL = new TextEncoder().encode('octolink 1 mac1');
const COOKIE_LABEL = new TextEncoder().encode('octolink 1 cookie');

/** Microseconds after which the cookie secret is renewed, and for which an initiator uses a cookie. */
export const COOKIE_LIFETIME = 120_000_000;

/** Where a datagram came from, as the socket said. */
export interface Origin {
  /** Remote address: 4 or 16 bytes. */
  readonly address: Uint8Array;
  readonly port: number;
}

/** The keys for messages *to* the owner of a public key; public knowledge, so never wiped. Each is made when it is needed. */
export class ReceiverKeys {
  private forMac1: Uint8Array | undefined;
  private forCookies: Uint8Array | undefined;

  constructor(
    private readonly primitives: Primitives,
    private readonly publicKey: Uint8Array,
  ) {}

  get mac1(): Uint8Array {
    this.forMac1 ??= this.derive(MAC1_LABEL);
    return this.forMac1;
  }

  get cookie(): Uint8Array {
    this.forCookies ??= this.derive(COOKIE_LABEL);
    return this.forCookies;
  }

  private derive(label: Uint8Array): Uint8Array {
    const key = new Uint8Array(KEY_BYTES);
    this.primitives.hash(key, [label, this.publicKey]);
    return key;
  }
}

/** Fills MAC1 in. */
export function writeMac1(primitives: Primitives, keys: ReceiverKeys, message: Uint8Array): void {
  const { covered, mac } = mac1Part(message);
  primitives.keyedHash(mac, keys.mac1, [covered]);
}

/** Whether MAC1 is right, in constant time. */
export function mac1IsRight(primitives: Primitives, keys: ReceiverKeys, message: Uint8Array): boolean {
  const { covered, mac } = mac1Part(message);
  const expected = new Uint8Array(MAC_BYTES);
  primitives.keyedHash(expected, keys.mac1, [covered]);
  return primitives.equal(expected, mac);
}

/** Fills MAC2 in, from a cookie that `openCookieReply` gave. */
export function writeMac2(primitives: Primitives, cookie: Uint8Array, message: Uint8Array): void {
  const { covered, mac } = mac2Part(message);
  primitives.keyedHash(mac, cookie, [covered]);
}

/** The cookie inside a reply to the message whose MAC1 is `mac1`; undefined when it answers another or is forged. */
export function openCookieReply(
  primitives: Primitives,
  keys: ReceiverKeys,
  reply: Uint8Array,
  mac1: Uint8Array,
): Uint8Array | undefined {
  const { nonce, sealed } = cookiePart(reply);
  const cookie = new Uint8Array(COOKIE_BYTES);
  return primitives.xchachaOpen(cookie, keys.cookie, nonce, sealed, mac1) ? cookie : undefined;
}

export type Mac2State = 'absent' | 'right' | 'wrong';

/** Gives out cookies and recognises its own, without remembering who received one. */
export class CookieIssuer {
  private readonly primitives: Primitives;
  private readonly keys: ReceiverKeys;
  private readonly secret: Uint8Array;
  private readonly previousSecret: Uint8Array;
  private readonly nonce = new Uint8Array(XCHACHA_NONCE_BYTES);
  private renewedAt = Number.NEGATIVE_INFINITY;

  /** `keys`: those of our own public key. */
  constructor(primitives: Primitives, keys: ReceiverKeys) {
    this.primitives = primitives;
    this.keys = keys;
    this.secret = primitives.allocateSecret(KEY_BYTES);
    this.previousSecret = primitives.allocateSecret(KEY_BYTES);
    primitives.random(this.nonce);
  }

  /** Whether a message carries a MAC2 from a cookie given to this very origin, now or one secret ago. */
  mac2State(message: Uint8Array, origin: Origin, now: number): Mac2State {
    if (mac2IsAbsent(message)) return 'absent';
    const { covered, mac } = mac2Part(message);
    this.renew(now);
    const expected = new Uint8Array(MAC_BYTES);
    for (const secret of [this.secret, this.previousSecret]) {
      this.primitives.keyedHash(expected, this.cookie(secret, origin), [covered]);
      if (this.primitives.equal(expected, mac)) return 'right';
    }
    return 'wrong';
  }

  /** A cookie reply to an initiation or a response whose MAC1 is right. */
  reply(message: Uint8Array, origin: Origin, now: number): Uint8Array {
    this.renew(now);
    const nonce = this.nextNonce();
    const sealed = new Uint8Array(COOKIE_BYTES + TAG_BYTES);
    const cookie = this.cookie(this.secret, origin);
    this.primitives.xchachaSeal(sealed, this.keys.cookie, nonce, cookie, mac1Part(message).mac);
    return encodeCookieReply(senderIndex(message), nonce, sealed);
  }

  /** Erases both secrets: every cookie given out is worthless. */
  wipe(): void {
    this.primitives.wipe(this.secret);
    this.primitives.wipe(this.previousSecret);
  }

  private cookie(secret: Uint8Array, origin: Origin): Uint8Array {
    const cookie = new Uint8Array(COOKIE_BYTES);
    const port = Uint8Array.of(origin.port >> 8, origin.port & 0xff);
    this.primitives.keyedHash(cookie, secret, [origin.address, port]);
    return cookie;
  }

  /** Drawn once and counted on: a random one for each reply would cost more than the rest of it. */
  private nextNonce(): Uint8Array {
    const { nonce } = this;
    for (let at = nonce.length - 1; at >= 0; at--) {
      nonce[at]++;
      if (nonce[at] !== 0) break;
    }
    return nonce;
  }

  private renew(now: number): void {
    const age = now - this.renewedAt;
    if (age < COOKIE_LIFETIME) return;
    // A secret that has not been used for long does not serve as the previous one.
    if (age < 2 * COOKIE_LIFETIME) this.previousSecret.set(this.secret);
    else this.primitives.random(this.previousSecret);
    this.primitives.random(this.secret);
    this.renewedAt = now;
  }
}
