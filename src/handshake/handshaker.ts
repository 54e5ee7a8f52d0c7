/**
 * The handshakes of one interface with all its peers. Pure: datagrams, times and events come in as arguments, what is
 * to be done comes out as a list of actions.
 *
 * All times are microseconds of boot time. Every input may be given at any time; nothing here throws for what came
 * from the network.
 */
import type { AeadChoice } from '../api/config.js';
import {
  COOKIE_LIFETIME,
  CookieIssuer,
  mac1IsRight,
  type Origin,
  openCookieReply,
  type ReceiverKeys,
  receiverKeys,
  writeMac2,
} from '../crypto/cookie.js';
import { classify, mac1Part, mac2IsAbsent, receiverIndex, senderIndex } from '../crypto/messages.js';
import type { Answer, Offer } from '../crypto/payloads.js';
import { KEY_BYTES, type KeyPair, type Primitives } from '../crypto/primitives.js';
import { HANDSHAKE_RATE, RateLimiter } from '../crypto/rate-limit.js';
import type { Action } from './actions.js';
import { Exchange, type OpenedInitiation } from './exchange.js';
import { peerKeyProblem } from './peer-key.js';
import {
  type Attempt,
  type DeadlineReason,
  type Goal,
  newPeerState,
  nextGeneration,
  type PeerState,
} from './peer-state.js';
import { emptyCounters, type HandshakeCounters, type HandshakeReason } from './reasons.js';
import { asKey, RecentSet } from './recent-set.js';
import { HandshakeRecord } from './record.js';
import {
  allowedAeads,
  chooseAead,
  chooseVersion,
  HIGHEST_VERSION,
  LOWEST_VERSION,
} from './session-choice.js';
import { SessionKeeper } from './session-keeper.js';
import { ATTEMPT_LIFETIME, INITIATION_FLOOR, RETRY_FIRST } from './timing.js';

const COOKIES_PER_PEER = 16;
const RECENT_INITIATIONS = 1024;
const NOBODY = { peer: null, publicKey: null };

export interface HandshakerOptions {
  readonly primitives: Primitives;
  /** The interface's static keys; they stay the caller's. */
  readonly staticKeys: KeyPair;
  /** Microseconds of wall clock: the timestamps by which a peer knows a replayed initiation. */
  readonly wallClock: () => number;
  readonly aead: AeadChoice;
  readonly hardwareAes: boolean;
  /** Capability bits told to peers, 32 bits. */
  readonly capabilities: number;
  /** Streams sent on each link, 1–255. */
  readonly workers: number;
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

export class Handshaker {
  /** How often each reason occurred. */
  readonly counters: HandshakeCounters = emptyCounters();
  /** What came of handshakes with each peer. */
  readonly record = new HandshakeRecord();

  private readonly options: HandshakerOptions;
  private readonly primitives: Primitives;
  private readonly exchange: Exchange;
  private readonly keeper: SessionKeeper;
  private readonly ownKeys: ReceiverKeys;
  private readonly cookieIssuer: CookieIssuer;
  private readonly rateLimiter = new RateLimiter(HANDSHAKE_RATE);
  /** MAC1 of authentic initiations: their copies that come by other links need no public-key work. */
  private readonly recentInitiations = new RecentSet(RECENT_INITIATIONS);
  private readonly peers = new Map<number, PeerState>();
  private readonly peersByKey = new Map<string, PeerState>();
  private lastTimestamp = 0;
  /** Who sent the message at hand, as far as it is known. */
  private sender: { peer: number | null; publicKey: Uint8Array | null } = NOBODY;

  constructor(options: HandshakerOptions) {
    this.options = options;
    this.primitives = options.primitives;
    this.exchange = new Exchange(options.primitives, options.staticKeys);
    this.keeper = new SessionKeeper(options.primitives, (peer, now) => this.initiate(peer, now));
    this.ownKeys = receiverKeys(options.primitives, options.staticKeys.publicKey);
    this.cookieIssuer = new CookieIssuer(options.primitives, this.ownKeys);
  }

  /** What may be printed of it: peers, keys and handshakes stay inside. */
  toJSON(): { counters: HandshakeCounters } {
    return { counters: this.counters };
  }

  // Peers ---------------------------------------------------------------------------------------------------------

  /**
   * Adds a peer, and calls it when it may be called.
   * @throws RangeError with a sentence for the user when its key cannot be a peer's, or peer or key is there already.
   */
  addPeer(identity: PeerIdentity, now: number): Action[] {
    const own = this.options.staticKeys.publicKey;
    const problem = peerKeyProblem(this.primitives, own, identity.publicKey);
    if (problem !== undefined) throw new RangeError(problem);
    const key = asKey(identity.publicKey);
    if (this.peersByKey.has(key)) throw new RangeError('the public key belongs to another peer already');
    if (this.peers.has(identity.id)) throw new RangeError(`peer ${identity.id} is there already`);
    const psk = this.primitives.allocateSecret(KEY_BYTES);
    if (identity.psk !== undefined) psk.set(identity.psk);
    const peer = newPeerState({
      id: identity.id,
      publicKey: new Uint8Array(identity.publicKey),
      psk,
      mayInitiate: identity.mayInitiate,
      keys: receiverKeys(this.primitives, identity.publicKey),
      ownKeyIsSmaller: Buffer.compare(own, identity.publicKey) < 0,
    });
    this.peers.set(peer.id, peer);
    this.peersByKey.set(key, peer);
    this.keeper.tend(peer, now);
    return this.keeper.takeActions();
  }

  /** Forgets a peer, its sessions and its secrets; no harm when it is not there. */
  removePeer(id: number): Action[] {
    const peer = this.peers.get(id);
    if (peer === undefined) return [];
    this.keeper.dropSessions(peer, 'peer-removed');
    this.record.forget(id);
    this.primitives.wipe(peer.psk);
    this.peers.delete(id);
    this.peersByKey.delete(asKey(peer.publicKey));
    return this.keeper.takeActions();
  }

  /** Says whether a peer's addresses are known now; one that can be called from now on is. */
  setMayInitiate(id: number, mayInitiate: boolean, now: number): Action[] {
    const peer = this.peers.get(id);
    if (peer !== undefined && peer.mayInitiate !== mayInitiate) {
      peer.mayInitiate = mayInitiate;
      this.keeper.tend(peer, now);
    }
    return this.keeper.takeActions();
  }

  /** Forgets all peers and wipes every secret of ours: the interface ends. */
  close(): Action[] {
    const actions = [...this.peers.keys()].flatMap((id) => this.removePeer(id));
    this.cookieIssuer.wipe();
    return actions;
  }

  // Inputs --------------------------------------------------------------------------------------------------------

  /**
   * Takes a handshake datagram. With `underLoad` an initiation is only worked on when its MAC2 shows that the sender
   * receives at its address; one that does not is answered with a cookie.
   */
  receive(datagram: Uint8Array, origin: Origin, now: number, underLoad: boolean): Action[] {
    this.sender = NOBODY;
    const reason = this.take(datagram, origin, now, underLoad);
    if (reason !== undefined) {
      this.count(reason);
      this.record.refused(reason, origin, this.sender, now);
    }
    return this.keeper.takeActions();
  }

  private take(
    datagram: Uint8Array,
    origin: Origin,
    now: number,
    underLoad: boolean,
  ): HandshakeReason | undefined {
    const kind = classify(datagram);
    switch (kind) {
      case 'initiation':
        return this.onInitiation(datagram, origin, now, underLoad);
      case 'response':
        return this.onResponse(datagram, now);
      case 'cookie-reply':
        return this.onCookieReply(datagram, origin, now);
      default:
        return kind;
    }
  }

  /** Does what has become due. */
  advance(now: number): Action[] {
    this.keeper.advance(now);
    return this.keeper.takeActions();
  }

  /** When `advance` has something to do next, and what; undefined when nothing is planned. */
  nextDeadline(): { at: number; reason: DeadlineReason } | undefined {
    return this.keeper.nextDeadline();
  }

  /** The first authentic datagram came under a session: the other end has it, so it may send, and older ones end. */
  sessionConfirmed(localIndex: number, now: number): Action[] {
    const session = this.keeper.sessionAt(localIndex);
    if (session !== undefined) this.keeper.confirm(session, now);
    return this.keeper.takeActions();
  }

  /** `REKEY_AFTER_DATAGRAMS` were sealed under the session's key. */
  counterHigh(localIndex: number, now: number): Action[] {
    const session = this.keeper.sessionAt(localIndex);
    if (session === undefined || session.peer.sending !== session) return [];
    return this.pursue(session.peer, 'rekey-counter', now);
  }

  /** No link of the peer works: it may have restarted. */
  linksDown(id: number, now: number): Action[] {
    return this.pursue(this.peers.get(id), 'links-down', now);
  }

  /** A link of the peer works again, under a session there is. */
  linksUp(id: number, now: number): Action[] {
    const peer = this.peers.get(id);
    if (peer !== undefined) this.keeper.linksUp(peer, now);
    return this.keeper.takeActions();
  }

  /** The peer said, under a session, that it leaves: its sessions are no more. It is called again from time to time. */
  goodbye(id: number, now: number): Action[] {
    const peer = this.peers.get(id);
    if (peer !== undefined) this.keeper.startOver(peer, 'goodbye', RETRY_FIRST, now);
    return this.keeper.takeActions();
  }

  /** The operator wants the peer's sessions made anew. */
  restart(id: number, now: number): Action[] {
    const peer = this.peers.get(id);
    if (peer !== undefined) this.keeper.startOver(peer, 'restarted', 0, now);
    return this.keeper.takeActions();
  }

  private pursue(peer: PeerState | undefined, goal: Goal, now: number): Action[] {
    if (peer !== undefined) this.keeper.pursue(peer, goal, now);
    return this.keeper.takeActions();
  }

  // Responding ----------------------------------------------------------------------------------------------------

  private onInitiation(
    message: Uint8Array,
    origin: Origin,
    now: number,
    underLoad: boolean,
  ): HandshakeReason | undefined {
    const refusal = this.cheapRefusal(message, origin, now, underLoad);
    if (refusal !== undefined) return refusal;
    const opened = this.exchange.readInitiation(message);
    if (typeof opened === 'string') return opened;
    this.recentInitiations.add(mac1Part(message).mac);
    const problem = this.respond(opened, origin, now);
    if (problem !== undefined) opened.noise.destroy();
    return problem;
  }

  /** What can be said against an initiation without public-key work. */
  private cheapRefusal(
    message: Uint8Array,
    origin: Origin,
    now: number,
    underLoad: boolean,
  ): HandshakeReason | undefined {
    if (!mac1IsRight(this.primitives, this.ownKeys, message)) return 'mac1-wrong';
    const mac2 = this.cookieIssuer.mac2State(message, origin, now);
    if (underLoad && mac2 !== 'right') {
      const bytes = this.cookieIssuer.reply(message, origin, now);
      this.keeper.act({ kind: 'send', path: origin.path, bytes });
      return 'cookie-demanded';
    }
    if (mac2 === 'wrong') return 'mac2-wrong';
    if (this.recentInitiations.has(mac1Part(message).mac)) return 'handshake-duplicate';
    if (underLoad && !this.rateLimiter.allow(origin.address, now)) return 'rate-limited';
    return undefined;
  }

  /** Answers an authentic initiation, or says why not. */
  private respond(opened: OpenedInitiation, origin: Origin, now: number): HandshakeReason | undefined {
    const { offer } = opened;
    const peer = this.peersByKey.get(asKey(opened.publicKey));
    this.sender = { peer: peer?.id ?? null, publicKey: new Uint8Array(opened.publicKey) };
    if (peer === undefined) {
      const own = this.options.staticKeys.publicKey;
      return this.primitives.equal(opened.publicKey, own) ? 'own-key' : 'unknown-peer';
    }
    if (offer.timestamp === peer.lastTimestamp) return 'handshake-duplicate';
    if (offer.timestamp < peer.lastTimestamp) return 'handshake-replayed';
    if (now - peer.lastAcceptedAt < INITIATION_FLOOR) return 'handshake-too-soon';
    peer.lastTimestamp = offer.timestamp;
    peer.lastAcceptedAt = now;
    const version = chooseVersion(offer);
    if (version === undefined) return 'no-common-version';
    const aead = chooseAead(this.ownTerms(), offer);
    if (aead === undefined) return 'no-common-aead';

    const localIndex = this.keeper.reserve();
    if (localIndex === 0) return 'index-table-full';
    const { capabilities, workers } = this.options;
    const generation = Math.max(offer.generation, nextGeneration(peer));
    const answer = { version, aead, workers, generation, capabilities };
    const answered = this.exchange.answer(opened, peer, localIndex, answer);
    if (typeof answered === 'string') {
      this.keeper.release(localIndex);
      return answered;
    }
    const { keys, message } = answered;
    const terms = { remoteIndex: opened.senderIndex, keys, version, aead, generation, remote: offer };
    this.keeper.installAnswered(peer, localIndex, terms, now);
    this.keeper.act({ kind: 'send', path: origin.path, bytes: message });
    this.record.called(peer.id, now);
    return undefined;
  }

  // Initiating ----------------------------------------------------------------------------------------------------

  private initiate(peer: PeerState, now: number): void {
    const attempt: Attempt = {
      kind: 'attempt',
      peer,
      noise: this.exchange.begin(peer),
      generation: nextGeneration(peer),
      expiresAt: now + ATTEMPT_LIFETIME,
      localIndex: 0,
      mac1: new Uint8Array(0),
    };
    attempt.localIndex = this.keeper.allocateFor(attempt);
    if (attempt.localIndex === 0) {
      attempt.noise.destroy();
      this.count('index-table-full');
      return;
    }
    const offer = this.offer(attempt.generation);
    const message = this.exchange.writeInitiation(attempt.noise, peer, attempt.localIndex, offer);
    attempt.mac1 = new Uint8Array(mac1Part(message).mac);
    peer.attempts.push(attempt);
    this.record.sent(peer.id);
    this.keeper.act({ kind: 'send-to-peer', peer: peer.id, bytes: message });
    this.sendWithCookies(peer, message, now);
  }

  /** Beside the plain copies, not instead of them: a cookie that the peer has forgotten must not lock us out. */
  private sendWithCookies(peer: PeerState, message: Uint8Array, now: number): void {
    for (const [path, cookie] of peer.cookies) {
      if (cookie.expiresAt <= now) {
        peer.cookies.delete(path);
        continue;
      }
      const bytes = new Uint8Array(message);
      writeMac2(this.primitives, cookie.bytes, bytes);
      this.keeper.act({ kind: 'send', path, bytes });
    }
  }

  private onResponse(message: Uint8Array, now: number): HandshakeReason | undefined {
    const attempt = this.keeper.attemptAt(receiverIndex(message));
    if (attempt === undefined) return 'response-unexpected';
    this.sender = { peer: attempt.peer.id, publicKey: null };
    if (!mac1IsRight(this.primitives, this.ownKeys, message)) return 'mac1-wrong';
    if (!mac2IsAbsent(message)) return 'mac2-wrong';
    const answer = this.exchange.readResponse(attempt.noise, message);
    if (answer === 'low-order-key' || answer === 'response-not-authentic') return answer;
    // An authentic answer that is of no use ends the attempt; a forged one left it waiting.
    const problem = typeof answer === 'string' ? answer : this.objection(attempt, answer);
    if (typeof answer === 'string' || problem !== undefined) {
      this.keeper.dropAttempt(attempt);
      return problem;
    }
    const keys = attempt.noise.finish();
    const { version, aead, generation } = answer;
    const terms = { remoteIndex: senderIndex(message), keys, version, aead, generation, remote: answer };
    this.keeper.completeAttempt(attempt, terms, now);
    this.record.answered(attempt.peer.id, now);
    return undefined;
  }

  private objection(attempt: Attempt, answer: Answer): HandshakeReason | undefined {
    const { aeads } = this.ownTerms();
    const oneAead = answer.aead !== 0 && (answer.aead & (answer.aead - 1)) === 0;
    const offered =
      answer.version >= LOWEST_VERSION &&
      answer.version <= HIGHEST_VERSION &&
      oneAead &&
      (answer.aead & aeads) !== 0 &&
      answer.generation >= attempt.generation;
    return offered ? undefined : 'answer-not-offered';
  }

  private onCookieReply(message: Uint8Array, origin: Origin, now: number): HandshakeReason | undefined {
    const attempt = this.keeper.attemptAt(receiverIndex(message));
    if (attempt === undefined) return 'cookie-unexpected';
    const { cookies, keys } = attempt.peer;
    const bytes = openCookieReply(this.primitives, keys, message, attempt.mac1);
    if (bytes === undefined) return 'cookie-not-authentic';
    cookies.delete(origin.path);
    for (const oldest of cookies.keys()) {
      if (cookies.size < COOKIES_PER_PEER) break;
      cookies.delete(oldest);
    }
    cookies.set(origin.path, { bytes, expiresAt: now + COOKIE_LIFETIME });
    return undefined;
  }

  private offer(generation: number): Offer {
    this.lastTimestamp = Math.max(Math.floor(this.options.wallClock()), this.lastTimestamp + 1);
    return {
      timestamp: this.lastTimestamp,
      generation,
      lowestVersion: LOWEST_VERSION,
      highestVersion: HIGHEST_VERSION,
      ...this.ownTerms(),
      capabilities: this.options.capabilities,
      workers: this.options.workers,
    };
  }

  private ownTerms(): { aeads: number; hardwareAes: boolean } {
    return { aeads: allowedAeads(this.options.aead), hardwareAes: this.options.hardwareAes };
  }

  private count(reason: HandshakeReason): void {
    this.counters[reason] += 1;
  }
}
