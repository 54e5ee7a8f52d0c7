/**
 * One interface while it runs: its TAP, its sockets, its datapath worker and its handshakes, brought from one
 * configuration to the next without touching what did not change.
 */
import { EventEmitter } from 'node:events';
import type { InterfaceConfig } from '../../api/config.js';
import type { LinkCause, LinkFacts } from '../../api/link-states.js';
import { ALIVE_STATES } from '../../api/link-states.js';
import { effectiveInterface } from '../../config/defaults.js';
import type { DatapathEvent } from '../../contract/events.js';
import { formatPublicKey } from '../../crypto/keys.js';
import type { KeyPair } from '../../crypto/primitives.js';
import { sodiumPrimitives } from '../../crypto/sodium.js';
import type { Native, TapHandle } from '../../native/binding.js';
import { testUdpOffloads, type UdpSelfTest } from '../../native/self-test.js';
import { Datapath } from './datapath.js';
import { settingsOf } from './datapath-settings.js';
import { describeChange } from './describe-change.js';
import { Drains } from './drains.js';
import { Echoes } from './echoes.js';
import { Handshakes } from './handshakes.js';
import { loadKeys, macOf } from './interface-keys.js';
import { type LinkEntry, PeerEntries, type PeerEntry } from './peer-entries.js';
import { PeerSetup } from './peer-setup.js';
import { RouteMtus } from './route-mtus.js';
import { openTap, setUpTap } from './tap.js';
import { UdpSockets } from './udp-sockets.js';

interface RuntimeEvents {
  link: [peer: PeerEntry, link: LinkEntry, facts: LinkFacts];
  peer: [peer: PeerEntry, cause: LinkCause];
  /** Bytes; `before` is 0 the first time. */
  mtu: [peer: PeerEntry, link: LinkEntry, mtu: number, before: number];
  session: [peer: PeerEntry, what: 'established' | 'ended'];
  /** The worker died. */
  fault: [message: string];
}

type EventOf<Kind extends DatapathEvent['kind']> = Extract<DatapathEvent, { kind: Kind }>;

/** What an interface is made from. */
interface Foundation {
  native: Native;
  config: InterfaceConfig;
  keys: KeyPair;
  tap: TapHandle;
  mac: string;
  selfTest: UdpSelfTest;
}

export class InterfaceRuntime extends EventEmitter<RuntimeEvents> {
  readonly peers = new PeerEntries();
  readonly tap: TapHandle;
  readonly mac: string;
  readonly selfTest: UdpSelfTest;
  readonly datapath: Datapath;
  readonly handshakes: Handshakes;
  readonly sockets: UdpSockets;
  readonly echoes: Echoes;
  readonly drains: Drains;
  /** UDP GSO still works: no device has refused it. */
  gsoInUse = true;
  private readonly native: Native;
  private readonly keys: KeyPair;
  private readonly routeMtus: RouteMtus;
  private readonly setup: PeerSetup;
  private current: InterfaceConfig;

  private constructor({ native, config, keys, tap, mac, selfTest }: Foundation) {
    super();
    const { peers } = this;
    const { aead, scheduling } = effectiveInterface(config);
    const off = new Set(config.disabledOffloads);
    this.native = native;
    this.current = { ...config, peers: [] };
    this.keys = keys;
    this.tap = tap;
    this.mac = mac;
    this.selfTest = selfTest;
    const datapath = new Datapath(native, {
      tapFd: tap.fd,
      settings: settingsOf(config, tap),
      udpGso: !off.has('udp-gso') && selfTest.gso !== 'fails',
      realtime: scheduling === 'realtime',
    });
    const handshakes = new Handshakes(native, datapath, keys, aead);
    const sockets = new UdpSockets(native, datapath, !off.has('udp-gro') && selfTest.gro !== 'fails');
    const routeMtus = new RouteMtus(native, datapath, peers);
    this.datapath = datapath;
    this.handshakes = handshakes;
    this.sockets = sockets;
    this.routeMtus = routeMtus;
    this.echoes = new Echoes(datapath);
    this.drains = new Drains(datapath, peers);
    this.setup = new PeerSetup({ peers, datapath, handshakes, sockets, routeMtus });
    datapath.on('event', (event) => this.take(event));
    datapath.on('exit', ({ fault }) => {
      if (fault !== null) this.emit('fault', fault);
    });
    handshakes.on('session', (row, session) => this.sessionChanged(row, session !== null));
  }

  /** Starts an interface. Throws a plain sentence and leaves nothing running when it cannot. */
  static async start(
    native: Native,
    config: InterfaceConfig,
    stateFolder: string,
  ): Promise<InterfaceRuntime> {
    const keys = loadKeys(config, stateFolder);
    const tap = openTap(native, config);
    let runtime: InterfaceRuntime | null = null;
    try {
      const mac = config.mac ?? macOf(keys.publicKey);
      const selfTest = testUdpOffloads(native);
      await setUpTap(null, config, mac);
      runtime = new InterfaceRuntime({ native, config, keys, tap, mac, selfTest });
      runtime.setUpPeers(config);
      return runtime;
    } catch (error) {
      if (runtime !== null) await runtime.stop();
      else native.close(tap.fd);
      throw error;
    }
  }

  get config(): InterfaceConfig {
    return this.current;
  }

  get name(): string {
    return this.current.name;
  }

  get publicKey(): string {
    return formatPublicKey(this.keys.publicKey);
  }

  /** Whether a change touches what is fixed when the worker is made, so that the interface must be restarted. */
  needsRestart(next: InterfaceConfig): boolean {
    const fixed = (config: InterfaceConfig) =>
      JSON.stringify([
        config.privateKeyFile,
        config.disabledOffloads,
        effectiveInterface(config).aead,
        effectiveInterface(config).scheduling,
        effectiveInterface(config).persist,
      ]);
    return fixed(this.current) !== fixed(next);
  }

  /** Changes to another configuration. On failure what ran before runs again and the error says why. */
  async reconfigure(next: InterfaceConfig): Promise<void> {
    const before = this.current;
    const macIn = (config: InterfaceConfig): string => config.mac ?? macOf(this.keys.publicKey);
    await setUpTap(before, next, macIn(next));
    await this.drains.beforeChange(next);
    try {
      this.setUpPeers(next);
    } catch (error) {
      this.setUpPeers(before);
      await setUpTap(next, before, macIn(before));
      throw error;
    }
    this.datapath.send({ kind: 'settings', settings: settingsOf(next, this.tap) });
  }

  /** Says goodbye to the peers and releases everything. */
  async stop(): Promise<void> {
    this.routeMtus.close();
    await this.datapath.stop();
    this.handshakes.close();
    this.native.close(this.tap.fd);
    sodiumPrimitives.wipe(this.keys.secretKey);
  }

  private setUpPeers(next: InterfaceConfig): void {
    this.setup.setUp(next);
    this.current = next;
  }

  // --- events of the datapath and of handshakes -----------------------------------------------------

  private take(event: DatapathEvent): void {
    this.handshakes.take(event);
    switch (event.kind) {
      case 'link':
        return this.linkChanged(event);
      case 'roamed':
        return this.linkRoamed(event);
      case 'gso-refused':
        this.gsoInUse = false;
        return;
      case 'kernel':
      case 'path-mtu':
        return this.routeMtus.refreshSoon();
      case 'mtu':
        return this.mtuFound(event);
      case 'echo':
        return this.echoes.answered(event);
      default:
    }
  }

  private linkChanged({ peer: row, link: id, state, cause, atUs, facts }: EventOf<'link'>): void {
    const peer = this.peers.atRow(row);
    if (peer === undefined) return;
    const link = peer.links.get(id);
    // One that was removed may have a successor under its id.
    if (cause === 'removed' || link === undefined) return this.reachChanged(peer, cause, atUs);
    link.state = state;
    link.cause = cause;
    link.detail = describeChange(state, cause, facts);
    this.emit('link', peer, link, facts);
    this.drains.linkChanged();
    this.reachChanged(peer, cause, atUs);
  }

  private reachChanged(peer: PeerEntry, cause: LinkCause, atUs: number): void {
    const up = [...peer.links.values()].some((other) => ALIVE_STATES.has(other.state));
    if (up === peer.up) return;
    peer.up = up;
    peer.changedUs = atUs;
    this.emit('peer', peer, cause);
  }

  private mtuFound({ peer: row, link: id, mtu, before }: EventOf<'mtu'>): void {
    const peer = this.peers.atRow(row);
    const link = peer?.links.get(id);
    if (peer === undefined || link === undefined) return;
    this.emit('mtu', peer, link, mtu, before);
    // Links that go through this peer start from what its own links carry.
    this.routeMtus.refreshSoon();
  }

  private linkRoamed({ peer: row, link: id, path }: EventOf<'roamed'>): void {
    const link = this.peers.atRow(row)?.links.get(id);
    if (link === undefined) return;
    link.learnedPath = path.words;
    this.handshakes.answerMarks.learnLink(link);
    this.routeMtus.refreshSoon();
  }

  private sessionChanged(row: number, exists: boolean): void {
    const peer = this.peers.atRow(row);
    if (peer !== undefined) this.emit('session', peer, exists ? 'established' : 'ended');
  }
}
