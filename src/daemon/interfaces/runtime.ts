/**
 * One interface while it runs: its TAP, its sockets, its datapath worker and its handshakes, brought from one
 * configuration to the next without touching what did not change.
 */
import { EventEmitter } from 'node:events';
import type { WarningName } from '../../api/index.js';
import {
  type EffectiveLink,
  effectiveCopies,
  effectiveDuplicate,
  effectiveInterface,
  effectiveLink,
  effectivePolicy,
} from '../../config/defaults.js';
import type { InterfaceConfig, LinkConfig, PeerConfig } from '../../config/model.js';
import { ALIVE_STATES, type DatapathEvent, type LinkFacts } from '../../contract/events.js';
import { PATH, PATH_PLACE_WORDS } from '../../contract/ops.js';
import { formatPublicKey, parsePublicKey } from '../../crypto/keys.js';
import type { KeyPair } from '../../crypto/primitives.js';
import { sodiumPrimitives } from '../../crypto/sodium.js';
import { RELAY_SOCKET } from '../../datapath/send/relay.js';
import type { Native, TapHandle } from '../../native/binding.js';
import { testUdpOffloads, type UdpSelfTest } from '../../native/self-test.js';
import { describeChange } from '../observe/describe.js';
import { addressWords, relayedPath, relayName } from './addresses.js';
import { Datapath } from './datapath.js';
import { Drains } from './drains.js';
import { Echoes } from './echoes.js';
import { HandshakeClock } from './handshake-clock.js';
import { Handshakes } from './handshakes.js';
import { forgetIdentity, identityOf, loadKeys, macOf, samePeerIdentity } from './keys.js';
import { answerMarks } from './marks.js';
import { warningOf } from './notices.js';
import type { LinkEntry, PeerEntry } from './peers.js';
import { RouteMtus } from './route-mtus.js';
import { Rows } from './rows.js';
import { familiesOf, linkSettings, settingsOf } from './settings.js';
import { type LocalAnswer, type LocalNeed, pathWords, Sockets } from './sockets.js';
import { openTap, setUpTap } from './tap.js';

interface RuntimeEvents {
  link: [peer: PeerEntry, link: LinkEntry, facts: LinkFacts];
  peer: [peer: PeerEntry, cause: string];
  /** Bytes; `before` is 0 the first time. */
  mtu: [peer: PeerEntry, link: LinkEntry, mtu: number, before: number];
  session: [peer: PeerEntry, what: 'established' | 'rekeyed' | 'ended'];
  /** The worker died. */
  fault: [message: string];
  /** `peer` is null where it concerns the interface as a whole. */
  warning: [peer: PeerEntry | null, what: WarningName, detail: string];
}

type LinkChange = Extract<DatapathEvent, { kind: 'link' }>;

export class InterfaceRuntime extends EventEmitter<RuntimeEvents> {
  readonly peers = new Map<string, PeerEntry>();
  private readonly peersByRow = new Map<number, PeerEntry>();
  private readonly peerRows = new Rows();
  private readonly linkRows = new Rows();
  readonly sockets: Sockets;
  /** UDP GSO still works: no device has refused it. */
  gsoInUse = true;
  readonly echoes: Echoes;
  private readonly routeMtus: RouteMtus;
  readonly drains: Drains;
  readonly startedUs: number;

  private constructor(
    private readonly native: Native,
    public config: InterfaceConfig,
    readonly tap: TapHandle,
    readonly keys: KeyPair,
    readonly mac: string,
    readonly datapath: Datapath,
    readonly handshakes: Handshakes,
    readonly selfTest: UdpSelfTest,
    private readonly stateFolder: string,
  ) {
    super();
    const off = new Set(config.disabledOffloads);
    this.startedUs = native.now();
    this.sockets = new Sockets(
      native,
      !off.has('udp-gro') && selfTest.gro !== 'fails',
      (socket) =>
        datapath.send({
          kind: 'socket',
          row: socket.row,
          settings: {
            fd: socket.handle.fd,
            family: socket.family,
            address: socket.address === null ? [0, 0, 0, 0] : addressWords(socket.address).words,
            ifindex: socket.device === null ? 0 : native.ifindex(socket.device),
          },
        }),
      (row) => datapath.send({ kind: 'socket-close', row }),
    );
    this.echoes = new Echoes(datapath);
    this.drains = new Drains(this);
    datapath.on('event', (event) => this.take(event));
    datapath.on('exit', ({ fault }) => {
      if (fault !== null) this.emit('fault', fault);
    });
    handshakes.on('session', (row, session) => this.sessionChanged(row, session !== null));
    handshakes.on('notice', (notice) => {
      const peer = this.peersByRow.get(notice.peer);
      if (peer === undefined) return;
      const { what, detail } = warningOf(notice, peer.config.name);
      this.emit('warning', peer, what, detail);
    });
    this.routeMtus = new RouteMtus(native, datapath, this.peers);
  }

  /** Starts an interface. Throws a plain sentence and leaves nothing behind when it cannot. */
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
      const datapath = new Datapath(native, {
        tapFd: tap.fd,
        publicKey: keys.publicKey,
        settings: settingsOf(config, tap),
        udpGso: !config.disabledOffloads.includes('udp-gso') && selfTest.gso !== 'fails',
        realtime: effectiveInterface(config).scheduling === 'realtime',
      });
      const clock = new HandshakeClock(
        HandshakeClock.fileOf(stateFolder, keys.publicKey),
        () => Date.now() * 1000,
        (error) => runtime?.timeNotKept(error),
      );
      const handshakes = new Handshakes(native, datapath, keys, effectiveInterface(config).aead, clock);
      runtime = new InterfaceRuntime(
        native,
        { ...config, peers: [] },
        tap,
        keys,
        mac,
        datapath,
        handshakes,
        selfTest,
        stateFolder,
      );
      runtime.setPeers(config);
      return runtime;
    } catch (error) {
      if (runtime !== null) await runtime.stop();
      else {
        native.close(tap.fd);
        sodiumPrimitives.freeLocked(keys.secretKey);
      }
      throw error;
    }
  }

  get name(): string {
    return this.config.name;
  }

  get publicKey(): string {
    return formatPublicKey(this.keys.publicKey);
  }

  /** Whether a change needs the interface to be stopped and started: what is fixed when the worker is made. */
  needsRestart(next: InterfaceConfig): boolean {
    const fixed = (config: InterfaceConfig) =>
      JSON.stringify([
        config.privateKeyFile,
        config.disabledOffloads,
        effectiveInterface(config).aead,
        effectiveInterface(config).scheduling,
        effectiveInterface(config).persist,
      ]);
    return fixed(this.config) !== fixed(next);
  }

  /** Goes over to another configuration. On failure what ran before runs again and the error says why. */
  async reconfigure(next: InterfaceConfig): Promise<void> {
    const before = this.config;
    const mac = next.mac ?? macOf(this.keys.publicKey);
    await setUpTap(before, next, mac);
    await this.drains.beforeChange(next);
    try {
      this.setPeers(next);
    } catch (error) {
      this.setPeers(before);
      await setUpTap(next, before, before.mac ?? macOf(this.keys.publicKey));
      throw error;
    }
    this.datapath.send({ kind: 'settings', settings: settingsOf(next, this.tap) });
  }

  /** Says goodbye to the peers and gives everything back. */
  async stop(): Promise<void> {
    this.routeMtus.close();
    await this.datapath.stop();
    this.handshakes.close();
    this.native.close(this.tap.fd);
    sodiumPrimitives.freeLocked(this.keys.secretKey);
  }

  // --- peers and links ------------------------------------------------------------------------------

  /** Makes the peers and links of `next` the ones that run. */
  private setPeers(next: InterfaceConfig): void {
    const prepared = next.peers.map((peer) => ({ peer, identity: identityOf(peer, this.stateFolder) }));
    const answers = this.arrangeSockets(next);
    for (const entry of [...this.peers.values()]) {
      const kept = prepared.find(({ peer }) => peer.name === entry.config.name);
      if (kept === undefined || !samePeerIdentity(entry.config, kept.peer)) this.removePeer(entry);
    }
    this.config = next;
    for (const { peer, identity } of prepared) {
      const entry = this.peers.get(peer.name) ?? this.makePeer(peer);
      entry.config = peer;
      const name = identity === null ? 0 : relayName(identity.publicKey);
      this.datapath.send({
        kind: 'peer',
        row: entry.row,
        policy: effectivePolicy(next, peer),
        copies: effectiveCopies(next, peer),
        duplicate: effectiveDuplicate(next, peer),
        name,
      });
    }
    for (const { peer, identity } of prepared) {
      const entry = this.peers.get(peer.name) as PeerEntry;
      this.setLinks(entry, next, answers);
      this.admit(entry, identity);
    }
    // A relayed link is as wide as the links of the peer that relays it.
    this.sendAnswerMarks();
    this.routeMtus.refresh();
  }

  /** Up to `limit` peers whose rows are `from` or later, and the row behind them; null: there are no more. */
  peersFrom(from: number, limit: number): { peers: PeerEntry[]; nextRow: number | null } {
    const peers: PeerEntry[] = [];
    for (let row = from; row < this.peerRows.end; row++) {
      if (peers.length === limit) return { peers, nextRow: row };
      const entry = this.peersByRow.get(row);
      if (entry !== undefined) peers.push(entry);
    }
    return { peers, nextRow: null };
  }

  private arrangeSockets(next: InterfaceConfig): Map<LinkConfig, LocalAnswer> {
    const owners: LinkConfig[] = [];
    const needs: LocalNeed[] = [];
    for (const peer of next.peers) {
      for (const link of peer.links) {
        if (peer.shutdown || link.shutdown || link.remote?.kind === 'via') continue;
        for (const family of familiesOf(link)) {
          owners.push(link);
          needs.push({ family, local: effectiveLink(next, link).local });
        }
      }
    }
    const answers = new Map<LinkConfig, LocalAnswer>();
    this.sockets.arrange(needs).forEach((answer, index) => {
      if (!answers.has(owners[index])) answers.set(owners[index], answer);
    });
    return answers;
  }

  private makePeer(config: PeerConfig): PeerEntry {
    const entry: PeerEntry = {
      row: this.peerRows.take(),
      config,
      links: new Map(),
      admitted: false,
      up: false,
    };
    this.peers.set(config.name, entry);
    this.peersByRow.set(entry.row, entry);
    return entry;
  }

  private removePeer(entry: PeerEntry): void {
    if (entry.admitted) this.handshakes.removePeer(entry.row);
    this.datapath.send({ kind: 'peer-remove', row: entry.row });
    for (const link of entry.links.values()) this.linkRows.release(link.row);
    this.peers.delete(entry.config.name);
    this.peersByRow.delete(entry.row);
    this.peerRows.release(entry.row);
  }

  /** Tells the handshaker of a peer that can be talked to, or takes it away from one that was shut down. */
  private admit(entry: PeerEntry, identity: ReturnType<typeof identityOf>): void {
    const wanted = identity !== null && !entry.config.shutdown;
    if (entry.admitted && !wanted) this.handshakes.removePeer(entry.row);
    const mayInitiate = entry.config.links.some(
      ({ remote }) => remote?.kind === 'address' || remote?.kind === 'via',
    );
    if (wanted && entry.admitted) {
      this.handshakes.setMayInitiate(entry.row, mayInitiate);
      this.handshakes.setPresharedKey(entry.row, identity.psk);
    } else if (wanted) this.handshakes.addPeer({ id: entry.row, mayInitiate, ...identity });
    entry.admitted = wanted;
    forgetIdentity(identity);
  }

  /** Ends the sessions of a peer and makes new ones, with the preshared key that its file holds now. */
  restartPeer(entry: PeerEntry): void {
    this.rereadKey(entry);
    this.handshakes.restart(entry.row);
  }

  /** Reads the preshared keys of all peers again; they count from the next handshakes on. */
  rereadKeys(): void {
    for (const entry of this.peers.values()) {
      if (!entry.admitted) continue;
      try {
        this.rereadKey(entry);
      } catch (error) {
        const detail = `${(error as Error).message}; the key in use stays`;
        this.emit('warning', entry, 'key-file-refused', detail);
      }
    }
  }

  private rereadKey(entry: PeerEntry): void {
    if (entry.config.presharedKeyFile === undefined) return;
    const identity = identityOf(entry.config, this.stateFolder);
    this.handshakes.setPresharedKey(entry.row, identity?.psk);
    forgetIdentity(identity);
  }

  private setLinks(
    entry: PeerEntry,
    next: InterfaceConfig,
    answers: ReadonlyMap<LinkConfig, LocalAnswer>,
  ): void {
    for (const [id, link] of entry.links) {
      if (entry.config.links.some((config) => config.id === id)) continue;
      this.datapath.send({ kind: 'link-remove', peer: entry.row, id });
      this.linkRows.release(link.row);
      entry.links.delete(id);
    }
    for (const config of entry.config.links) this.setLink(entry, next, config, answers.get(config) ?? null);
  }

  private setLink(
    entry: PeerEntry,
    next: InterfaceConfig,
    config: LinkConfig,
    answer: LocalAnswer | null,
  ): void {
    const effective = effectiveLink(next, config);
    const path = this.pathOf(entry, effective, config, answer);
    const before = entry.links.get(config.id);
    const link: LinkEntry = before ?? {
      row: this.linkRows.take(),
      config,
      answer,
      configuredPath: path,
      learnedPath: null,
      routeMtu: null,
      drained: false,
      state: 'down',
      cause: null,
      detail: null,
    };
    const moved = before?.configuredPath.some(
      (word, index) => index < PATH_PLACE_WORDS && word !== path[index],
    );
    if (moved) link.learnedPath = null;
    link.config = config;
    link.answer = answer;
    link.configuredPath = path;
    link.routeMtu = this.routeMtus.of(link) ?? link.routeMtu;
    entry.links.set(config.id, link);
    this.datapath.send({
      kind: 'link',
      peer: entry.row,
      id: config.id,
      row: link.row,
      settings: linkSettings(effective, {
        socket: config.remote?.kind === 'via' ? RELAY_SOCKET : (answer?.socket.row ?? -1),
        path,
        routeMtu: link.routeMtu ?? 0,
        shutdown: config.shutdown === true || entry.config.shutdown === true,
        drain: link.drained || config.drain === true,
      }),
    });
  }

  private pathOf(
    entry: PeerEntry,
    effective: EffectiveLink,
    config: LinkConfig,
    answer: LocalAnswer | null,
  ): number[] {
    const { remote } = config;
    const relay = remote?.kind === 'via' ? this.peers.get(remote.peer) : undefined;
    if (relay !== undefined && entry.config.publicKey !== undefined) {
      return relayedPath(relay.row, relayName(parsePublicKey(entry.config.publicKey)));
    }
    if (answer === null) return new Array<number>(PATH.WORDS).fill(0);
    return pathWords(answer, remote?.kind === 'address' ? remote : null, effective);
  }

  // --- what the datapath says -----------------------------------------------------------------------

  private take(event: DatapathEvent): void {
    this.handshakes.take(event);
    switch (event.kind) {
      case 'link':
        return this.linkChanged(event);
      case 'roamed':
        return this.linkRoamed(event.peer, event.link, event.path.words);
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

  private linkChanged(change: LinkChange): void {
    const { state, cause } = change;
    const peer = this.peersByRow.get(change.peer);
    const link = peer?.links.get(change.link);
    if (peer === undefined || link === undefined) return;
    link.state = state;
    link.cause = cause;
    link.detail = describeChange(state, cause, change.facts);
    this.emit('link', peer, link, change.facts);
    const up = [...peer.links.values()].some((other) => ALIVE_STATES.has(other.state));
    if (up === peer.up) return;
    peer.up = up;
    this.emit('peer', peer, cause);
  }

  /** Tells of it once somebody listens: the first handshakes are made while the interface starts. */
  private timeNotKept(error: Error): void {
    setImmediate(() =>
      this.emit(
        'warning',
        null,
        'handshake-time-not-kept',
        `the time of handshakes cannot be kept in the state folder (${error.message}): after a restart with a clock that went back, peers will refuse us`,
      ),
    );
  }

  private sendAnswerMarks(): void {
    this.datapath.send({ kind: 'answer-marks', marks: answerMarks(this.peers.values()) });
  }

  private mtuFound({ peer: row, link: id, mtu, before }: Extract<DatapathEvent, { kind: 'mtu' }>): void {
    const peer = this.peersByRow.get(row);
    const link = peer?.links.get(id);
    if (peer === undefined || link === undefined) return;
    this.emit('mtu', peer, link, mtu, before);
    // Links that go through this peer begin from what its own links carry.
    this.routeMtus.refreshSoon();
  }

  private linkRoamed(row: number, id: number, words: number[]): void {
    const link = this.peersByRow.get(row)?.links.get(id);
    if (link === undefined) return;
    link.learnedPath = words;
    if (link.configuredPath[PATH.DSCP] !== 0 || link.configuredPath[PATH.MARK] !== 0) this.sendAnswerMarks();
    this.routeMtus.refreshSoon();
  }

  private sessionChanged(row: number, exists: boolean): void {
    const peer = this.peersByRow.get(row);
    if (peer !== undefined) this.emit('session', peer, exists ? 'established' : 'ended');
  }
}
