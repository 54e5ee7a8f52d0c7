/** What the datapath worker of an interface tells: what follows from it here, and who hears of it. */
import type { EventEmitter } from 'node:events';
import type { InterfaceConfig, LinkConfig } from '../../api/config.js';
import { ALIVE_STATES, type LinkCause, type LinkState } from '../../api/link-states.js';
import type { DatapathEvent } from '../../contract/events.js';
import { PATH } from '../../native/ops.js';
import { causeWord } from '../base/causes.js';
import type { BandwidthTests } from './bandwidth-tests.js';
import type { BridgePort } from './bridge-port.js';
import type { Datapath } from './datapath.js';
import { describeChange, describeLack, NOTHING_MEASURED } from './describe-change.js';
import type { Drains } from './drains.js';
import type { Echoes } from './echoes.js';
import type { Handshakes } from './handshakes.js';
import { hindranceOf } from './hindrances.js';
import { answerMarks } from './marks.js';
import { type LinkEntry, nameOf, type PeerEntries, type PeerEntry } from './peer-entries.js';
import type { PeerSetup } from './peer-setup.js';
import type { RemoteNames, Resolution } from './remote-names.js';
import type { Retry } from './retry.js';
import type { Routes } from './routes.js';
import type { RuntimeEvents } from './runtime-events.js';
import { tapMtuHeard } from './tap-mtu.js';
import type { TapWatch } from './tap-watch.js';
import type { Traces } from './traces.js';
import type { UdpSockets } from './udp-sockets.js';
import type { Unreachables } from './unreachables.js';

type EventOf<Kind extends DatapathEvent['kind']> = Extract<DatapathEvent, { kind: Kind }>;

/** How soon the worker hears of the marks of links that have roamed. */
const MARKING_MS = 20;

/** The interface whose worker tells. */
interface EventsHost extends EventEmitter<RuntimeEvents> {
  readonly name: string;
  readonly config: InterfaceConfig;
  readonly peers: PeerEntries;
  readonly datapath: Datapath;
  readonly handshakes: Handshakes;
  readonly sockets: UdpSockets;
  readonly echoes: Echoes;
  readonly traces: Traces;
  readonly unreachables: Unreachables;
  readonly bandwidth: BandwidthTests;
  readonly drains: Drains;
  readonly names: RemoteNames;
}

/** Parts of the interface that nobody else sees. */
interface EventsOptions {
  bridge: BridgePort;
  watch: TapWatch;
  routes: Routes;
  setup: PeerSetup;
  rebinding: Retry;
  /** Microseconds of boot time. */
  now(): number;
}

export class DatapathEvents {
  private marking: NodeJS.Timeout | undefined;

  constructor(
    private readonly host: EventsHost,
    private readonly options: EventsOptions,
  ) {}

  close(): void {
    clearTimeout(this.marking);
  }

  /** The worker died: whatever was known of links no longer is. */
  workerDied(): void {
    for (const peer of this.host.peers.values()) {
      for (const { config, state } of peer.links.values()) {
        const place = { peer: peer.row, link: config.id };
        const change = this.unmeasured('down', 'worker-died');
        if (ALIVE_STATES.has(state) || state === 'one-way') this.linkChanged({ ...place, ...change });
      }
    }
  }

  take(event: DatapathEvent): void {
    this.host.handshakes.take(event);
    switch (event.kind) {
      case 'link':
        return this.linkChanged(event);
      case 'roamed':
        return this.linkRoamed(event);
      case 'gso-refused':
        return this.atLink(event, (...place) => this.host.emit('gsoRefused', ...place));
      case 'runs-lost':
        return this.atLink(event, (...place) => this.host.emit('runsLost', ...place, event));
      case 'loop':
        return this.loopChanged(event);
      case 'switch':
        return void this.host.emit('switch', event.notice);
      case 'uplink':
        return this.uplinkMoved(event);
      case 'kernel':
        for (const ifindex of event.interfaces) {
          this.options.bridge.interfaceChanged(ifindex);
          this.options.watch.interfaceChanged(ifindex);
        }
        if (this.host.sockets.isShort) this.options.rebinding.now();
        return this.options.routes.refreshSoon();
      case 'rebind':
        return this.options.rebinding.now();
      case 'path-mtu':
      case 'mtu':
        return this.atLink(event, (...place) => {
          if (event.kind === 'mtu') this.host.emit('mtu', ...place, event.mtu, event.before);
          // Links that go through this peer start from what its own links carry.
          this.options.routes.linkChanged(...place);
        });
      case 'tap-mtu':
        return tapMtuHeard(this.host, event.peer, event.mtu);
      case 'bandwidth-message':
        return this.host.bandwidth.heard(event);
      case 'trace':
        return this.host.traces.answered(event);
      case 'unreachable': {
        const { to, from, code } = event;
        return this.host.unreachables.note(to, { from, code, at: this.options.now() });
      }
      case 'echo':
        return this.host.echoes.answered(event);
      default:
    }
  }

  private linkChanged(change: Omit<EventOf<'link'>, 'kind'>): void {
    const { peer: row, link: id, state, cause, atUs, facts, suppressed } = change;
    const peer = this.host.peers.atRow(row);
    if (peer === undefined) return;
    const link = peer.links.get(id);
    // One that was removed may have a successor under its id.
    if (cause === 'removed' || link === undefined) return this.reachChanged(peer, cause, atUs);
    this.host.peers.setState(link, state);
    link.cause = cause;
    // Asked again, it may have found another way meanwhile.
    if (cause === 'recursive-route') link.routeDevice = null;
    const more = suppressed === 0 ? '' : `; ${suppressed} more suppressed`;
    const name = nameOf(link.config);
    if (name !== null && !ALIVE_STATES.has(state)) this.host.names.linkDown(name);
    const lack =
      cause === 'name-unresolved'
        ? `${state}: ${this.unresolved(link.config)}`
        : describeLack(state, cause, link.config, this.host.name);
    link.detail = (lack ?? describeChange(state, cause, facts, this.refusalOf(link.row, cause))) + more;
    this.host.emit('link', peer, link, facts);
    this.host.drains.linkChanged();
    this.host.unreachables.linksChanged();
    this.reachChanged(peer, cause, atUs);
  }

  /** The error that the kernel refused to send with, if that is the cause of a change. */
  private refusalOf(row: number, cause: LinkCause): string | null {
    if (cause !== 'send-error') return null;
    const found = hindranceOf(this.host.datapath.stats.links, row, this.options.now());
    return found?.kind === 'refused' ? found.error : null;
  }

  private unmeasured(state: LinkState, cause: LinkCause) {
    return { state, cause, facts: NOTHING_MEASURED, suppressed: 0, atUs: this.options.now() };
  }

  private reachChanged(peer: PeerEntry, cause: LinkCause, atUs: number): void {
    const up = [...peer.links.values()].some((other) => ALIVE_STATES.has(other.state));
    if (up === peer.up) return;
    this.host.peers.setUp(peer, up);
    peer.changedUs = atUs;
    if (!up) peer.lostBy = cause;
    this.host.emit('peer', peer, causeWord(cause));
  }

  // --- names of remote ends -------------------------------------------------------------------------

  /** Why a link's name leads nowhere: `osaka.example: no address (NXDOMAIN)`. */
  unresolved(config: LinkConfig): string {
    const name = nameOf(config) ?? '';
    return `${name}: ${this.host.names.of(name).problem ?? 'being resolved'}`;
  }

  /** Whether a link to this host name is down. */
  isInTrouble(name: string): boolean {
    for (const { links } of this.host.peers.values()) {
      for (const { config, state } of links.values()) {
        if (nameOf(config) === name && state !== 'shutdown' && !ALIVE_STATES.has(state)) return true;
      }
    }
    return false;
  }

  /** A host name leads elsewhere, or nowhere. */
  nameChanged(name: string, before: Resolution): void {
    const to = this.host.names.of(name);
    const isElsewhere = [...to.addresses].sort().join() !== [...before.addresses].sort().join();
    for (const { peer, link } of this.options.setup.followName(this.host.config, name)) {
      if (isElsewhere) this.host.emit('resolved', peer, link, name, to, before.addresses);
      const { state, cause } = link;
      if (cause !== 'name-unresolved' || to.addresses.length > 0) continue;
      const place = { peer: peer.row, link: link.config.id };
      this.linkChanged({ ...place, ...this.unmeasured(state, cause) });
    }
  }

  /** Does something with the link of an event, if it is still there. */
  private atLink(
    event: { peer: number; link: number },
    act: (peer: PeerEntry, link: LinkEntry) => void,
  ): void {
    const peer = this.host.peers.atRow(event.peer);
    const link = peer?.links.get(event.link);
    if (peer !== undefined && link !== undefined) act(peer, link);
  }

  private loopChanged({ peer, vlans, state }: EventOf<'loop'>): void {
    const { peers } = this.host;
    const found = peers.atRow(peer);
    if (found === undefined) return;
    peers.loops.note(peer, vlans, state);
    this.host.emit('loop', found, vlans, state);
  }

  private uplinkMoved({ group, peer, before, cause }: EventOf<'uplink'>): void {
    const name = this.host.peers.atRow(peer)?.config.name;
    const old = this.host.peers.atRow(before)?.config.name ?? null;
    if (name !== undefined) this.host.emit('uplink', group, name, old, cause);
  }

  private linkRoamed({ peer: row, link: id, isLearned, path }: EventOf<'roamed'>): void {
    const peer = this.host.peers.atRow(row);
    const link = peer?.links.get(id);
    if (peer === undefined || link === undefined) return;
    const isFound = isLearned || nameOf(link.config) !== null || peer.introduction !== null;
    link.otherPath = isFound ? path.words : null;
    link.isLearned = isLearned;
    link.routeDevice = null;
    if (link.configuredPath[PATH.DSCP] !== 0 || link.configuredPath[PATH.MARK] !== 0) {
      this.markAnswersSoon();
    }
    this.options.routes.linkChanged(peer, link);
  }

  /** Tells the worker once how answers are marked, after a while in which many links may roam. */
  private markAnswersSoon(): void {
    this.marking ??= setTimeout(() => {
      this.marking = undefined;
      this.host.datapath.send({ kind: 'answer-marks', marks: answerMarks(this.host.peers.values()) });
    }, MARKING_MS);
  }
}
