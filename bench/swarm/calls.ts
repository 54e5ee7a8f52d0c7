/** The handshakes of a crowd: every client calls the server, answers cookies, and calls again until it has a session. */
import { COOKIE_LIFETIME, openCookieReply, ReceiverKeys, writeMac2 } from '../../src/crypto/cookie.js';
import {
  COOKIE_BYTES,
  MESSAGE,
  mac1Part,
  receiverIndex,
  senderIndex,
} from '../../src/crypto/handshake-messages.js';
import { KEY_BYTES } from '../../src/crypto/primitives.js';
import { sodiumPrimitives } from '../../src/crypto/sodium.js';
import { Exchange } from '../../src/handshake/exchange.js';
import {
  REKEY_AFTER,
  RETRY_FIRST,
  RETRY_GROWTH,
  RETRY_JITTER,
  RETRY_LONGEST,
} from '../../src/handshake/timing.js';
import { AEAD } from '../../src/native/ops.js';
import { type Call, type Crowd, STATE } from './crowd.js';
import type { ClientKeys } from './keys.js';
import type { Post } from './post.js';

/** Clients renew their sessions this much earlier than they must, each at its own time: they joined together. */
const REKEY_SPREAD = 0.5;

export class Calls {
  handshakes = 0;
  /** Calls made, and how many of them were made again because no answer came. */
  calls = 0;
  retries = 0;
  cookies = 0;
  refused = 0;
  private readonly keys: ReceiverKeys;
  private readonly noPsk = new Uint8Array(KEY_BYTES);
  /** The cookie of each client, and until when it is good. */
  private readonly cookieBytes: Uint8Array;
  private readonly cookieUntil: Float64Array;
  private lastTimestamp = 0;
  /** The next client to have its turn. */
  private turn = 0;

  constructor(
    private readonly crowd: Crowd,
    private readonly clientKeys: ClientKeys,
    private readonly serverKey: Uint8Array,
    private readonly atOnce: number,
    private readonly established: (client: number, now: number) => void,
  ) {
    this.keys = new ReceiverKeys(sodiumPrimitives, serverKey);
    this.cookieBytes = new Uint8Array(crowd.size * COOKIE_BYTES);
    this.cookieUntil = new Float64Array(crowd.size);
  }

  /** Lets waiting clients call, as far as others have had their answers. */
  admit(post: Post, now: number): void {
    const { crowd } = this;
    let waiting = crowd.count[STATE.WAITING];
    for (let looked = 0; waiting > 0 && looked < crowd.size; looked++) {
      if (crowd.count[STATE.CALLING] >= this.atOnce) return;
      const client = this.turn;
      this.turn = (this.turn + 1) % crowd.size;
      if (crowd.state[client] !== STATE.WAITING) continue;
      waiting--;
      crowd.move(client, STATE.CALLING);
      crowd.retryDelay[client] = RETRY_FIRST;
      this.call(post, client, now);
    }
  }

  /** No answer came in time: the client calls once more. */
  again(post: Post, client: number, now: number): void {
    this.retries++;
    this.call(post, client, now);
  }

  /** Calls the server; a session that there is stays in use until another one has taken its place. */
  call(post: Post, client: number, now: number): void {
    const { crowd } = this;
    this.calls++;
    const exchange = new Exchange(sodiumPrimitives, this.clientKeys.pair(crowd.first + client));
    const recipient = { publicKey: this.serverKey, psk: this.noPsk, keys: this.keys };
    const noise = exchange.begin(recipient);
    const localIndex = crowd.nextIndex(client);
    const message = exchange.writeInitiation(noise, recipient, localIndex, this.offer());
    crowd.remember(client, { noise, localIndex, message });
    const delay = crowd.retryDelay[client];
    crowd.dueAt[client] = now + delay * (1 + RETRY_JITTER * Math.random());
    crowd.retryDelay[client] = Math.min(delay * RETRY_GROWTH, RETRY_LONGEST);
    post.sendRaw(client, message);
    if (this.cookieUntil[client] > now) this.sendWithCookie(post, client, message);
  }

  private sendWithCookie(post: Post, client: number, message: Uint8Array): void {
    const at = client * COOKIE_BYTES;
    const bytes = new Uint8Array(message);
    writeMac2(sodiumPrimitives, this.cookieBytes.subarray(at, at + COOKIE_BYTES), bytes);
    post.sendRaw(client, bytes);
  }

  private offer() {
    this.lastTimestamp = Math.max(Date.now() * 1000, this.lastTimestamp + 1);
    return {
      timestamp: this.lastTimestamp,
      // Above that of every session before, as an initiator without memory chooses it.
      generation: Math.floor(this.lastTimestamp / 1e5) % 2 ** 32,
      lowestVersion: 1,
      highestVersion: 1,
      aeads: AEAD.AES_256_GCM + AEAD.CHACHA20_POLY1305,
      hardwareAes: true,
      capabilities: 0,
      workers: 1,
    };
  }

  /** Takes a response or a cookie reply. */
  heard(post: Post, client: number, message: Uint8Array, now: number): void {
    const call = this.crowd.callOf(client, receiverIndex(message));
    if (call === undefined) return;
    if (message[0] === MESSAGE.COOKIE_REPLY) this.takeCookie(post, client, call, message, now);
    else this.takeResponse(post, client, call, message, now);
  }

  /** The call is made once more with the cookie, unless it is known already. */
  private takeCookie(post: Post, client: number, call: Call, reply: Uint8Array, now: number): void {
    const { message } = call;
    const cookie = openCookieReply(sodiumPrimitives, this.keys, reply, mac1Part(message).mac);
    if (cookie === undefined) return;
    this.cookies++;
    const known = this.cookieBytes.subarray(client * COOKIE_BYTES, (client + 1) * COOKIE_BYTES);
    const isKnown = this.cookieUntil[client] > now && sodiumPrimitives.equal(known, cookie);
    known.set(cookie);
    this.cookieUntil[client] = now + COOKIE_LIFETIME;
    if (!isKnown) this.sendWithCookie(post, client, message);
  }

  private takeResponse(post: Post, client: number, call: Call, message: Uint8Array, now: number): void {
    const { crowd } = this;
    const exchange = new Exchange(sodiumPrimitives, this.clientKeys.pair(crowd.first + client));
    const answer = exchange.readResponse(call.noise, message);
    if (typeof answer === 'string') {
      this.refused++;
      return;
    }
    const keys = call.noise.finish();
    const session = crowd.establish(client, call.localIndex, senderIndex(message), now);
    post.native.keyInstall(2 * session, answer.aead, keys.send);
    post.native.keyInstall(2 * session + 1, answer.aead, keys.receive);
    this.handshakes++;
    if (crowd.state[client] === STATE.CALLING) crowd.move(client, STATE.SESSION);
    this.established(client, now);
  }
}

/** When a client renews a session that it has had since `establishedAt`. */
export function renewalOf(establishedAt: number, client: number): number {
  const share = ((client * 0.618_033_988_75) % 1) * REKEY_SPREAD;
  return establishedAt + REKEY_AFTER * (1 - share);
}
