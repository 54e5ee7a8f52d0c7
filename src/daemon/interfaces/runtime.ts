/**
 * One interface while it runs: its TAP, its sockets, its datapath worker and its handshakes, brought from one
 * configuration to the next without touching what did not change.
 */
import { EventEmitter } from 'node:events';
import type { InterfaceConfig } from '../../api/config.js';
import { effectiveInterface } from '../../config/defaults.js';
import { withTemplates } from '../../config/templates.js';
import { INTERFACE } from '../../contract/stats.js';
import { formatPublicKey } from '../../crypto/keys.js';
import type { KeyPair } from '../../crypto/primitives.js';
import { sodiumPrimitives } from '../../crypto/sodium.js';
import type { Native } from '../../native/binding.js';
import { testUdpOffloads, type UdpSelfTest } from '../../native/self-test.js';
import { ownCapabilities } from '../../wire/capabilities.js';
import { lookUpName } from '../base/name-lookup.js';
import { BandwidthTests } from './bandwidth-tests.js';
import { BridgePort } from './bridge-port.js';
import { Clients, settingsDiffer } from './clients.js';
import { Datapath } from './datapath.js';
import { DatapathEvents } from './datapath-events.js';
import { settingsOf } from './datapath-settings.js';
import { Drains } from './drains.js';
import { Echoes } from './echoes.js';
import { HandshakeClock } from './handshake-clock.js';
import { Handshakes } from './handshakes.js';
import { loadKeys, macOf, privateKeyFile } from './interface-keys.js';
import { Members } from './members.js';
import { timeNotKept, warningOf } from './notices.js';
import { PeerEntries, type PeerEntry } from './peer-entries.js';
import { PeerSetup } from './peer-setup.js';
import { RemoteNames } from './remote-names.js';
import { Retry } from './retry.js';
import { Routes } from './routes.js';
import type { RuntimeEvents } from './runtime-events.js';
import { Tap } from './tap.js';
import { TapQueue } from './tap-queue.js';
import { TapWatch, type WantedTap } from './tap-watch.js';
import { Traces } from './traces.js';
import { UdpSockets } from './udp-sockets.js';
import { Unreachables } from './unreachables.js';
import { workerCount } from './worker-count.js';

/** What an interface is made from. */
interface Foundation {
  native: Native;
  stateFolder: string;
  config: InterfaceConfig;
  keys: KeyPair;
  tap: Tap;
  selfTest: UdpSelfTest;
}

export class InterfaceRuntime extends EventEmitter<RuntimeEvents> {
  readonly peers = new PeerEntries();
  readonly tap: Tap;
  readonly tapQueue: TapQueue;
  readonly selfTest: UdpSelfTest;
  readonly datapath: Datapath;
  readonly handshakes: Handshakes;
  readonly sockets: UdpSockets;
  readonly echoes: Echoes;
  readonly traces: Traces;
  readonly unreachables: Unreachables;
  readonly bandwidth: BandwidthTests;
  readonly drains: Drains;
  readonly clients: Clients;
  readonly members: Members;
  readonly names: RemoteNames;
  private readonly now: () => number;
  readonly stateFolder: string;
  private readonly clock: HandshakeClock;
  private readonly bridge: BridgePort;
  private readonly watch: TapWatch;
  private readonly routes: Routes;
  private readonly setup: PeerSetup;
  /** What the worker tells. */
  readonly events: DatapathEvents;
  /** The kernel tells when something is there that sockets lacked; what it does not tell is found by asking again. */
  private readonly rebinding = new Retry(
    () => {
      this.setup.rebind(this.current);
      return !this.sockets.isShort;
    },
    (why) => this.emit('trouble', why),
  );
  private keys: KeyPair;
  private current: InterfaceConfig;
  /** What was said of too few queues. */
  private lackSaid: string | null = null;

  private constructor({ native, stateFolder, config, keys, tap, selfTest }: Foundation) {
    super();
    const { peers } = this;
    const { aead, scheduling, workers } = effectiveInterface(config);
    this.now = () => native.now();
    this.stateFolder = stateFolder;
    this.current = { ...config, peers: [] };
    this.keys = keys;
    this.tap = tap;
    this.tapQueue = new TapQueue(config.name);
    this.selfTest = selfTest;
    const datapath = new Datapath(native, {
      tapFds: tap.fds,
      tap: tap.ifindex,
      publicKey: keys.publicKey,
      settings: settingsOf(config, tap.granted, selfTest),
      realtime: scheduling === 'realtime',
      workers: workerCount(workers),
    });
    this.clock = new HandshakeClock(
      HandshakeClock.fileOf(stateFolder, keys.publicKey),
      () => Date.now() * 1000,
      (error) => this.timeNotKept(error),
    );
    const clients: Clients = new Clients({
      peers,
      counts: () => ({
        heartbeats: this.datapath.stats.interface[INTERFACE.heartbeatsSent],
        handshakes: this.datapath.stats.interface[INTERFACE.handshakesTaken],
      }),
      parts: () => ({ setup: this.setup, handshakes: this.handshakes, config: this.current }),
      owner: {
        left: (peer, cause) => this.emit('peer', peer, cause),
        loaded: (read) => this.emit('authorizedKeys', read, this.current.authorizedKeys?.file ?? ''),
        failed: (what, why) => this.emit('warning', null, what, why),
      },
    });
    const handshakes = new Handshakes(native, datapath, keys, aead, this.clock, clients);
    this.clients = clients;
    const sockets = new UdpSockets(native, datapath, this.wantsGro(config));
    const routes = new Routes(native, datapath, peers);
    this.datapath = datapath;
    this.handshakes = handshakes;
    this.sockets = sockets;
    this.routes = routes;
    this.bridge = new BridgePort(
      native,
      { name: config.name, ifindex: tap.ifindex },
      {
        bridge: (missing) => this.emit('bridge', missing),
        spanningTree: () => this.sendSettings(this.current),
      },
    );
    this.watch = new TapWatch(native, tap.ifindex, (missing) => this.emit('tap', missing));
    this.echoes = new Echoes(datapath);
    this.traces = new Traces(datapath, native);
    this.unreachables = new Unreachables(datapath, peers);
    this.bandwidth = new BandwidthTests(this);
    this.drains = new Drains(datapath, peers);
    this.names = new RemoteNames(lookUpName, {
      isInTrouble: (name) => this.events.isInTrouble(name),
      changed: (name, before) => this.events.nameChanged(name, before),
    });
    const { names } = this;
    this.setup = new PeerSetup({ peers, datapath, handshakes, sockets, routes, names, stateFolder });
    const { bridge, watch, setup, rebinding, now } = this;
    this.events = new DatapathEvents(this, { bridge, watch, routes, setup, rebinding, now });
    this.members = new Members(this, { setup: this.setup, keys: () => this.keys, now: this.now });
    datapath.on('event', (event) => this.events.take(event));
    datapath.on('exit', ({ fault, hasReleased }) => {
      if (fault !== null) this.died(fault, hasReleased);
    });
    handshakes.on('client', (row, client) => clients.came(row, client));
    handshakes.on('released', (row) => clients.released(row));
    handshakes.on('session', (row, session) => {
      const peer = peers.atRow(row);
      if (peer !== undefined) this.emit('session', peer, session === null ? 'ended' : 'established');
    });
    handshakes.on('notice', (notice) => {
      const peer = peers.atRow(notice.peer);
      if (peer === undefined) return;
      const { what, detail } = warningOf(notice, peer.config.name);
      this.emit('warning', peer, what, detail);
    });
  }

  /**
   * Starts an interface, with the TAP that one whose worker died has left or with a new one. Throws a plain sentence and
   * leaves nothing running when it cannot.
   */
  static async start(
    native: Native,
    config: InterfaceConfig,
    stateFolder: string,
    left: Tap | null = null,
  ): Promise<InterfaceRuntime> {
    let tap = left;
    let keys: KeyPair | null = null;
    let runtime: InterfaceRuntime | null = null;
    try {
      keys = loadKeys(config, stateFolder);
      tap ??= Tap.open(native, config);
      const selfTest = testUdpOffloads(native);
      await tap.setUp(null, config, macOf(keys.publicKey));
      runtime = new InterfaceRuntime({ native, stateFolder, config, keys, tap, selfTest });
      runtime.setUpPeers(withTemplates(config));
      runtime.watch.want(runtime.watched(config));
      await runtime.bridge.want(config.bridge ?? null);
      setImmediate((started: InterfaceRuntime) => started.sayLackOfQueues(), runtime);
      return runtime;
    } catch (error) {
      if (runtime !== null) await runtime.stop();
      else {
        tap?.close();
        if (keys !== null) sodiumPrimitives.freeLocked(keys.secretKey);
      }
      throw error;
    }
  }

  /** Begins to admit clients; to be called once somebody listens. */
  admitClients(): Promise<void> {
    return this.clients.follow(this.current.authorizedKeys?.file ?? null, false);
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

  /** What keeps the interface from being as configured although it runs, one sentence each. */
  get missing(): string[] {
    const others = [this.bridge.missing, this.clients.missing].filter((sentence) => sentence !== null);
    return [...this.tap.missing, ...this.watch.missing, ...others];
  }

  /** What the TAP is to be like; null where we may not set it, which `missing` says. */
  private watched(config: InterfaceConfig): WantedTap | null {
    return this.tap.missing.length > 0 ? null : { config, mac: this.tap.mac };
  }

  /**
   * Changes to another configuration; the TAP stays, with all that others have put on it. On failure what ran before runs
   * again and the error says why.
   */
  async reconfigure(raw: InterfaceConfig): Promise<void> {
    const next = withTemplates(raw);
    const before = this.current;
    const used = this.keys;
    const keys = this.keysFor(next);
    this.watch.want(null);
    try {
      await this.tap.setUp(before, next, macOf(keys.publicKey));
      await this.drains.beforeChange(next);
      this.bring(before, next, keys);
    } catch (error) {
      this.bring(next, before, used);
      if (keys !== used) sodiumPrimitives.wipe(keys.secretKey);
      await this.tap.setUp(next, before, macOf(used.publicKey));
      this.watch.want(this.watched(before));
      throw error;
    }
    if (keys !== used) sodiumPrimitives.wipe(used.secretKey);
    this.watch.want(this.watched(next));
    this.sayLackOfQueues();
    await this.bridge.want(next.bridge ?? null);
    await this.clients.follow(next.authorizedKeys?.file ?? null, settingsDiffer(before, next));
  }

  /** Says goodbye to the peers and releases everything. */
  async stop(): Promise<void> {
    await this.end();
    this.tap.close();
  }

  /** Releases everything but the TAP, if that is still there. */
  async leaveTap(): Promise<Tap | null> {
    await this.end();
    if (this.tap.isThere(this.name)) return this.tap;
    this.tap.close();
    return null;
  }

  private async end(): Promise<void> {
    this.closeParts();
    // Before the peers hear goodbye: it may wait for the disk.
    this.clock.leave();
    await this.datapath.stop();
    this.handshakes.close();
    sodiumPrimitives.freeLocked(this.keys.secretKey);
  }

  /** Ends what has timers. */
  private closeParts(): void {
    this.bandwidth.close();
    this.clients.close();
    this.members.close();
    this.events.close();
    this.routes.close();
    this.names.close();
    this.bridge.close();
    this.watch.close();
    this.rebinding.close();
  }

  /** Ends the sessions of a peer and makes new ones, with the preshared key that its file holds now. */
  restartPeer(peer: PeerEntry): void {
    this.setup.rereadKey(peer);
    this.handshakes.restart(peer.row);
  }

  /** Reads the preshared keys of all peers and the file of clients again; they count from the next handshakes on. */
  rereadKeys(): void {
    void this.clients.reread();
    for (const peer of this.peers.values()) {
      try {
        this.setup.rereadKey(peer);
      } catch (error) {
        const detail = `${(error as Error).message}; the key in use stays`;
        this.emit('warning', peer, 'key-file-refused', detail);
      }
    }
  }

  /** The keys in use, or those of another file. Throws a plain sentence. */
  private keysFor(next: InterfaceConfig): KeyPair {
    const file = (config: InterfaceConfig) => privateKeyFile(config, this.stateFolder);
    return file(next) === file(this.current) ? this.keys : loadKeys(next, this.stateFolder);
  }

  private wantsGro({ disabledOffloads }: InterfaceConfig): boolean {
    return !disabledOffloads.includes('udp-gro') && this.selfTest.gro !== 'fails';
  }

  /** Everything of a change but the TAP; done with `before` and `next` exchanged it is undone. */
  private bring(before: InterfaceConfig, next: InterfaceConfig, keys: KeyPair): void {
    const [was, wanted] = [effectiveInterface(before), effectiveInterface(next)];
    if (keys !== this.keys || was.aead !== wanted.aead) this.handshakes.setTerms(keys, wanted.aead);
    if (keys !== this.keys) this.datapath.send({ kind: 'public-key', publicKey: keys.publicKey });
    this.keys = keys;
    this.sockets.setGro(this.wantsGro(next));
    this.setUpPeers(next);
    if (was.scheduling !== wanted.scheduling)
      this.datapath.send({ kind: 'schedule', realtime: wanted.scheduling === 'realtime' });
    this.datapath.setWorkers(workerCount(wanted.workers), this.tap.fds);
    this.sendSettings(next);
  }

  private sendSettings(config: InterfaceConfig): void {
    this.datapath.send({ kind: 'settings', settings: settingsOf(config, this.tap.granted, this.selfTest) });
  }

  private setUpPeers(next: InterfaceConfig): void {
    if (this.clients.present > 0) {
      for (const { name, publicKey } of next.peers) this.clients.giveWay(name, publicKey);
    }
    this.members.giveWay(next.peers);
    this.handshakes.capabilities = ownCapabilities(next.registry !== undefined);
    this.setup.setUp(next);
    this.current = next;
    this.members.configured();
    this.unreachables.linksChanged();
    this.rebinding.tried(!this.sockets.isShort);
  }

  /** The worker died: nothing moves any more, whatever was known of links. */
  private died(fault: string, hasReleased: boolean): void {
    this.closeParts();
    this.handshakes.close();
    if (!hasReleased) this.sockets.closeAll();
    this.emit('fault', fault);
    this.events.workerDied();
  }

  private sayLackOfQueues(): void {
    const lack = this.tap.lackOfQueues(this.current);
    if (lack !== null && lack !== this.lackSaid) this.emit('warning', null, 'tap-queues-missing', lack);
    this.lackSaid = lack;
  }

  /** Reports it once somebody listens: the first handshakes are made while the interface starts. */
  private timeNotKept(error: Error): void {
    setImmediate(() => this.emit('warning', null, 'handshake-time-not-kept', timeNotKept(error)));
  }
}
