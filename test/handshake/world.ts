/**
 * Hosts with a handshaker each, joined by a virtual wire in virtual time. The datapath is played by its bare minimum:
 * a table of sessions and a heartbeat under whichever of them sends.
 */
import type { PathRef } from '../../src/contract/events.js';
import type { Origin } from '../../src/crypto/cookie.js';
import { classify, isJoin } from '../../src/crypto/handshake-messages.js';
import { generateKeyPair, type KeyPair, type Primitives } from '../../src/crypto/primitives.js';
import { HandshakeScreen, type Refusal } from '../../src/crypto/screen.js';
import { sodiumPrimitives } from '../../src/crypto/sodium.js';
import type { Action, InstallSessionAction } from '../../src/handshake/actions.js';
import { Handshaker } from '../../src/handshake/handshaker.js';
import { openJoin } from '../../src/handshake/join.js';
import type { HandshakerOptions } from '../../src/handshake/options.js';
import { seededRandom } from '../sim/random.js';

export const MILLISECOND = 1000;
export const SECOND = 1_000_000;

/** Libsodium with randomness from a seed, so that a run can be repeated. */
export function seededPrimitives(seed: number): Primitives {
  const random = seededRandom(seed);
  return {
    ...sodiumPrimitives,
    random(bytes) {
      for (let i = 0; i < bytes.length; i++) bytes[i] = Math.floor(random() * 256);
    },
  };
}

interface InstalledSession extends InstallSessionAction {
  confirmed: boolean;
}

interface Heartbeat {
  readonly receiverIndex: number;
  readonly key: Uint8Array;
}

type Packet = { readonly handshake: Uint8Array } | { readonly heartbeat: Heartbeat };

/** A host. Its peers' numbers are the other hosts' numbers. */
export class Host {
  handshaker: Handshaker;
  readonly keys: KeyPair;
  /** Messages that the screen refused, by reason. */
  readonly refused: Record<Refusal, number> = {
    'mac1-wrong': 0,
    'mac2-wrong': 0,
    'cookie-demanded': 0,
    'rate-limited': 0,
  };
  readonly sessions = new Map<number, InstalledSession>();
  readonly sending = new Map<number, number>();
  /** Every action ever asked for. */
  readonly actions: Action[] = [];
  underLoad = false;
  /** Heartbeats received under a session that was not there. */
  lost = 0;
  private screen: HandshakeScreen;

  constructor(
    readonly id: number,
    readonly options: Omit<HandshakerOptions, 'staticKeys' | 'wallClock'>,
    private readonly world: World,
    keys?: KeyPair,
  ) {
    this.keys = keys ?? generateKeyPair(options.primitives);
    this.handshaker = this.newHandshaker();
    this.screen = this.newScreen();
  }

  /** The host loses its memory, its keys apart. */
  crash(): void {
    this.sessions.clear();
    this.sending.clear();
    this.handshaker = this.newHandshaker();
    this.screen = this.newScreen();
  }

  connect(peer: Host, mayInitiate = true, psk?: Uint8Array): void {
    const identity = { id: peer.id, publicKey: peer.keys.publicKey, mayInitiate, ...(psk && { psk }) };
    this.perform(this.handshaker.addPeer(identity, this.world.now));
  }

  perform(actions: Action[]): void {
    for (const action of actions) {
      this.actions.push(action);
      this.performOne(action);
    }
  }

  /** Has other static keys from now on. */
  takeKeys(keys: KeyPair, now: number): void {
    this.perform(this.handshaker.setTerms(keys, 'auto', now));
    this.screen.setPublicKey(keys.publicKey);
  }

  /** What it does about a handshake datagram: first the screen sees it, then the handshaker. */
  receive(datagram: Uint8Array, from: Sender, now: number, underLoad: boolean): Action[] {
    const isRequest = isJoin(datagram, 'JOIN_REQUEST');
    const kind = isRequest ? 'initiation' : classify(datagram);
    const { screen } = this;
    if (kind === 'initiation' || kind === 'response') {
      let refusal: Refusal | undefined;
      if (kind === 'response') refusal = screen.responseObjection(datagram);
      else if (!screen.isAddressedToUs(datagram)) refusal = 'mac1-wrong';
      else refusal = screen.objection(screen.proof(datagram, from, now), from, now, underLoad);
      if (refusal !== undefined) {
        this.refused[refusal]++;
        if (refusal !== 'cookie-demanded') return [];
        return [{ kind: 'send', path: from.path, bytes: screen.cookieReply(datagram, from, now) }];
      }
    }
    return isRequest ? this.receiveCertificate(datagram) : this.handshaker.receive(datagram, from.path, now);
  }

  /** As the daemon does: who shows one under its own key may come. */
  private receiveCertificate(datagram: Uint8Array): Action[] {
    const join = openJoin(this.options.primitives, this.keys, datagram);
    join?.abandon();
    if (join?.request?.certificate !== undefined)
      this.options.clients?.certify(join.invitation, join.request);
    return [];
  }

  close(): void {
    this.perform(this.handshaker.close());
    this.screen.wipe();
  }

  accept(packet: Packet, from: Sender): void {
    if ('handshake' in packet) {
      this.perform(this.receive(packet.handshake, from, this.world.now, this.underLoad));
      return;
    }
    const { receiverIndex, key } = packet.heartbeat;
    const session = this.sessions.get(receiverIndex);
    if (session === undefined || !sodiumPrimitives.equal(session.receiveKey, key)) {
      this.lost += 1;
    } else if (!session.confirmed) {
      session.confirmed = true;
      this.perform(this.handshaker.sessionConfirmed(receiverIndex, this.world.now));
    }
  }

  sendHeartbeat(peer: number): void {
    const session = this.sessions.get(this.sending.get(peer) ?? 0);
    if (session === undefined) return;
    const heartbeat = { receiverIndex: session.remoteIndex, key: session.sendKey };
    this.world.send(this.id, peer, 0, { heartbeat });
  }

  private performOne(action: Action): void {
    switch (action.kind) {
      case 'send':
        this.world.send(this.id, action.path.socket >> 3, action.path.socket & 7, {
          handshake: action.bytes,
        });
        break;
      case 'send-to-peer':
        for (let link = 0; link < this.world.links; link++) {
          this.world.send(this.id, action.peer, link, { handshake: action.bytes });
        }
        break;
      case 'install-session':
        this.sessions.set(action.localIndex, { ...action, confirmed: false });
        break;
      case 'retire-session':
        this.sessions.delete(action.localIndex);
        break;
      case 'use-session':
        this.sending.set(action.peer, action.localIndex);
        if (this.sessions.get(action.localIndex)?.role === 'initiator') this.sendHeartbeat(action.peer);
        break;
      case 'stop-sending':
        this.sending.delete(action.peer);
    }
  }

  private newScreen(): HandshakeScreen {
    return new HandshakeScreen(this.options.primitives, this.keys.publicKey);
  }

  private newHandshaker(): Handshaker {
    return new Handshaker({
      ...this.options,
      staticKeys: this.keys,
      wallClock: () => this.world.wallClockStart + this.world.wallClockShift + this.world.now,
    });
  }
}

interface Arrival {
  readonly at: number;
  readonly from: number;
  readonly to: number;
  readonly link: number;
  readonly packet: Packet;
}

/** What the wire does to one packet: its delay in microseconds, or nothing when it is lost. */
export type Wire = (link: number) => number | undefined;

export class World {
  now = 1 * SECOND;
  readonly wallClockStart = 1_700_000_000 * SECOND;
  /** How far wall clocks have been set since. */
  wallClockShift = 0;
  readonly hosts: Host[] = [];
  readonly random: () => number;
  links = 1;
  wire: Wire = () => 1 * MILLISECOND;
  heartbeatInterval = 1 * SECOND;
  /** Share of handshake datagrams of which the wire flips a bit. */
  corruption = 0;
  /** Every handshake datagram put on the wire. */
  readonly recorded: { from: number; to: number; link: number; bytes: Uint8Array }[] = [];
  private arrivals: Arrival[] = [];
  private nextHeartbeat = 0;

  constructor(readonly seed: number) {
    this.random = seededRandom(seed);
  }

  addHost(options: Partial<Host['options']> = {}): Host {
    const host = new Host(
      this.hosts.length,
      {
        primitives: seededPrimitives(this.seed * 16 + this.hosts.length + 1),
        aead: 'auto',
        hardwareAes: true,
        capabilities: () => 0,
        workers: 1,
        ...options,
      },
      this,
    );
    this.hosts.push(host);
    return host;
  }

  /** Gives a host the keys of another: from now on it claims to be it, from an address of its own. */
  adopt(host: Host, original: Host): Host {
    const twin = new Host(host.id, host.options, this, original.keys);
    this.hosts[host.id] = twin;
    return twin;
  }

  send(from: number, to: number, link: number, packet: Packet): void {
    if ('handshake' in packet) this.recorded.push({ from, to, link, bytes: packet.handshake });
    const delay = this.wire(link);
    if (delay === undefined) return;
    const arrival = { at: this.now + delay, from, to, link, packet: this.corrupted(packet) };
    const place = this.arrivals.findIndex((other) => other.at > arrival.at);
    this.arrivals.splice(place < 0 ? this.arrivals.length : place, 0, arrival);
  }

  /** Lets time pass until `until`, calling `watch` after every event. */
  run(until: number, watch: () => void = () => {}): void {
    while (this.step(until)) watch();
    this.now = until;
  }

  /** Whether what each of the two sends reaches a session of the other with the same key. */
  canTalk(a: Host, b: Host): boolean {
    return reaches(a, b) && reaches(b, a);
  }

  /** Whether both send under one and the same session. */
  agree(a: Host, b: Host): boolean {
    const session = a.sessions.get(a.sending.get(b.id) ?? 0);
    return this.canTalk(a, b) && session?.remoteIndex === b.sending.get(a.id);
  }

  private corrupted(packet: Packet): Packet {
    if (!('handshake' in packet) || this.random() >= this.corruption) return packet;
    const handshake = new Uint8Array(packet.handshake);
    const bit = Math.floor(this.random() * handshake.length * 8);
    handshake[bit >> 3] ^= 1 << (bit & 7);
    return { handshake };
  }

  private step(until: number): boolean {
    const due = this.hosts.map((host) => host.handshaker.nextDeadline() ?? Number.POSITIVE_INFINITY);
    const at = Math.min(this.arrivals[0]?.at ?? Number.POSITIVE_INFINITY, this.nextHeartbeat, ...due);
    if (at > until) return false;
    this.now = Math.max(this.now, at);
    while (this.arrivals.length > 0 && this.arrivals[0].at <= this.now) {
      const { from, to, link, packet } = this.arrivals.shift()!;
      this.hosts[to].accept(packet, originOf(from, link));
    }
    for (const host of this.hosts) host.perform(host.handshaker.advance(this.now));
    if (this.nextHeartbeat <= this.now) {
      this.nextHeartbeat = this.now + this.heartbeatInterval;
      for (const host of this.hosts) for (const peer of host.sending.keys()) host.sendHeartbeat(peer);
    }
    return true;
  }
}

export interface Sender extends Origin {
  readonly path: PathRef;
}

/** Where datagrams of a host's link come from. */
export function originOf(host: number, link: number): Sender {
  const number = (host << 3) | link;
  return { path: { socket: number, words: [] }, address: Uint8Array.of(192, 0, 2, number), port: 7700 };
}

function reaches(from: Host, to: Host): boolean {
  const sent = from.sessions.get(from.sending.get(to.id) ?? 0);
  const received = sent && to.sessions.get(sent.remoteIndex);
  return received !== undefined && sodiumPrimitives.equal(sent!.sendKey, received.receiveKey);
}
