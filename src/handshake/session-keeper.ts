/**
 * The life of the sessions of all peers: which one sends, when the next is wanted, when each ends. It knows nothing of
 * messages; when a handshake is due it calls the function it was given.
 */
import { readU32 } from '../base/bytes.js';
import type { PathRef } from '../contract/events.js';
import type { SessionKeys } from '../crypto/noise.js';
import type { Primitives } from '../crypto/primitives.js';
import type { Action, RemoteTraits, RetireReason } from './actions.js';
import { DeadlineHeap } from './deadline-heap.js';
import { IndexTable } from './index-table.js';
import {
  type Attempt,
  bestForSending,
  type Goal,
  isPreferred,
  nextDue,
  type PeerState,
  rekeyAt,
  type Session,
} from './peer-state.js';
import {
  CLIENT_LINGERS,
  RETIRE_AFTER,
  RETIRE_AFTER_KEY_CHANGE,
  RETIRE_AFTER_SUCCESSOR,
  RETRY_FIRST,
  RETRY_GROWTH,
  RETRY_JITTER,
  RETRY_LONGEST,
  UNCONFIRMED_LIFETIME,
  UNCONFIRMED_LIMIT,
} from './timing.js';

const NEVER = Number.POSITIVE_INFINITY;
/** Bytes. */
const DRAWN_AHEAD = 1024;

/** Reserves the index of a session that is being set up. */
interface Reservation {
  readonly kind: 'reservation';
}

const RESERVATION: Reservation = { kind: 'reservation' };

/** A session about to be installed: what the handshake has settled. */
interface SessionTerms {
  readonly remoteIndex: number;
  readonly keys: SessionKeys;
  readonly version: number;
  readonly aead: number;
  readonly generation: number;
  readonly remote: RemoteTraits;
  /** Where the other end's message came from. */
  readonly path: PathRef;
}

/** What the keeper asks of whoever writes the messages. */
interface KeeperOwner {
  /** Sends one initiation to a peer; its retry is planned by the keeper. */
  initiate(peer: PeerState, now: number): void;
  /** Forgets a client that has had no session for `CLIENT_LINGERS`. */
  release(peer: PeerState): void;
}

export class SessionKeeper {
  private readonly primitives: Primitives;
  private readonly indexes: IndexTable<Attempt | Session | Reservation>;
  private readonly deadlines = new DeadlineHeap<PeerState>();
  private readonly owner: KeeperOwner;
  private actions: Action[] = [];
  /** Random bytes drawn ahead, used up to `used`: each draw asks the kernel. No secrets are made of them. */
  private readonly drawn = new Uint8Array(DRAWN_AHEAD);
  private used = DRAWN_AHEAD;

  constructor(primitives: Primitives, owner: KeeperOwner) {
    this.primitives = primitives;
    this.owner = owner;
    this.indexes = new IndexTable(() => this.randomU32());
  }

  /** The actions since the last call. */
  takeActions(): Action[] {
    const actions = this.actions;
    this.actions = [];
    return actions;
  }

  act(action: Action): void {
    this.actions.push(action);
  }

  nextDeadline(): number | undefined {
    return this.deadlines.first()?.deadline;
  }

  advance(now: number): void {
    for (let peer = this.deadlines.first(); peer !== undefined && peer.deadline <= now; ) {
      this.tend(peer, now);
      peer = this.deadlines.first();
    }
  }

  /** Brings a peer up to date: drops what has expired, chooses the sending session, starts what is due. */
  tend(peer: PeerState, now: number): void {
    for (const attempt of peer.attempts.filter((one) => one.expiresAt <= now)) this.dropAttempt(attempt);
    this.chooseSending(peer, now);
    for (const session of peer.sessions.filter((one) => one.retireAt <= now)) {
      this.retire(session, reasonToRetire(session, now));
    }
    if (peer.client !== null && this.hasGone(peer, now)) return;
    this.chooseGoal(peer, now);
    if (peer.goal !== undefined && peer.retryAt <= now) {
      this.planRetry(peer, now);
      this.owner.initiate(peer, now);
    }
    this.deadlines.schedule(peer, nextDue(peer));
  }

  /** Whether a client has been without a session for so long that it was given up. */
  private hasGone(peer: PeerState, now: number): boolean {
    if (peer.sessions.length > 0) peer.emptySince = NEVER;
    else peer.emptySince = Math.min(peer.emptySince, now);
    if (now < peer.emptySince + CLIENT_LINGERS) return false;
    this.deadlines.remove(peer);
    this.owner.release(peer);
    return true;
  }

  // What is wanted ------------------------------------------------------------------------------------------------

  /** Wants a new session with the peer, unless it is wanted already or the peer cannot be called. */
  pursue(peer: PeerState, goal: Goal, now: number): void {
    // Thousands of clients that fall silent together must not be called by the thousand: they call.
    const mayCall = peer.client === null || goal === 'rekey-counter';
    if (mayCall && peer.goal === undefined && (peer.mayInitiate || peer.sending !== undefined)) {
      setGoal(peer, goal, Math.max(now, peer.lastSentAt + RETRY_FIRST));
    }
    this.tend(peer, now);
  }

  /**
   * Wants a new session, whatever was wanted before: an end has other keys or terms. Those there are stay in use until it
   * has succeeded them, or their time is over.
   */
  renew(peer: PeerState, now: number): void {
    this.reached(peer);
    this.pursue(peer, 'renew', now);
  }

  /** The peer's public key was replaced: what the old one made is wanted no more, and ends soon in any case. */
  replaceKey(peer: PeerState, now: number): void {
    for (const session of peer.sessions) {
      session.latest = Math.min(session.latest, now + RETIRE_AFTER_KEY_CHANGE);
      session.retireAt = Math.min(session.retireAt, session.latest);
    }
    this.renew(peer, now);
  }

  /** Links work again: the existing sessions suffice, unless it is time for a new one anyway. */
  linksUp(peer: PeerState, now: number): void {
    if (peer.goal === 'links-down' && peer.sending !== undefined) clearGoal(peer);
    this.tend(peer, now);
  }

  /** Drops all sessions with the peer and, when it can be called, calls it after `delay` microseconds. */
  startOver(peer: PeerState, reason: RetireReason, delay: number, now: number): void {
    this.dropSessions(peer, reason);
    if (peer.mayInitiate) setGoal(peer, 'open', now + delay);
    this.tend(peer, now);
  }

  // Attempts ------------------------------------------------------------------------------------------------------

  /** Gives an attempt its receiver index; 0 when there is none left. */
  allocateFor(attempt: Attempt): number {
    return this.indexes.allocate(attempt);
  }

  attemptAt(index: number): Attempt | undefined {
    const entry = this.indexes.find(index);
    return entry?.kind === 'attempt' ? entry : undefined;
  }

  dropAttempt(attempt: Attempt): void {
    const { peer } = attempt;
    peer.attempts = peer.attempts.filter((other) => other !== attempt);
    attempt.noise.destroy();
    this.indexes.release(attempt.localIndex);
  }

  // Sessions ------------------------------------------------------------------------------------------------------

  sessionAt(index: number): Session | undefined {
    const entry = this.indexes.find(index);
    return entry?.kind === 'session' ? entry : undefined;
  }

  /** Reserves the receiver index of a session that is about to be offered to the peer; 0 when there is none left. */
  reserve(): number {
    return this.indexes.allocate(RESERVATION);
  }

  release(index: number): void {
    this.indexes.release(index);
  }

  /** The other end answered our attempt: its index becomes the session's, which is used at once. */
  completeAttempt(attempt: Attempt, terms: SessionTerms, now: number): void {
    const { peer } = attempt;
    peer.attempts = peer.attempts.filter((other) => other !== attempt);
    this.install(peer, attempt.localIndex, 'initiator', terms, now);
    this.reached(peer);
    this.tend(peer, now);
  }

  /** We answered the peer: the session receives, and sends once it is confirmed. */
  installAnswered(peer: PeerState, localIndex: number, terms: SessionTerms, now: number): void {
    const unconfirmed = peer.sessions.filter((one) => one.role === 'responder' && !one.confirmed);
    if (unconfirmed.length >= UNCONFIRMED_LIMIT) this.retire(unconfirmed[0], 'unconfirmed');
    this.install(peer, localIndex, 'responder', terms, now);
    this.tend(peer, now);
  }

  /** The other end is known to have the session: those it is preferred to end soon. */
  confirm(session: Session, now: number): void {
    if (session.confirmed) return;
    const { peer } = session;
    session.confirmed = true;
    if (session.role === 'responder') session.retireAt = session.latest;
    this.endSucceeded(peer, now);
    if (session.role === 'responder' && bestForSending(peer, now) === session) this.reached(peer);
    this.tend(peer, now);
  }

  dropSessions(peer: PeerState, reason: RetireReason): void {
    this.reached(peer);
    if (peer.sending !== undefined) this.act({ kind: 'stop-sending', peer: peer.id });
    peer.sending = undefined;
    for (const session of peer.sessions) this.retire(session, reason);
    this.deadlines.remove(peer);
  }

  private install(
    peer: PeerState,
    localIndex: number,
    role: Session['role'],
    terms: SessionTerms,
    now: number,
  ): void {
    const lifetime = role === 'initiator' ? RETIRE_AFTER : UNCONFIRMED_LIFETIME;
    const session: Session = {
      kind: 'session',
      peer,
      localIndex,
      role,
      generation: terms.generation,
      createdAt: now,
      path: terms.path,
      confirmed: false,
      retireAt: now + lifetime,
      latest: now + RETIRE_AFTER,
    };
    this.indexes.replace(localIndex, session);
    peer.sessions = [...peer.sessions, session];
    this.act({
      kind: 'install-session',
      peer: peer.id,
      localIndex,
      remoteIndex: terms.remoteIndex,
      sendKey: terms.keys.send,
      receiveKey: terms.keys.receive,
      aead: terms.aead,
      version: terms.version,
      role,
      remote: { capabilities: terms.remote.capabilities, workers: terms.remote.workers },
    });
  }

  private retire(session: Session, reason: RetireReason): void {
    const { peer, localIndex } = session;
    peer.sessions = peer.sessions.filter((other) => other !== session);
    this.indexes.release(localIndex);
    this.act({ kind: 'retire-session', peer: peer.id, localIndex, reason });
  }

  /** Leaves each session that has a confirmed successor only the time that datagrams in flight need. */
  private endSucceeded(peer: PeerState, now: number): void {
    for (const session of peer.sessions) {
      const succeeded = peer.sessions.some((other) => other.confirmed && isPreferred(peer, other, session));
      if (succeeded) session.retireAt = Math.min(session.retireAt, now + RETIRE_AFTER_SUCCESSOR);
    }
  }

  /** What was wanted is reached: a session that both ends have. */
  private reached(peer: PeerState): void {
    clearGoal(peer);
    for (const attempt of peer.attempts) this.dropAttempt(attempt);
  }

  private chooseSending(peer: PeerState, now: number): void {
    const best = bestForSending(peer, now);
    if (best === peer.sending) return;
    peer.sending = best;
    this.act(
      best === undefined
        ? { kind: 'stop-sending', peer: peer.id }
        : { kind: 'use-session', peer: peer.id, localIndex: best.localIndex },
    );
  }

  private chooseGoal(peer: PeerState, now: number): void {
    const { sending } = peer;
    if (sending === undefined && !peer.mayInitiate) {
      clearGoal(peer);
    } else if (peer.client !== null) {
      return;
    } else if (peer.goal === undefined && (sending === undefined || rekeyAt(sending) <= now)) {
      const goal = sending === undefined ? 'open' : 'rekey-age';
      setGoal(peer, goal, Math.max(now, peer.lastSentAt + RETRY_FIRST));
    }
  }

  private planRetry(peer: PeerState, now: number): void {
    const jitter = 1 + (RETRY_JITTER * this.randomU32()) / 2 ** 32;
    peer.lastSentAt = now;
    peer.retryAt = now + peer.retryDelay * jitter;
    peer.retryDelay = Math.min(peer.retryDelay * RETRY_GROWTH, RETRY_LONGEST);
  }

  private randomU32(): number {
    if (this.used === DRAWN_AHEAD) {
      this.primitives.random(this.drawn);
      this.used = 0;
    }
    const drawn = readU32(this.drawn, this.used);
    this.used += 4;
    return drawn;
  }
}

function setGoal(peer: PeerState, goal: Goal, at: number): void {
  peer.goal = goal;
  peer.retryDelay = RETRY_FIRST;
  peer.retryAt = at;
}

function clearGoal(peer: PeerState): void {
  peer.goal = undefined;
  peer.retryAt = NEVER;
}

function reasonToRetire(session: Session, now: number): RetireReason {
  if (now >= session.latest) return 'expired';
  return session.role === 'responder' && !session.confirmed ? 'unconfirmed' : 'succeeded';
}
