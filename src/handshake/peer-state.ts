/** What the handshaker knows about one peer, and what follows: which session sends, what is due when. */
import type { PathRef } from '../contract/events.js';
import type { NoiseHandshake } from '../crypto/noise.js';
import type { NoticeAction } from './actions.js';
import type { Client } from './client.js';
import type { Scheduled } from './deadline-heap.js';
import {
  CLIENT_LINGERS,
  REKEY_AFTER,
  REKEY_AFTER_AS_RESPONDER,
  REKEY_AFTER_SILENCE,
  RETRY_FIRST,
  STOP_SENDING_AFTER,
} from './timing.js';

/** An initiation that awaits its response. */
export interface Attempt {
  readonly kind: 'attempt';
  readonly peer: PeerState;
  readonly noise: NoiseHandshake;
  readonly generation: number;
  localIndex: number;
  /** Our certificate, sent before the initiation to a peer that may not know us; null: it is not. */
  certificate: Uint8Array | null;
  /** The initiation; a cookie reply is bound to the MAC1 of one of the two. */
  message: Uint8Array;
  readonly expiresAt: number;
}

/** A session installed in the datapath. */
export interface Session {
  readonly kind: 'session';
  readonly peer: PeerState;
  readonly localIndex: number;
  readonly role: 'initiator' | 'responder';
  readonly generation: number;
  readonly createdAt: number;
  /** Where the other end's message of the handshake came from. */
  readonly path: PathRef;
  /** Whether an authentic datagram arrived under it: the other end has it too. */
  confirmed: boolean;
  retireAt: number;
  /** The latest `retireAt`, however long it is confirmed. */
  latest: number;
}

/** Why an initiation is wanted. */
export type Goal = 'open' | 'rekey-age' | 'rekey-counter' | 'renew' | 'links-down';

export interface Cookie {
  readonly path: PathRef;
  readonly bytes: Uint8Array;
  readonly expiresAt: number;
}

/** Signs that two hosts use the peer's key. */
interface TwinSigns {
  count: number;
  /** When the first of them was seen, in microseconds of boot time. */
  since: number;
}

/** Whom a peer is. */
interface Identity {
  /** The consumer's number for the peer. */
  readonly id: number;
  readonly publicKey: Uint8Array;
  /** All zero for none. */
  readonly psk: Uint8Array;
  readonly mayInitiate: boolean;
  /**
   * Whom it was admitted as; null for a peer that was added. A client calls: it is not called, and it is given up some time
   * after its last session.
   */
  readonly client: Client | null;
  /** Whether our public key is the smaller one: decides between sessions opened at the same time. */
  readonly ownKeyIsSmaller: boolean;
}

const NO_SESSIONS: readonly Session[] = [];
const NO_ATTEMPTS: readonly Attempt[] = [];

/** A peer, at first without sessions. A server has thousands of them, so what is rare is made when it is needed. */
export class PeerState implements Scheduled {
  readonly id: number;
  publicKey: Uint8Array;
  psk: Uint8Array;
  mayInitiate: boolean;
  readonly client: Client | null;
  ownKeyIsSmaller: boolean;
  attempts: readonly Attempt[] = NO_ATTEMPTS;
  sessions: readonly Session[] = NO_SESSIONS;
  sending: Session | undefined = undefined;
  goal: Goal | undefined = undefined;
  retryAt = Number.POSITIVE_INFINITY;
  retryDelay = RETRY_FIRST;
  lastSentAt = Number.NEGATIVE_INFINITY;
  /** When it was first seen without a session, a client only; infinite while it has one. */
  emptySince = Number.POSITIVE_INFINITY;
  /** Of the last initiation accepted from the peer: its timestamp, and when it came. */
  lastTimestamp = -1;
  lastAcceptedAt = Number.NEGATIVE_INFINITY;
  /** Cookies the peer gave, each with its path, by `pathKey`; null: none yet. */
  cookies: Map<string, Cookie> | null = null;
  twins: TwinSigns | null = null;
  /** When each kind of notice was last given; null: none was. */
  noticedAt: Map<NoticeAction['what'], number> | null = null;
  deadline = Number.POSITIVE_INFINITY;
  heapIndex = -1;

  constructor({ id, publicKey, psk, mayInitiate, client, ownKeyIsSmaller }: Identity) {
    this.id = id;
    this.publicKey = publicKey;
    this.psk = psk;
    this.mayInitiate = mayInitiate;
    this.client = client;
    this.ownKeyIsSmaller = ownKeyIsSmaller;
  }
}

/** One above all existing sessions with the peer: what an initiation offers. */
export function nextGeneration(peer: PeerState): number {
  let highest = 0;
  for (const session of peer.sessions) highest = Math.max(highest, session.generation);
  return Math.min(highest + 1, 0xffff_ffff);
}

/**
 * Whether both ends prefer session `a` to `b`: the higher generation, and of two that were opened at the same time,
 * and so have the same, the one whose initiator has the smaller public key. Both ends know both facts, so they agree
 * whatever their clocks say and in whatever order things arrive.
 */
export function isPreferred(peer: PeerState, a: Session, b: Session): boolean {
  if (a.generation !== b.generation) return a.generation > b.generation;
  if (a.role !== b.role) return (a.role === 'initiator') === peer.ownKeyIsSmaller;
  // Only when a hostile peer has driven the generation to its end.
  return a.createdAt > b.createdAt;
}

/** The session to send under: the preferred one of those that the other end is known to have and that are not too old. */
export function bestForSending(peer: PeerState, now: number): Session | undefined {
  let best: Session | undefined;
  for (const session of peer.sessions) {
    const otherEndHasIt = session.role === 'initiator' || session.confirmed;
    const ends = Math.min(session.createdAt + STOP_SENDING_AFTER, session.retireAt);
    if (!otherEndHasIt || now >= ends) continue;
    if (best === undefined || isBetter(peer, session, best)) best = session;
  }
  return best;
}

/** Of two sessions of one generation, one that is confirmed: who answered the other may have restarted since. */
function isBetter(peer: PeerState, a: Session, b: Session): boolean {
  if (a.generation === b.generation && a.confirmed !== b.confirmed) return a.confirmed;
  return isPreferred(peer, a, b);
}

/** When the age of the session calls for a successor, or the silence under it. */
export function rekeyAt({ role, confirmed, createdAt }: Session): number {
  if (role === 'responder') return createdAt + REKEY_AFTER_AS_RESPONDER;
  return createdAt + (confirmed ? REKEY_AFTER : REKEY_AFTER_SILENCE);
}

/** When something is due next for the peer. */
export function nextDue(peer: PeerState): number {
  let due = Math.min(peer.retryAt, peer.emptySince + CLIENT_LINGERS);
  for (const { expiresAt } of peer.attempts) due = Math.min(due, expiresAt);
  for (const { retireAt } of peer.sessions) due = Math.min(due, retireAt);
  const { sending } = peer;
  if (sending === undefined) return due;
  due = Math.min(due, sending.createdAt + STOP_SENDING_AFTER);
  const isRenewed = peer.goal === undefined && peer.client === null;
  return isRenewed ? Math.min(due, rekeyAt(sending)) : due;
}
