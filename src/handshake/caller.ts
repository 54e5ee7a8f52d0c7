/** Calling a peer: initiations, what goes before them, and the cookies that a peer under load asks for. */
import type { PathRef } from '../contract/events.js';
import { COOKIE_LIFETIME, openCookieReply, writeMac2 } from '../crypto/cookie.js';
import { mac1Part, receiverIndex } from '../crypto/handshake-messages.js';
import { ATTEMPT_LIFETIME_US } from '../crypto/limits.js';
import type { Offer } from '../crypto/payloads.js';
import type { Exchange, Recipient } from './exchange.js';
import { JoinCall } from './join.js';
import type { HandshakerOptions } from './options.js';
import { pathKey } from './path-key.js';
import { type Attempt, type Cookie, nextGeneration, type PeerState } from './peer-state.js';
import type { HandshakeCounters, HandshakeReason } from './reasons.js';
import { keepNewest } from './recent-set.js';
import type { HandshakeRecord } from './record.js';
import { HIGHEST_VERSION, LOWEST_VERSION, ownTerms } from './session-choice.js';
import type { SessionKeeper } from './session-keeper.js';

const COOKIES_PER_PEER = 16;
const NO_MESSAGE = new Uint8Array(0);

interface CallerParts {
  keeper: SessionKeeper;
  counters: HandshakeCounters;
  record: HandshakeRecord;
  /** What holds now; both are replaced when the interface's terms change. */
  terms(): { options: HandshakerOptions; exchange: Exchange };
}

export class Caller {
  private lastTimestamp = 0;

  constructor(private readonly parts: CallerParts) {}

  initiate(peer: PeerState, now: number): void {
    const { keeper, counters, record } = this.parts;
    const { exchange } = this.parts.terms();
    const recipient = exchange.recipient(peer);
    const attempt: Attempt = {
      kind: 'attempt',
      peer,
      noise: exchange.begin(recipient),
      generation: nextGeneration(peer),
      expiresAt: now + ATTEMPT_LIFETIME_US,
      localIndex: 0,
      certificate: null,
      message: NO_MESSAGE,
    };
    attempt.localIndex = keeper.allocateFor(attempt);
    if (attempt.localIndex === 0) {
      attempt.noise.destroy();
      counters['index-table-full'] += 1;
      return;
    }
    attempt.certificate = this.certificateFor(peer, recipient, attempt.localIndex);
    const offer = this.offer(attempt.generation);
    attempt.message = exchange.writeInitiation(attempt.noise, recipient, attempt.localIndex, offer);
    peer.attempts = [...peer.attempts, attempt];
    record.sent(peer.id);
    for (const bytes of messagesOf(attempt)) {
      keeper.act({ kind: 'send-to-peer', peer: peer.id, bytes });
      this.sendWithCookies(peer, bytes, now);
    }
  }

  onCookieReply(message: Uint8Array, path: PathRef, now: number): HandshakeReason | undefined {
    const { options, exchange } = this.parts.terms();
    const { primitives } = options;
    const attempt = this.parts.keeper.attemptAt(receiverIndex(message));
    if (attempt === undefined) return 'cookie-unexpected';
    const { peer } = attempt;
    const { keys } = exchange.recipient(peer);
    // Which of our messages it is for, only its MAC1 tells.
    const bytes = messagesOf(attempt)
      .map((sent) => openCookieReply(primitives, keys, message, mac1Part(sent).mac))
      .find((cookie) => cookie !== undefined);
    if (bytes === undefined) return 'cookie-not-authentic';
    const key = pathKey(path);
    peer.cookies ??= new Map();
    const known = peer.cookies.get(key);
    const cookie = { path, bytes, expiresAt: now + COOKIE_LIFETIME };
    keepNewest(peer.cookies, key, cookie, COOKIES_PER_PEER);
    // At once, unless this very cookie is known: the peer is under load, and a later initiation would have to begin again.
    if (known === undefined || !primitives.equal(known.bytes, bytes))
      for (const sent of messagesOf(attempt)) this.sendWithCookie(sent, cookie);
    return undefined;
  }

  /** Beside the plain copies, not instead of them: a cookie that the peer has forgotten must not lock us out. */
  private sendWithCookies(peer: PeerState, message: Uint8Array, now: number): void {
    for (const [key, cookie] of peer.cookies ?? []) {
      if (cookie.expiresAt <= now) peer.cookies?.delete(key);
      else this.sendWithCookie(message, cookie);
    }
  }

  private sendWithCookie(message: Uint8Array, cookie: Cookie): void {
    const bytes = new Uint8Array(message);
    writeMac2(this.parts.terms().options.primitives, cookie.bytes, bytes);
    this.parts.keeper.act({ kind: 'send', path: cookie.path, bytes });
  }

  /** Shows our certificate to a peer that may not know us, or no longer; null where there is none to be shown. */
  private certificateFor(peer: PeerState, { publicKey }: Recipient, index: number): Uint8Array | null {
    const { primitives, staticKeys, clients } = this.parts.terms().options;
    const isKnown = peer.sending !== undefined && peer.goal !== 'links-down';
    const certificate = isKnown ? null : (clients?.certificate() ?? null);
    if (certificate === null) return null;
    const request = { publicKey: Buffer.from(staticKeys.publicKey).toString('base64'), certificate };
    const call = new JoinCall(primitives, staticKeys, publicKey, index, request);
    call.end();
    return call.message;
  }

  private offer(generation: number): Offer {
    const { options } = this.parts.terms();
    this.lastTimestamp = Math.max(Math.floor(options.wallClock()), this.lastTimestamp + 1);
    return {
      timestamp: this.lastTimestamp,
      generation,
      lowestVersion: LOWEST_VERSION,
      highestVersion: HIGHEST_VERSION,
      ...ownTerms(options),
      capabilities: options.capabilities(),
      workers: options.workers,
    };
  }
}

/** What an attempt sends: the certificate first, so that the initiation finds us known. */
function messagesOf({ certificate, message }: Attempt): Uint8Array[] {
  return certificate === null ? [message] : [certificate, message];
}
