/**
 * Runs the handshakes of one interface: feeds the handshaker with datagrams and times, and carries out what it
 * asks for. Session keys go straight into the addon's key slots and are wiped here; no message between threads
 * ever holds one.
 */
import { EventEmitter } from 'node:events';
import type { AeadChoice } from '../../api/config.js';
import { ALIVE_STATES } from '../../api/link-states.js';
import { ByRow } from '../../base/by-row.js';
import type { DatapathEvent, PathRef } from '../../contract/events.js';
import { INTERFACE } from '../../contract/stats.js';
import { isJoin } from '../../crypto/handshake-messages.js';
import type { KeyPair } from '../../crypto/primitives.js';
import { sodiumPrimitives } from '../../crypto/sodium.js';
import type { Action, InstallSessionAction, NoticeAction, RetireReason } from '../../handshake/actions.js';
import type { Client } from '../../handshake/client.js';
import { Handshaker } from '../../handshake/handshaker.js';
import { type OpenedJoin, openJoin } from '../../handshake/join.js';
import type { ClientSource, PeerIdentity } from '../../handshake/options.js';
import { emptyCounters, type HandshakeReason } from '../../handshake/reasons.js';
import type { HandshakeRecord } from '../../handshake/record.js';
import type { JoinReply } from '../../member/join-messages.js';
import type { Native } from '../../native/binding.js';
import { SLOT_BITS } from '../../state/sessions.js';
import { ownCapabilities } from '../../wire/capabilities.js';
import type { Datapath } from './datapath.js';
import type { HandshakeClock } from './handshake-clock.js';
import { Rows } from './rows.js';

const SLOT_MASK = (1 << SLOT_BITS) - 1;
/** Slots of the addon's key table, which all interfaces of the process share. */
const keySlots = new Rows();
const MAX_TIMEOUT_MS = 60_000;

/** What an event of the datapath means to who follows a peer. */
const STEPS: { readonly [K in DatapathEvent['kind']]?: string } = {
  'session-confirmed': 'the peer has used the new session',
  'counter-high': 'the counters of the session are high: another one is needed',
  'all-links-down': 'all links are down',
  goodbye: 'the peer has said goodbye',
};
const AGREED = {
  initiator: 'a response has come: a session is agreed',
  responder: 'an initiation has come and is answered: a session is agreed',
} as const;
const RETIRED: Readonly<Record<RetireReason, string>> = {
  succeeded: 'the session before has ended: another one has succeeded it',
  expired: 'a session has ended: it had lived its time',
  unconfirmed: 'a session has ended: the peer never used it',
  goodbye: 'a session has ended: the peer has said goodbye',
  restarted: 'a session has ended: the handshake begins anew',
  'peer-removed': 'a session has ended: the peer is no longer configured',
};

/** A session in use, or to be. */
export interface SessionInfo {
  peer: number;
  localIndex: number;
  aead: number;
  role: 'initiator' | 'responder';
  establishedUs: number;
  /** What the peer can take. */
  capabilities: number;
  sealKey: number;
  openKey: number;
}

interface HandshakeEvents {
  /** A peer has a session in use, or null: none is left. A rekey is no event. */
  session: [peer: number, session: SessionInfo | null];
  /** A client comes, and needs its rows at once: its session follows. */
  client: [peer: number, client: Client];
  /** A client has gone. */
  released: [peer: number];
  /** Something that the operator should know. */
  notice: [notice: NoticeAction];
  /** A host asks to join; who listens answers through `answerJoin` or abandons the request. */
  join: [join: OpenedJoin, path: PathRef];
  /** What was done for a peer, for who follows every step. */
  step: [peer: number, what: string];
}

export class Handshakes extends EventEmitter<HandshakeEvents> {
  private readonly handshaker: Handshaker;
  /** By slot, and those in use by the row of their peer. */
  private readonly sessions = new ByRow<SessionInfo>();
  private readonly inUse = new ByRow<SessionInfo>();
  /** What peers are told in handshakes from now on that this end can take. */
  capabilities = ownCapabilities(false);
  /** Handshake messages taken; the worker compares them with those it handed over. */
  private taken = 0;
  private timer: NodeJS.Timeout | undefined;
  /** When `timer` is due, in µs of boot time. */
  private timerAt = 0;

  constructor(
    private readonly native: Native,
    private readonly datapath: Datapath,
    private staticKeys: KeyPair,
    aead: AeadChoice,
    clock: HandshakeClock,
    private readonly clients: ClientSource,
  ) {
    super();
    this.handshaker = new Handshaker({
      primitives: sodiumPrimitives,
      staticKeys,
      wallClock: () => clock.read(),
      aead,
      hardwareAes: native.hasHardwareAes(),
      capabilities: () => this.capabilities,
      workers: 1,
      clients,
    });
  }

  /** How often each failure occurred, by name. */
  get counters(): Readonly<Record<string, number>> {
    return this.handshaker.counters;
  }

  /** Under which peers know this interface, base64. */
  get publicKey(): string {
    return Buffer.from(this.staticKeys.publicKey).toString('base64');
  }

  /** What came of handshakes with each peer. */
  get record(): HandshakeRecord {
    return this.handshaker.record;
  }

  clearCounters(): void {
    Object.assign(this.handshaker.counters, emptyCounters());
  }

  /** Sessions that there are, those that are about to end included. */
  get sessionCount(): number {
    return this.sessions.size;
  }

  /** Peers with a session in use. */
  get peersWithSession(): number {
    return this.inUse.size;
  }

  sessionOf(peer: number): SessionInfo | null {
    return this.inUse.get(peer) ?? null;
  }

  /** What is kept for a peer, to be measured: whether it has a session or not, and for its sessions. */
  objectsOf(peer: number): { lasting: unknown[]; ofSessions: unknown[] } {
    const { lasting, ofSessions } = this.handshaker.objectsOf(peer);
    return { lasting, ofSessions: [...ofSessions, this.inUse.get(peer)] };
  }

  /** @throws RangeError with a sentence for the user. */
  addPeer(identity: PeerIdentity): void {
    this.carryOut(this.handshaker.addPeer(identity, this.native.now()));
  }

  /**
   * Other static keys or AEADs count from now on; sessions stay in use until others have succeeded them.
   * @throws RangeError with a sentence for the user, and changes nothing.
   */
  setTerms(staticKeys: KeyPair, aead: AeadChoice): void {
    this.carryOut(this.handshaker.setTerms(staticKeys, aead, this.native.now()));
    this.staticKeys = staticKeys;
  }

  /** Whether a peer has this public key. */
  hasKey(publicKey: Uint8Array): boolean {
    return this.handshaker.hasKey(publicKey);
  }

  /** @throws RangeError with a sentence for the user, and changes nothing. */
  setPublicKey(peer: number, publicKey: Uint8Array): void {
    this.carryOut(this.handshaker.setPublicKey(peer, publicKey, this.native.now()));
  }

  setMayInitiate(peer: number, mayInitiate: boolean): void {
    this.carryOut(this.handshaker.setMayInitiate(peer, mayInitiate, this.native.now()));
  }

  removePeer(peer: number): void {
    this.carryOut(this.handshaker.removePeer(peer));
  }

  /** Takes effect with the next handshake. */
  setPresharedKey(peer: number, psk: Uint8Array | undefined): void {
    this.handshaker.setPresharedKey(peer, psk);
  }

  restart(peer: number): void {
    this.carryOut(this.handshaker.restart(peer, this.native.now()));
  }

  /** Forgets every peer and wipes every key. */
  close(): void {
    this.carryOut(this.handshaker.close());
    this.disarm();
  }

  /** Handles an event of the datapath; those that do not concern handshakes are ignored. */
  take(event: DatapathEvent): void {
    const now = this.native.now();
    const received = STEPS[event.kind];
    if (received !== undefined && 'peer' in event) this.emit('step', event.peer, received);
    switch (event.kind) {
      case 'handshake':
        return this.receive(event.bytes, event.path, now);
      case 'misaddressed':
        return this.record.misaddressed(event.path.words, now);
      case 'session-confirmed':
        return this.withIndex(event.slot, (index) => this.handshaker.sessionConfirmed(index, now));
      case 'counter-high':
        return this.withIndex(event.slot, (index) => this.handshaker.counterHigh(index, now));
      case 'all-links-down':
        return this.carryOut(this.handshaker.linksDown(event.peer, now));
      case 'keys-wiped':
        keySlots.release(event.sealKey);
        keySlots.release(event.openKey);
        return;
      case 'goodbye':
        return this.carryOut(this.handshaker.goodbye(event.peer, now));
      case 'link':
        if (ALIVE_STATES.has(event.state)) this.carryOut(this.handshaker.linksUp(event.peer, now));
        return;
      default:
    }
  }

  private receive(bytes: Uint8Array, path: PathRef, now: number): void {
    this.taken++;
    this.datapath.stats.interface[INTERFACE.handshakesTaken] = this.taken;
    if (isJoin(bytes, 'JOIN_REQUEST')) this.receiveJoin(bytes, path);
    else this.carryOut(this.handshaker.receive(bytes, path, now));
  }

  private receiveJoin(bytes: Uint8Array, path: PathRef): void {
    const join = openJoin(sodiumPrimitives, this.staticKeys, bytes);
    if (join === null) return this.count('join-not-authentic');
    const { invitation: key, request } = join;
    if (request?.certificate !== undefined) {
      join.abandon();
      if (!this.clients.certify(key, request)) this.count('certificate-refused');
    } else if (!this.emit('join', join, path)) join.abandon();
  }

  /** Sends the reply to a request of the event `join` back to where that came from. */
  answerJoin(join: OpenedJoin, reply: JoinReply, path: PathRef): void {
    this.datapath.send({ kind: 'send-raw', bytes: join.reply(reply), path });
  }

  /** Counts a message that led nowhere. */
  count(reason: HandshakeReason): void {
    this.handshaker.counters[reason]++;
  }

  private withIndex(slot: number, then: (index: number) => Action[]): void {
    const session = this.sessions.get(slot);
    if (session !== undefined) this.carryOut(then(session.localIndex));
  }

  private carryOut(actions: readonly Action[]): void {
    for (const action of actions) this.act(action);
    this.armTimer();
  }

  private act(action: Action): void {
    switch (action.kind) {
      case 'send':
        return this.datapath.send({ kind: 'send-raw', bytes: action.bytes, path: action.path });
      case 'send-to-peer':
        this.emit('step', action.peer, 'an initiation is sent on every link');
        return this.datapath.send({ kind: 'send-raw-peer', bytes: action.bytes, peer: action.peer });
      case 'install-session':
        return this.install(action);
      case 'use-session':
        return this.use(action.peer, action.localIndex & SLOT_MASK);
      case 'stop-sending':
        this.inUse.delete(action.peer);
        this.datapath.send({ kind: 'session-stop', peer: action.peer });
        this.emit('step', action.peer, 'no session is left to send under');
        this.emit('session', action.peer, null);
        return;
      case 'retire-session':
        this.emit('step', action.peer, RETIRED[action.reason]);
        this.retire(action.localIndex & SLOT_MASK);
        return;
      case 'admit-client':
        this.emit('client', action.peer, action.client);
        return;
      case 'release-client':
        this.emit('released', action.peer);
        return;
      case 'notice':
        this.emit('notice', action);
    }
  }

  private install(action: InstallSessionAction): void {
    const slot = action.localIndex & SLOT_MASK;
    const sealKey = keySlots.take();
    const openKey = keySlots.take();
    this.emit('step', action.peer, AGREED[action.role]);
    const { helpers } = this.datapath;
    this.native.keyInstall(sealKey, action.aead, action.sendKey, helpers);
    this.native.keyInstall(openKey, action.aead, action.receiveKey, helpers);
    sodiumPrimitives.wipe(action.sendKey);
    sodiumPrimitives.wipe(action.receiveKey);
    this.sessions.set(slot, {
      peer: action.peer,
      localIndex: action.localIndex,
      aead: action.aead,
      role: action.role,
      establishedUs: this.native.now(),
      capabilities: action.remote.capabilities,
      sealKey,
      openKey,
    });
    this.datapath.send({
      kind: 'session',
      peer: action.peer,
      slot,
      localIndex: action.localIndex,
      remoteIndex: action.remoteIndex,
      sealKey,
      openKey,
      capabilities: action.remote.capabilities,
    });
  }

  private use(peer: number, slot: number): void {
    const session = this.sessions.get(slot);
    if (session === undefined) return;
    this.emit('step', peer, 'frames go under the new session');
    const isFirst = !this.inUse.has(peer);
    this.inUse.set(peer, session);
    this.datapath.send({ kind: 'session-send', peer, slot });
    if (isFirst) this.emit('session', peer, session);
  }

  private retire(slot: number): void {
    const session = this.sessions.get(slot);
    if (session === undefined) return;
    this.sessions.delete(slot);
    if (this.inUse.get(session.peer) === session) this.inUse.delete(session.peer);
    const { sealKey, openKey } = session;
    if (this.datapath.alive) this.datapath.send({ kind: 'session-retire', slot, sealKey, openKey });
    else this.wipe(sealKey, openKey);
  }

  /** Without a worker that could still be using them, keys are wiped here. */
  private wipe(sealKey: number, openKey: number): void {
    this.native.keyWipe(sealKey);
    this.native.keyWipe(openKey);
    keySlots.release(sealKey);
    keySlots.release(openKey);
  }

  private armTimer(): void {
    const next = this.handshaker.nextDeadline();
    const now = this.native.now();
    // In a storm of handshakes the next deadline is mostly the one from before. A timer does not count time in suspend, so one
    // that should have run is set anew.
    if (this.timer !== undefined && next === this.timerAt && next > now) return;
    this.disarm();
    if (next === undefined) return;
    const delay = Math.min(MAX_TIMEOUT_MS, Math.max(0, (next - now) / 1000));
    this.timerAt = next;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.carryOut(this.handshaker.advance(this.native.now()));
    }, Math.ceil(delay));
  }

  private disarm(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }
}
