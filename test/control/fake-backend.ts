/** A daemon without a datapath: what the control server's and the CLI's tests talk to. */
import { readFile, writeFile } from 'node:fs/promises';
import type { Config, InterfaceConfig, PeerConfig } from '../../src/api/config.js';
import type {
  ControlEvent,
  Counter,
  DrainResult,
  FlowsExplained,
  InterfaceStatus,
  LinkHistory,
  LinkHistoryParams,
  LinkStatus,
  MacClearFilter,
  MacsCleared,
  MetricFamily,
  Page,
  PageParams,
  PeerExplained,
  PeerMtu,
  PeerStatus,
  PingResult,
  WaitResult,
} from '../../src/api/index.js';
import { type EventBody, EventLog } from '../../src/daemon/base/event-log.js';
import type { Log } from '../../src/daemon/base/log.js';
import { RequestError } from '../../src/daemon/base/request-errors.js';
import type { Configurator } from '../../src/daemon/commits/configurator.js';
import type { ConfigurationHost } from '../../src/daemon/commits/transactions.js';
import { Finder } from '../../src/daemon/interfaces/finder.js';
import { METHODS } from '../../src/daemon/methods/index.js';
import type { DaemonParts, MethodTable } from '../../src/daemon/methods/method.js';
import { Debugs } from '../../src/daemon/observe/debugs.js';
import { Histories } from '../../src/daemon/observe/link-histories.js';
import { interfaceStatus, linkHistory, pageOf, peerMtu, peerStatus } from './fake-answers.js';
import { fakeJoining } from './fake-joining.js';

/** Events that happen at the beginning of time unless they say otherwise, and a count of those who listen. */
class FakeEvents extends EventLog {
  subscribers = 0;

  override publish(body: EventBody, timeMs = 0): void {
    super.publish(body, timeMs);
  }

  override listen(listener: (event: ControlEvent) => void): () => void {
    const unlisten = super.listen(listener);
    this.subscribers++;
    return () => {
      unlisten();
      this.subscribers--;
    };
  }
}

export class FakeBackend implements ConfigurationHost {
  config: Config;
  applied = 0;
  cleared: string[] = [];
  /** Makes the next `applyConfig` fail with these words. */
  refuse: string | null = null;
  startupFile: string | null = null;
  readonly events = new FakeEvents();
  /** What the pages of a listing are cut from. */
  private listed: { key: string; all: { found: InterfaceConfig; peer: PeerConfig }[] } | null = null;

  constructor(config: Config = { interfaces: [] }) {
    this.config = config;
  }

  /** The daemon's methods, of which those that need interfaces are answered here. */
  methods(): MethodTable {
    const cleared = (done: Promise<void>) => done.then(() => null);
    return {
      ...METHODS,
      'show.version': { ...METHODS['show.version'], run: () => this.version() },
      'show.interfaces': { ...METHODS['show.interfaces'], run: (_, params) => this.interfaces(params) },
      'show.peers': { ...METHODS['show.peers'], run: (_, params) => this.peers(params) },
      'show.peersPage': { ...METHODS['show.peersPage'], run: (_, params) => this.peersPage(params) },
      'show.peer': { ...METHODS['show.peer'], run: (_, params) => this.peer(params) },
      'show.links': { ...METHODS['show.links'], run: (_, params) => this.links(params) },
      'show.linksPage': { ...METHODS['show.linksPage'], run: (_, params) => this.linksPage(params) },
      'show.mtu': { ...METHODS['show.mtu'], run: (_, params) => this.mtus(params) },
      'show.mtuPage': { ...METHODS['show.mtuPage'], run: (_, params) => this.mtuPage(params) },
      'show.linkHistory': { ...METHODS['show.linkHistory'], run: (_, params) => this.linkHistory(params) },
      'show.metrics': { ...METHODS['show.metrics'], run: () => this.metrics() },
      'show.macTable': { ...METHODS['show.macTable'], run: () => this.macTable() },
      'show.macCount': {
        ...METHODS['show.macCount'],
        run: () => [{ interface: 'octo0', count: 2, limit: 8192 }],
      },
      'show.macTablePage': {
        ...METHODS['show.macTablePage'],
        run: async () => ({ rows: await this.macTable(), next: null }),
      },
      'show.counters': { ...METHODS['show.counters'], run: () => this.counters() },
      'show.countersPage': { ...METHODS['show.countersPage'], run: () => this.countersPage() },
      'show.drops': { ...METHODS['show.drops'], run: () => this.drops() },
      'show.system': { ...METHODS['show.system'], run: () => this.system() },
      'clear.counters': { ...METHODS['clear.counters'], run: () => cleared(this.clearCounters()) },
      'clear.macTable': { ...METHODS['clear.macTable'], run: (_, params) => this.clearMacs(params) },
      'clear.peer': { ...METHODS['clear.peer'], run: (_, params) => cleared(this.clearPeer(params)) },
      'drain.link': { ...METHODS['drain.link'], run: () => this.drainLink() },
      'drain.interface': {
        ...METHODS['drain.interface'],
        run: () => ({ drained: 3, carrying: ['kyoto'], waitedMs: 12 }),
      },
      'undrain.interface': { ...METHODS['undrain.interface'], run: () => null },
      'undrain.link': { ...METHODS['undrain.link'], run: () => this.undrainLink() },
      'explain.peer': { ...METHODS['explain.peer'], run: (_, params) => this.explainPeer(params) },
      'explain.flows': { ...METHODS['explain.flows'], run: (_, params) => this.explainFlows(params) },
      wait: { ...METHODS.wait, run: ({ signal }, params) => this.wait(params, signal) },
      ping: { ...METHODS.ping, run: (_, params) => this.ping(params) },
    };
  }

  /** Parts of a daemon without interfaces. */
  parts(configurator: Configurator, log: Log): DaemonParts {
    return {
      log,
      logging: {
        status: () => ({
          level: 'info',
          syslog: [{ host: '192.0.2.9', address: '192.0.2.9', port: 514, sent: 3, dropped: 0, fault: null }],
          lines: [{ timeMs: 0, level: 'info', text: 'peer up: interface=octo0 peer=osaka' }],
        }),
      },
      eventHandler: { status: () => ({ file: '/bin/page', run: 7, failed: 1, dropped: 0, fault: null }) },
      native: { now: () => 0, hasHardwareAes: () => true, aeadLibrary: () => 'libgcrypt 1.10.1' },
      hostname: () => this.hostname(),
      runningConfig: () => this.config,
      configurator,
      find: new Finder(new Map()),
      faults: new Map(),
      events: this.events,
      histories: new Histories(
        () => 0,
        () => [],
        () => 0,
      ),
      ...fakeJoining(this),
      debugs: new Debugs(this.events, log),
      connections: () => 1,
    };
  }

  /** The startup file, for the configurator. */
  get startup() {
    const fileOf = () => this.startupFile;
    return {
      get file(): string {
        return fileOf() ?? '/etc/octolink/octolink.conf';
      },
      async load(): Promise<string | null> {
        const file = fileOf();
        return file === null ? null : readFile(file, 'utf8').catch(() => null);
      },
      async save(text: string): Promise<string> {
        const file = fileOf();
        if (file === null) throw new Error('no startup file was named');
        await writeFile(file, text);
        return `${file}.sav`;
      },
    };
  }

  emit({ timeMs, ...body }: ControlEvent): void {
    this.events.publish(body, timeMs);
  }

  get listeners(): number {
    return this.events.subscribers;
  }

  hostname(): string {
    return this.config.hostname ?? 'fake';
  }

  async version() {
    const versions = { version: '0.1.0', protocol: 1, wireVersion: 1, node: '20.20.2', openssl: '3.0.0' };
    return {
      ...versions,
      build: null,
      addonSha256: '0123456789abcdef'.repeat(4),
      hostname: this.hostname(),
      kernel: '6.1.0',
      architecture: 'x64',
      uptimeSeconds: 93784,
    };
  }

  async interfaces(filter: { interface?: string }): Promise<InterfaceStatus[]> {
    return this.interfaceRows(filter).map(interfaceStatus);
  }

  async peers(filter: { interface?: string; peer?: string }): Promise<PeerStatus[]> {
    return this.interfaceRows(filter).flatMap((found) =>
      found.peers
        .filter(({ name }) => filter.peer === undefined || name === filter.peer)
        .map((peer) => peerStatus(found, peer)),
    );
  }

  async peer(which: { interface?: string; peer: string }): Promise<PeerStatus> {
    const [found] = await this.peers(which);
    if (found === undefined) throw new RequestError(`peer ${which.peer} not found`);
    return found;
  }

  async peersPage(page: PageParams): Promise<Page<PeerStatus>> {
    const key = JSON.stringify([page.interface, this.applied]);
    if (this.listed?.key !== key) {
      const all = this.interfaceRows(page).flatMap((found) => found.peers.map((peer) => ({ found, peer })));
      this.listed = { key, all };
    }
    const { rows, next } = pageOf(this.listed.all, page);
    return { rows: rows.map(({ found, peer }) => peerStatus(found, peer)), next };
  }

  async linksPage(page: PageParams): Promise<Page<LinkStatus>> {
    const { rows, next } = await this.peersPage(page);
    return { rows: rows.flatMap(({ links }) => links), next };
  }

  async countersPage(): Promise<Page<Counter>> {
    return { rows: await this.counters(), next: null };
  }

  async links(filter: { interface?: string; peer?: string }): Promise<LinkStatus[]> {
    return (await this.peers(filter)).flatMap(({ links }) => links);
  }

  async mtus(filter: { interface?: string; peer?: string }): Promise<PeerMtu[]> {
    return (await this.peers(filter)).map((peer) => peerMtu(peer));
  }

  async mtuPage(page: PageParams): Promise<Page<PeerMtu>> {
    const { rows, next } = await this.peersPage(page);
    return { rows: rows.map((peer) => peerMtu(peer)), next };
  }

  async linkHistory({ peer, link, step }: LinkHistoryParams): Promise<LinkHistory[]> {
    const links = await this.links(peer === undefined ? {} : { peer });
    return links
      .filter((found) => link === undefined || found.link === link)
      .map((found) => linkHistory(found, step));
  }

  metrics(): MetricFamily[] {
    const labels = { interface: 'octo0', peer: 'osaka', link: '0' };
    return [
      {
        name: 'octolink_link_up',
        type: 'gauge',
        help: '1 while the link can carry frames',
        samples: [{ suffix: '', labels, value: 1 }],
      },
    ];
  }

  async macTable() {
    return [
      { mac: '02:00:00:00:00:02', vlan: 0, interface: 'octo0', peer: 'osaka', ageSeconds: 3, static: false },
      { mac: '02:00:00:00:00:01', vlan: 12, interface: 'octo0', peer: null, ageSeconds: null, static: true },
    ];
  }

  async counters() {
    return [
      {
        interface: 'octo0',
        peer: null,
        link: null,
        name: 'floodedFrames',
        counter: 'flooded_frames',
        value: 12,
      },
      {
        interface: 'octo0',
        peer: 'osaka',
        link: 0,
        name: 'txDatagrams',
        counter: 'transmit_datagrams',
        value: 1234,
      },
    ];
  }

  async drops() {
    const help = 'A datagram that had been received before: copies of the active policy, or an attacker';
    const last = { normal: false, peer: 'osaka', from: null, lastSecondsAgo: 2, perSecond: 0.1 };
    const example = {
      secondsAgo: 2.5,
      peer: 'osaka',
      link: 0,
      direction: 'in' as const,
      from: '198.51.100.7:7700',
      length: 61,
      text: 'HEARTBEAT message',
    };
    return [{ interface: 'octo0', reason: 'replayed', count: 42, ...last, help, example }];
  }

  async system() {
    return {
      uptimeSeconds: 93784,
      pid: process.pid,
      version: '0.1.0',
      node: '20.20.2',
      openssl: '3.0.0',
      kernel: '6.1.0',
      hardwareAes: true,
      aesLibrary: 'libgcrypt 1.10.1',
      memoryRssBytes: 123456789,
      memoryHeapBytes: 23456789,
      openFiles: 30,
      openFilesLimit: 1024,
      clients: 1,
      peers: 2,
      memoryBytesPerPeer: null,
      clientLoads: [],
      peerMemory: [],
      workers: [
        {
          interface: 'octo0',
          alive: true,
          scheduling: 'realtime' as const,
          workers: 1,
          tapQueues: 1,
          latenessMaxUs: 812,
          latenessLastUs: 70,
          batches: 123456,
        },
      ],
      offloads: [{ interface: 'octo0', offload: 'udp-gso' as const, state: 'on' as const }],
      sockets: [
        {
          interface: 'octo0',
          local: '192.0.2.10:7700',
          device: null,
          receiveBufferBytes: 4194304,
          sendBufferBytes: 4194304,
        },
      ],
    };
  }

  runningConfig(): Config {
    return this.config;
  }

  async applyConfig(next: Config): Promise<void> {
    if (this.refuse !== null) {
      const reason = this.refuse;
      this.refuse = null;
      throw new RequestError(reason);
    }
    this.applied++;
    this.config = next;
  }

  checkConfig(): void {
    if (this.refuse !== null) throw new RequestError(this.refuse);
  }

  async clearCounters(): Promise<void> {
    this.cleared.push('counters');
  }

  async clearMacs({ peer, vlan, local, address }: MacClearFilter): Promise<MacsCleared[]> {
    const gone = (await this.macTable()).filter(
      (entry) =>
        !entry.static &&
        (peer ?? entry.peer) === entry.peer &&
        (vlan ?? entry.vlan) === entry.vlan &&
        (address ?? entry.mac) === entry.mac &&
        !(local && entry.peer !== null),
    );
    return [{ interface: 'octo0', removed: gone.length }];
  }

  async drainLink(): Promise<DrainResult> {
    return { state: 'drained', waitedMs: 12 };
  }

  async undrainLink(): Promise<DrainResult> {
    return { state: 'up', waitedMs: 0 };
  }

  async explainPeer({ peer }: { peer: string }): Promise<PeerExplained> {
    return {
      peer,
      interface: 'octo0',
      policy: 'passive',
      link: 0,
      rule: 'priority',
      because: 'link 0 has the highest priority, 10',
      advice: null,
      sinceSeconds: 75,
      links: [
        {
          link: 0,
          description: null,
          state: 'up',
          standing: 'clean',
          carries: true,
          sharePercent: 100,
          priority: 10,
          rttUs: 510,
          jitterUs: 12,
          lossOutPermille: 0,
          costUs: 534,
          because: 'taken',
        },
      ],
    };
  }

  async explainFlows({ peer }: { peer: string }): Promise<FlowsExplained> {
    const flow = { protocol: 'tcp', bytesPerSecond: 1_250_000, secondsAgo: 0.2 };
    return {
      peer,
      interface: 'octo0',
      policy: 'adaptive',
      laneLinks: [0, 1],
      flows: [
        {
          ...flow,
          source: '10.77.0.1',
          destination: '10.77.0.2',
          sourcePort: 40000,
          destinationPort: 5201,
          link: null,
        },
        {
          ...flow,
          source: 'fd00::1',
          destination: 'fd00::2',
          sourcePort: 40001,
          destinationPort: 22,
          link: 1,
        },
      ],
    };
  }

  async clearPeer({ peer }: { peer: string }): Promise<void> {
    if ((await this.peers({ peer })).length === 0) throw new RequestError(`peer ${peer} not found`);
    this.cleared.push(peer);
    this.emit({ kind: 'session', interface: 'octo0', peer, what: 'ended', timeMs: Date.now() });
  }

  /** Peers named `never` never come up; all others are up at once. */
  wait({ peer, state }: { peer?: string; state: string }, signal: AbortSignal): Promise<WaitResult> {
    if (peer !== 'never') return Promise.resolve({ state, waitedMs: 1 });
    return new Promise((_, reject) => {
      signal.addEventListener('abort', () => {
        this.cleared.push('wait aborted');
        reject(new RequestError('the client has gone'));
      });
    });
  }

  async ping({ peer, count }: { peer: string; count: number }): Promise<PingResult> {
    const answered = peer !== 'never';
    return {
      peer,
      interface: 'octo0',
      probes: Array.from({ length: count }, (_, sequence) => ({
        sequence,
        link: answered ? 0 : null,
        rttUs: answered ? 512 : null,
      })),
      sent: count,
      received: answered ? count : 0,
      rttMinUs: answered ? 512 : null,
      rttMeanUs: answered ? 512 : null,
      rttMaxUs: answered ? 512 : null,
      seenAs: null,
      peerVersion: answered ? '0.1.0' : null,
    };
  }

  private interfaceRows(filter: { interface?: string }): InterfaceConfig[] {
    return this.config.interfaces.filter(
      ({ name }) => filter.interface === undefined || name === filter.interface,
    );
  }
}
