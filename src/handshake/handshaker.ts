/**
 * The handshakes of one interface with all its peers. Pure: datagrams, times and events come in as arguments, what is
 * to be done comes out as a list of actions.
 *
 * All times are microseconds of boot time. Every input may be given at any time; nothing here throws for what came
 * from the network.
 */
import type { AeadChoice } from '../api/config.js';
import { ByRow } from '../base/by-row.js';
import type { PathRef } from '../contract/events.js';
import { classify, mac1Part, receiverIndex, senderIndex } from '../crypto/handshake-messages.js';
import { ATTEMPT_LIFETIME_US } from '../crypto/limits.js';
import { KEY_BYTES, type KeyPair, type Primitives } from '../crypto/primitives.js';
import type { Action, NoticeAction } from './actions.js';
import { Caller } from './caller.js';
import type { Client } from './client.js';
import { Exchange, type OpenedInitiation } from './exchange.js';
import type { HandshakerOptions, PeerIdentity } from './options.js';
import { peerKeyProblem } from './peer-key.js';
import { type Goal, nextGeneration, PeerState } from './peer-state.js';
import { emptyCounters, type HandshakeCounters, type HandshakeReason } from './reasons.js';
import { asKey, RecentSet } from './recent-set.js';
import { HandshakeRecord } from './record.js';
import { answerProblem, chooseAead, chooseVersion, ownTerms } from './session-choice.js';
import { SessionKeeper } from './session-keeper.js';
import { INITIATION_FLOOR, NOTICE_INTERVAL, RETRY_FIRST } from './timing.js';
import { twinsSeen } from './twins.js';

const RECENT_INITIATIONS = 1024;
const NOBODY = { peer: null, publicKey: null };

export class Handshaker {
  /** How often each reason occurred. */
  readonly counters: HandshakeCounters = emptyCounters();
  /** What came of handshakes with each peer. */
  readonly record = new HandshakeRecord();

  private options: HandshakerOptions;
  private readonly primitives: Primitives;
  private exchange: Exchange;
  private readonly keeper: SessionKeeper;
  private readonly caller: Caller;
  /** MAC1 of authentic initiations: their copies that come by other links need no public-key work. */
  private readonly recentOfPeers = new RecentSet(RECENT_INITIATIONS);
  private readonly recentOfOthers = new RecentSet(RECENT_INITIATIONS);
  /** In the place of a preshared key for all peers that have none. */
  private readonly noPsk = new Uint8Array(KEY_BYTES);
  private readonly peers = new ByRow<PeerState>();
  private readonly peersByKey = new Map<string, PeerState>();
  /** Who sent the message at hand, as far as it is known. */
  private sender: { peer: number | null; publicKey: Uint8Array | null } = NOBODY;

  constructor(options: HandshakerOptions) {
    this.options = options;
    this.primitives = options.primitives;
    this.exchange = new Exchange(options.primitives, options.staticKeys);
    this.keeper = new SessionKeeper(options.primitives, {
      initiate: (peer, now) => this.caller.initiate(peer, now),
      release: (peer) => this.release(peer),
    });
    this.caller = new Caller({
      keeper: this.keeper,
      counters: this.counters,
      record: this.record,
      terms: () => ({ options: this.options, exchange: this.exchange }),
    });
  }

  /** What may be printed of it: peers, keys and handshakes stay inside. */
  toJSON(): { counters: HandshakeCounters } {
    return { counters: this.counters };
  }

  /**
   * Goes by other static keys or AEADs from now on. Sessions stay in use; new ones are wanted at once.
   * @throws RangeError with a sentence for the user, and changes nothing, when a peer has the new public key.
   */
  setTerms(staticKeys: KeyPair, aead: AeadChoice, now: number): Action[] {
    const { publicKey } = staticKeys;
    const { primitives } = this;
    const namesake = this.peersByKey.get(asKey(publicKey));
    const problem = namesake && peerKeyProblem(primitives, publicKey, namesake.publicKey);
    if (problem !== undefined) throw new RangeError(problem);
    this.options = { ...this.options, staticKeys, aead };
    this.exchange = new Exchange(primitives, staticKeys);
    for (const peer of this.peers.values()) {
      peer.ownKeyIsSmaller = Buffer.compare(publicKey, peer.publicKey) < 0;
      this.keeper.renew(peer, now);
    }
    return this.keeper.takeActions();
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
    const peer = this.newPeer(identity, key);
    this.keeper.tend(peer, now);
    return this.keeper.takeActions();
  }

  private newPeer(identity: PeerIdentity, key: string, client: Client | null = null): PeerState {
    const { id, publicKey, psk, mayInitiate } = identity;
    const own = this.options.staticKeys.publicKey;
    const peer = new PeerState({
      id,
      publicKey: new Uint8Array(publicKey),
      psk: this.lockedCopy(psk),
      mayInitiate,
      client,
      ownKeyIsSmaller: Buffer.compare(own, publicKey) < 0,
    });
    this.peers.set(id, peer);
    this.peersByKey.set(key, peer);
    return peer;
  }

  /** Whether a peer has this public key. */
  hasKey(publicKey: Uint8Array): boolean {
    return this.peersByKey.has(asKey(publicKey));
  }

  /**
   * A peer has another public key from now on. Its sessions stay in use until one under the new key succeeds them, for a
   * minute at most.
   * @throws RangeError with a sentence for the user, and changes nothing, when the key cannot be a peer's.
   */
  setPublicKey(id: number, publicKey: Uint8Array, now: number): Action[] {
    const peer = this.peers.get(id);
    if (peer === undefined) return [];
    const own = this.options.staticKeys.publicKey;
    const problem = peerKeyProblem(this.primitives, own, publicKey);
    if (problem !== undefined) throw new RangeError(problem);
    if (this.hasKey(publicKey)) throw new RangeError('the public key belongs to another peer already');
    this.peersByKey.delete(asKey(peer.publicKey));
    peer.publicKey = new Uint8Array(publicKey);
    peer.ownKeyIsSmaller = Buffer.compare(own, publicKey) < 0;
    peer.cookies = null;
    // Initiations of the old key say nothing of those of the new one.
    peer.lastTimestamp = -1;
    this.peersByKey.set(asKey(publicKey), peer);
    this.keeper.replaceKey(peer, now);
    return this.keeper.takeActions();
  }

  /** What is kept for a peer, to be measured: of itself, and of its sessions. */
  objectsOf(id: number): { lasting: unknown[]; ofSessions: readonly unknown[] } {
    const peer = this.peers.get(id);
    if (peer === undefined) return { lasting: [], ofSessions: [] };
    const { sessions, sending: _, ...lasting } = peer;
    return {
      lasting: [lasting, this.record.of(id)],
      ofSessions: sessions.map(({ peer: __, ...rest }) => rest),
    };
  }

  /** Forgets a peer, its sessions and its secrets; no harm when it is not there. */
  removePeer(id: number): Action[] {
    const peer = this.peers.get(id);
    if (peer === undefined) return [];
    this.keeper.dropSessions(peer, 'peer-removed');
    this.record.forget(id);
    this.freePsk(peer);
    this.peers.delete(id);
    this.peersByKey.delete(asKey(peer.publicKey));
    return this.keeper.takeActions();
  }

  /** A client has had no session for long enough: what it costs is given back. */
  private release(peer: PeerState): void {
    this.freePsk(peer);
    this.peers.delete(peer.id);
    this.peersByKey.delete(asKey(peer.publicKey));
    this.keeper.act({ kind: 'release-client', peer: peer.id });
  }

  /** Changes the preshared key of a peer, 32 bytes, copied; absent means none. It counts from the next handshake on. */
  setPresharedKey(id: number, psk: Uint8Array | undefined): void {
    const peer = this.peers.get(id);
    if (peer === undefined || this.primitives.equal(peer.psk, psk ?? this.noPsk)) return;
    this.freePsk(peer);
    peer.psk = this.lockedCopy(psk);
  }

  private lockedCopy(psk: Uint8Array | undefined): Uint8Array {
    if (psk === undefined) return this.noPsk;
    const copy = this.primitives.allocateLocked(KEY_BYTES);
    copy.set(psk);
    return copy;
  }

  private freePsk(peer: PeerState): void {
    if (peer.psk !== this.noPsk) this.primitives.freeLocked(peer.psk);
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
    return [...this.peers.values()].flatMap(({ id }) => this.removePeer(id));
  }

  // Inputs --------------------------------------------------------------------------------------------------------

  /** Takes a handshake message that has passed the screen (`HandshakeScreen`), and the path it came by. */
  receive(message: Uint8Array, path: PathRef, now: number): Action[] {
    this.sender = NOBODY;
    const reason = this.take(message, path, now);
    if (reason !== undefined) {
      this.counters[reason] += 1;
      this.record.refused(reason, path.words, this.sender, now);
    }
    return this.keeper.takeActions();
  }

  private take(message: Uint8Array, path: PathRef, now: number): HandshakeReason | undefined {
    const kind = classify(message);
    switch (kind) {
      case 'initiation':
        return this.onInitiation(message, path, now);
      case 'response':
        return this.onResponse(message, path, now);
      case 'cookie-reply':
        return this.caller.onCookieReply(message, path, now);
      default:
        return kind;
    }
  }

  /** Does what has become due. */
  advance(now: number): Action[] {
    this.keeper.advance(now);
    return this.keeper.takeActions();
  }

  /** When `advance` has something to do next; undefined when nothing is planned. */
  nextDeadline(): number | undefined {
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

  /** The operator wants new sessions with the peer, whatever the peer's clock says. */
  restart(id: number, now: number): Action[] {
    const peer = this.peers.get(id);
    if (peer !== undefined) {
      peer.lastTimestamp = -1;
      peer.noticedAt = null;
      this.keeper.startOver(peer, 'restarted', 0, now);
    }
    return this.keeper.takeActions();
  }

  private pursue(peer: PeerState | undefined, goal: Goal, now: number): Action[] {
    if (peer !== undefined) this.keeper.pursue(peer, goal, now);
    return this.keeper.takeActions();
  }

  // Responding ----------------------------------------------------------------------------------------------------

  private onInitiation(message: Uint8Array, path: PathRef, now: number): HandshakeReason | undefined {
    const mac = asKey(mac1Part(message).mac);
    if (this.recentOfPeers.has(mac) || this.recentOfOthers.has(mac)) return 'handshake-duplicate';
    const opened = this.exchange.readInitiation(message);
    if (typeof opened === 'string') return opened;
    const key = asKey(opened.publicKey);
    const peer = this.peersByKey.get(key) ?? this.enter(opened, key, now);
    // Apart, so that no number of strangers makes us forget what came from peers.
    (typeof peer === 'string' ? this.recentOfOthers : this.recentOfPeers).add(mac);
    this.sender = {
      peer: typeof peer === 'string' ? null : peer.id,
      publicKey: opened.publicKey,
    };
    const problem = typeof peer === 'string' ? peer : this.respond(opened, peer, path, now);
    if (problem !== undefined) opened.noise.destroy();
    return problem;
  }

  /** Makes a peer of a client that comes, or says why it is not admitted. */
  private enter(
    { publicKey, offer }: OpenedInitiation,
    key: string,
    now: number,
  ): PeerState | HandshakeReason {
    const own = this.options.staticKeys.publicKey;
    if (this.primitives.equal(publicKey, own)) return 'own-key';
    const { clients } = this.options;
    const client = clients?.judge(publicKey) ?? 'unknown-peer';
    if (clients === undefined || typeof client === 'string') return client as HandshakeReason;
    // Before it costs anything: a stranger may repeat what a client said once.
    if (offer.timestamp <= client.memory.lastTimestamp) return 'handshake-replayed';
    const id = clients.takeId();
    if (id === null) return 'clients-full';
    const peer = this.newPeer({ id, publicKey, mayInitiate: false }, key, client);
    peer.lastTimestamp = client.memory.lastTimestamp;
    this.keeper.act({ kind: 'admit-client', peer: id, client });
    this.keeper.tend(peer, now);
    return peer;
  }

  /** Answers an authentic initiation of a peer, or says why not. */
  private respond(
    opened: OpenedInitiation,
    peer: PeerState,
    path: PathRef,
    now: number,
  ): HandshakeReason | undefined {
    const { offer } = opened;
    if (offer.timestamp === peer.lastTimestamp) return 'handshake-duplicate';
    if (offer.timestamp < peer.lastTimestamp) {
      const behindUs = peer.lastTimestamp - offer.timestamp;
      // Less may be an earlier attempt that was overtaken on its way.
      if (behindUs > ATTEMPT_LIFETIME_US) {
        this.notice(peer, { kind: 'notice', peer: peer.id, what: 'old-timestamp', path, behindUs }, now);
      }
      return 'handshake-replayed';
    }
    if (now - peer.lastAcceptedAt < INITIATION_FLOOR) return 'handshake-too-soon';
    peer.lastTimestamp = offer.timestamp;
    if (peer.client !== null) peer.client.memory.lastTimestamp = offer.timestamp;
    peer.lastAcceptedAt = now;
    const paths = twinsSeen(peer, offer.generation, path, now);
    if (paths !== undefined) {
      this.record.sharedKey(peer.id, paths, now);
      this.notice(peer, { kind: 'notice', peer: peer.id, what: 'key-on-two-hosts', paths }, now);
    }
    const version = chooseVersion(offer);
    if (version === undefined) return 'no-common-version';
    const aead = chooseAead(ownTerms(this.options), offer);
    if (aead === undefined) return 'no-common-aead';

    const localIndex = this.keeper.reserve();
    if (localIndex === 0) return 'index-table-full';
    const { capabilities, workers } = this.options;
    const generation = Math.max(offer.generation, nextGeneration(peer));
    const answer = { version, aead, workers, generation, capabilities: capabilities() };
    const answered = this.exchange.answer(opened, this.exchange.recipient(peer), localIndex, answer);
    if (typeof answered === 'string') {
      this.keeper.release(localIndex);
      return answered;
    }
    const { keys, message } = answered;
    const terms = { remoteIndex: opened.senderIndex, keys, version, aead, generation, remote: offer, path };
    this.keeper.installAnswered(peer, localIndex, terms, now);
    this.keeper.act({ kind: 'send', path, bytes: message });
    this.record.called(peer.id, now);
    return undefined;
  }

  /** Gives a notice, each kind at most once in `NOTICE_INTERVAL` for a peer. */
  private notice(peer: PeerState, notice: NoticeAction, now: number): void {
    peer.noticedAt ??= new Map();
    if (now - (peer.noticedAt.get(notice.what) ?? Number.NEGATIVE_INFINITY) < NOTICE_INTERVAL) return;
    peer.noticedAt.set(notice.what, now);
    this.keeper.act(notice);
  }

  // Responses -----------------------------------------------------------------------------------------------------

  private onResponse(message: Uint8Array, path: PathRef, now: number): HandshakeReason | undefined {
    const attempt = this.keeper.attemptAt(receiverIndex(message));
    if (attempt === undefined) return 'response-unexpected';
    this.sender = { peer: attempt.peer.id, publicKey: null };
    const answer = this.exchange.readResponse(attempt.noise, message);
    if (answer === 'low-order-key' || answer === 'response-not-authentic') return answer;
    // An authentic answer that is of no use ends the attempt; a forged one left it waiting.
    const { aeads } = ownTerms(this.options);
    const problem = typeof answer === 'string' ? answer : answerProblem(answer, attempt.generation, aeads);
    if (typeof answer === 'string' || problem !== undefined) {
      this.keeper.dropAttempt(attempt);
      return problem;
    }
    const keys = attempt.noise.finish();
    const { version, aead, generation } = answer;
    const remoteIndex = senderIndex(message);
    const terms = { remoteIndex, keys, version, aead, generation, remote: answer, path };
    this.keeper.completeAttempt(attempt, terms, now);
    this.record.answered(attempt.peer.id, now);
    return undefined;
  }
}
