/** A daemon without a datapath: what the control server's and the CLI's tests talk to. */
import { readFile, writeFile } from 'node:fs/promises';
import type {
  ControlEvent,
  Counter,
  DrainResult,
  EventFilter,
  FlowsExplained,
  InterfaceStatus,
  LinkHistory,
  LinkHistoryParams,
  LinkStatus,
  MetricFamily,
  Page,
  PageParams,
  PeerExplained,
  PeerMtu,
  PeerStatus,
  PingResult,
  WaitResult,
} from '../../src/api/index.js';
import { effectiveInterface, effectiveLink, effectivePolicy } from '../../src/config/defaults.js';
import type { Config, InterfaceConfig, LinkConfig, PeerConfig } from '../../src/config/model.js';
import { type Backend, RequestError } from '../../src/daemon/base/errors.js';
import { type EventBody, EventLog } from '../../src/daemon/base/event-log.js';

export class FakeBackend implements Backend {
  config: Config;
  applied = 0;
  cleared: string[] = [];
  /** Makes the next `applyConfig` fail with these words. */
  refuse: string | null = null;
  startupFile: string | null = null;
  private readonly events = new EventLog();
  private subscribers = 0;
  /** What the pages of a listing are cut from. */
  private listed: { key: string; all: { found: InterfaceConfig; peer: PeerConfig }[] } | null = null;

  constructor(config: Config = { interfaces: [] }) {
    this.config = config;
  }

  emit({ timeMs, ...body }: ControlEvent): void {
    this.events.publish(body, timeMs);
  }

  publish(body: EventBody): void {
    this.emit({ timeMs: 0, ...body } as ControlEvent);
  }

  get listeners(): number {
    return this.subscribers;
  }

  hostname(): string {
    return this.config.hostname ?? 'fake';
  }

  async version() {
    return {
      version: '0.1.0',
      protocol: 1,
      wireVersion: 1,
      hostname: this.hostname(),
      node: '20.20.2',
      openssl: '3.0.0',
      kernel: '6.1.0',
      architecture: 'x64',
      uptimeSeconds: 93784,
    };
  }

  async interfaces(filter: { interface?: string }): Promise<InterfaceStatus[]> {
    return this.interfaceRows(filter).map((found) => {
      const { mtu, listenPort, aead, policy } = effectiveInterface(found);
      return {
        name: found.name,
        description: found.description ?? null,
        enabled: found.enabled,
        state: found.enabled ? 'up' : 'down',
        cause: found.enabled ? null : 'shut down',
        ifindex: 7,
        mtu,
        mac: found.mac ?? '02:00:00:00:00:01',
        addresses: found.addresses,
        bridge: found.bridge ?? null,
        publicKey: 'hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo=',
        listenPort,
        aead,
        policy,
        workerAlive: true,
        offloads: { granted: ['tap-checksum', 'tap-tso'], forcedOff: found.disabledOffloads },
        rxFrames: 1,
        rxBytes: 1500,
        txFrames: 20,
        txBytes: 30000,
        drops: 3,
        resendBufferBytes: 16 << 20,
        resendAgeMs: 2000,
        peers: found.peers.length,
        peersUp: found.peers.length,
        links: found.peers.flatMap(({ links }) => links).length,
        linksUp: 0,
      };
    });
  }

  async peers(filter: { interface?: string; peer?: string }): Promise<PeerStatus[]> {
    return this.interfaceRows(filter).flatMap((found) =>
      found.peers
        .filter(({ name }) => filter.peer === undefined || name === filter.peer)
        .map((peer) => peerStatus(found, peer)),
    );
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
      { interface: 'octo0', peer: null, link: null, name: 'framesFlooded', value: 12 },
      { interface: 'octo0', peer: 'osaka', link: 0, name: 'heartbeatsSent', value: 1234 },
    ];
  }

  async drops() {
    const help = 'A datagram that had been received before: copies of the active policy, or an attacker';
    return [{ interface: 'octo0', reason: 'replayed', count: 42, help }];
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
      memoryRssBytes: 123456789,
      memoryHeapBytes: 23456789,
      openFiles: 30,
      openFilesLimit: 1024,
      clients: 1,
      workers: [
        {
          interface: 'octo0',
          alive: true,
          scheduling: 'realtime' as const,
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

  async startupConfig() {
    if (this.startupFile === null) return { file: '/etc/octolink/octolink.conf', text: null };
    const text = await readFile(this.startupFile, 'utf8').catch(() => null);
    return { file: this.startupFile, text };
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

  async writeConfig(text: string) {
    if (this.startupFile === null) throw new RequestError('no startup file was named');
    await writeFile(this.startupFile, text);
    return { file: this.startupFile };
  }

  async clearCounters(): Promise<void> {
    this.cleared.push('counters');
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
      sinceSeconds: 75,
      links: [
        {
          link: 0,
          description: null,
          state: 'up',
          standing: 'clean',
          carries: true,
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
    };
  }

  onEvent(listener: (event: ControlEvent) => void): () => void {
    const unlisten = this.events.listen(listener);
    this.subscribers++;
    return () => {
      unlisten();
      this.subscribers--;
    };
  }

  recentEvents(filter: EventFilter): ControlEvent[] {
    return this.events.recent(filter);
  }

  private interfaceRows(filter: { interface?: string }): InterfaceConfig[] {
    return this.config.interfaces.filter(
      ({ name }) => filter.interface === undefined || name === filter.interface,
    );
  }
}

/** A minute and a half of a link that was down for a while, or as many minutes of it. */
function linkHistory({ interface: name, peer, link }: LinkStatus, step: 'seconds' | 'minutes'): LinkHistory {
  const isDown = (index: number): boolean => index >= 40 && index < 50;
  const series = (number: (index: number) => number | null): (number | null)[] =>
    Array.from({ length: 90 }, (_, index) => number(index));
  const values: LinkHistory['values'] = {
    downPermille: series((index) => (isDown(index) ? 1000 : 0)),
    rttUs: series((index) => (isDown(index) ? null : 500 + index)),
    jitterUs: series((index) => (isDown(index) ? null : 12)),
    lossOutPermille: series((index) => (index === 39 ? 120 : 0)),
    lossInPermille: series(() => 0),
    sentBytesPerSecond: series((index) => (isDown(index) ? 0 : 1_250_000)),
    deliveredBytesPerSecond: series((index) => (isDown(index) ? 0 : 1_249_000)),
    receivedBytesPerSecond: series(() => 125_000_000),
    queueUs: series(() => null),
    capacityBytesPerSecond: series(() => null),
  };
  const stepSeconds = step === 'seconds' ? 1 : 60;
  const largest = step === 'seconds' ? null : values;
  return { interface: name, peer, link, stepSeconds, endMs: 1_700_000_000_000, values, largest };
}

function peerStatus(found: InterfaceConfig, peer: PeerConfig): PeerStatus {
  return {
    name: peer.name,
    interface: found.name,
    description: peer.description ?? null,
    publicKey: peer.publicKey ?? null,
    state: peer.shutdown ? 'shutdown' : 'up',
    policy: effectivePolicy(found, peer),
    session: { establishedSecondsAgo: 12.5, aead: 'aes-256-gcm', role: 'initiator' },
    activeLinks: peer.links.slice(0, 1).map(({ id }) => id),
    lastHandshakeSecondsAgo: 12.5,
    duplicate: { smallBytes: 0, control: false, dscp: [] },
    resendRing: 'shared',
    resendReachMs: 2000,
    rxFrames: 1,
    rxBytes: 2,
    txFrames: 3,
    txBytes: 4,
    links: peer.links.map((link) => linkStatus(found, peer, link)),
  };
}

function linkStatus(parent: InterfaceConfig, peer: PeerConfig, link: LinkConfig): LinkStatus {
  const { local, priority, interval, hold, upAfter, dscp, fwmark } = effectiveLink(parent, link);
  return {
    interface: parent.name,
    peer: peer.name,
    link: link.id,
    description: link.description ?? null,
    state: link.shutdown ? 'shutdown' : 'up',
    active: link.id === 0,
    cause: 'heartbeat answered',
    detail: 'up: 5 beats heard, RTT 0.5 ms',
    changedSecondsAgo: 75,
    dampedSecondsLeft: null,
    local: local.kind === 'address' ? `${local.address}:${local.port}` : null,
    remote: link.remote?.kind === 'address' ? `${link.remote.address}:${link.remote.port}` : null,
    remoteLearned: link.remote?.kind === 'dynamic',
    priority,
    intervalMs: interval,
    holdMs: hold,
    fec: null,
    upAfter,
    rttLastUs: 512,
    rttMinUs: 498,
    rttSmoothedUs: 510,
    rttP50Us: 505,
    rttP95Us: 620,
    rttP99Us: 1200,
    jitterUs: 12,
    lossOutPermille: 0,
    lossInPermille: 4,
    sentBytesPerSecond: 1_250_000,
    receivedBytesPerSecond: 125_000_000,
    deliveredBytesPerSecond: 1_249_000,
    queueUs: null,
    capacityBytesPerSecond: null,
    dscp,
    fwmark: fwmark || null,
    mtu: 1500,
    txDatagrams: 10,
    txBytes: 1000,
    rxDatagrams: 9,
    rxBytes: 900,
    rxCopies: 0,
    transitions: 1,
  };
}

/** Cursors are offsets here. */
function pageOf<Row>(rows: Row[], { cursor = '0', limit }: PageParams): Page<Row> {
  const end = Number(cursor) + limit;
  return { rows: rows.slice(Number(cursor), end), next: end < rows.length ? String(end) : null };
}

function peerMtu({ interface: parent, name, links }: PeerStatus): PeerMtu {
  return {
    interface: parent,
    peer: name,
    tapFrameBytes: 1514,
    mssClamp: true,
    frameBytes: 1434,
    segmentBytes: 1375,
    largestSegmentBytes: 1375,
    extraDatagramsPercent: 0,
    pieces: 2,
    links: links.map(({ link, state, mtu }) => ({
      link,
      state,
      search: 'complete',
      mtuBytes: mtu ?? 1500,
      probedBytes: null,
      routeBytes: 1500,
      configuredBytes: null,
      frameBytes: 1434,
      short: false,
    })),
  };
}
