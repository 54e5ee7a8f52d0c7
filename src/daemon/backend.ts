/** The daemon as the control server sees it: every request ends here. */
import { hostname as systemHostname } from 'node:os';
import type {
  ControlEvent,
  DrainResult,
  EventFilter,
  FlowsExplained,
  LinkHistory,
  LinkHistoryParams,
  LinkParams,
  MacEntry,
  Methods,
  MetricFamily,
  PageParams,
  PeerExplained,
  PingParams,
  PingResult,
  WaitParams,
  WaitResult,
} from '../api/index.js';
import { metricsText } from '../api/metrics-text.js';
import { DEFAULTS } from '../config/defaults.js';
import type { Config, InterfaceConfig } from '../config/model.js';
import type { Native } from '../native/binding.js';
import { explained, flowsExplained } from './answers/explain.js';
import { historyStatus, MAX_HISTORIES } from './answers/history.js';
import { dropCounters, interfaceCounters, interfaceStatus, peerCounters } from './answers/interfaces.js';
import { linksOf, peerStatus } from './answers/links.js';
import { peerMtu } from './answers/mtu.js';
import { MAX_UNPAGED_PEERS, pageOf } from './answers/pages.js';
import { systemInfo, versionInfo } from './answers/system.js';
import type { ConfigStore } from './config-store.js';
import { type Backend, RequestError } from './control/backend.js';
import type { Log } from './control/log.js';
import { type EventBody, EventLog } from './event-log.js';
import { checkKeyFiles } from './interfaces/keys.js';
import type { LinkEntry, PeerEntry } from './interfaces/peers.js';
import { InterfaceRuntime } from './interfaces/runtime.js';
import { Histories } from './observe/histories.js';
import { collectMetrics } from './observe/metrics.js';
import { MetricsEndpoint } from './observe/metrics-endpoint.js';
import { Ping } from './ping.js';
import { refusal } from './refusal.js';
import { type WaitTarget, waitFor } from './wait.js';

export interface DaemonOptions {
  native: Native;
  log: Log;
  store: ConfigStore;
  stateFolder: string;
  /** How many clients the control socket has, for `show system`. */
  clients(): number;
}

interface Found {
  runtime: InterfaceRuntime;
  peer: PeerEntry;
}

export class Daemon implements Backend {
  private config: Config = { interfaces: [] };
  private readonly runtimes = new Map<string, InterfaceRuntime>();
  /** Why an enabled interface does not run. */
  private readonly faults = new Map<string, string>();
  private readonly events = new EventLog();

  private readonly histories: Histories;
  private readonly metricsEndpoint = new MetricsEndpoint(() =>
    metricsText(this.metrics())
      .map((line) => `${line}\n`)
      .join(''),
  );

  constructor(private readonly options: DaemonOptions) {
    this.histories = new Histories(
      () => options.native.now(),
      () => this.runtimes.values(),
      () => this.config.historyLinks ?? DEFAULTS.historyLinks,
    );
    this.histories.start();
  }

  // --- configuration --------------------------------------------------------------------------------

  hostname(): string {
    return this.config.hostname ?? systemHostname();
  }

  runningConfig(): Config {
    return this.config;
  }

  async startupConfig() {
    const { store } = this.options;
    try {
      return { file: store.file, text: await store.load() };
    } catch (error) {
      throw new RequestError(`cannot read the startup configuration: ${(error as Error).message}`);
    }
  }

  async writeConfig(text: string): Promise<{ file: string }> {
    const { store } = this.options;
    try {
      await store.save(text);
    } catch (error) {
      throw new RequestError(`cannot save the configuration: ${(error as Error).message}`);
    }
    return { file: store.file };
  }

  /** All or nothing: on a failure every interface goes back to what it was. */
  async applyConfig(next: Config): Promise<void> {
    const before = this.config;
    try {
      await this.bring(before, next);
      this.config = next;
    } catch (error) {
      await this.goBack(next, before);
      throw refusal(error as Error, this.options.log);
    }
  }

  /** What cannot run again is told of as down; everything else runs again. */
  private async goBack(from: Config, to: Config): Promise<void> {
    const refused = (name: string | null) => (err: Error) => {
      this.options.log.error({ err, interface: name }, 'going back to the previous configuration failed');
      if (name !== null) this.faults.set(name, err.message);
    };
    await this.bring(from, to, refused);
  }

  /** `refused` hears of each part that cannot be had, and the others go on; without it, the first one ends all. */
  private async bring(
    from: Config,
    to: Config,
    refused: (name: string | null) => (err: Error) => void = () => raise,
  ): Promise<void> {
    await this.metricsEndpoint.serveAt(to.metrics ?? null).catch(refused(null));
    const wanted = new Map(to.interfaces.filter((one) => one.enabled).map((one) => [one.name, one]));
    for (const name of [...this.runtimes.keys()]) {
      if (!wanted.has(name)) await this.stopInterface(name, 'administratively down');
    }
    for (const config of wanted.values()) {
      const previous = from.interfaces.find((one) => one.name === config.name);
      const running = this.runtimes.get(config.name);
      if (running !== undefined && JSON.stringify(previous) === JSON.stringify(config)) {
        running.rereadKeys();
        continue;
      }
      await this.bringInterface(config).catch(refused(config.name));
    }
  }

  private async bringInterface(config: InterfaceConfig): Promise<void> {
    const running = this.runtimes.get(config.name);
    if (running?.datapath.alive && !running.needsRestart(config)) {
      return running.reconfigure(config);
    }
    if (running !== undefined) {
      // An interface that runs is not stopped for one that cannot start.
      checkKeyFiles(config, this.options.stateFolder);
      await this.stopInterface(config.name, 'restarted with other settings');
    }
    const runtime = await InterfaceRuntime.start(this.options.native, config, this.options.stateFolder);
    this.runtimes.set(config.name, runtime);
    this.faults.delete(config.name);
    this.listen(runtime);
    this.publish({ kind: 'interface', interface: config.name, state: 'up', cause: 'configured' });
  }

  private async stopInterface(name: string, cause: string): Promise<void> {
    const runtime = this.runtimes.get(name);
    if (runtime === undefined) return;
    this.runtimes.delete(name);
    await runtime.stop();
    this.publish({ kind: 'interface', interface: name, state: 'down', cause });
  }

  /** Ends every interface: peers are told, TAPs go. */
  async stop(): Promise<void> {
    this.histories.stop();
    this.metricsEndpoint.close();
    await Promise.all([...this.runtimes.keys()].map((name) => this.stopInterface(name, 'daemon stops')));
  }

  // --- events ---------------------------------------------------------------------------------------

  onEvent(listener: (event: ControlEvent) => void): () => void {
    return this.events.listen(listener);
  }

  recentEvents(filter: EventFilter): ControlEvent[] {
    return this.events.recent(filter);
  }

  publish(body: EventBody): void {
    this.events.publish(body, Date.now());
  }

  private listen(runtime: InterfaceRuntime): void {
    const { log } = this.options;
    const name = runtime.name;
    runtime.on('link', (peer, link, facts) => {
      const cause = link.cause?.replaceAll('-', ' ') ?? '';
      const detail = link.detail ?? link.state;
      log.info(
        { interface: name, peer: peer.config.name, link: link.config.id, state: link.state, cause, ...facts },
        `link ${detail}`,
      );
      this.publish({
        kind: 'link',
        interface: name,
        peer: peer.config.name,
        link: link.config.id,
        state: link.state,
        cause,
        detail,
        ...facts,
      });
    });
    runtime.on('mtu', (peer, link, mtuBytes, before) => {
      const place = { interface: name, peer: peer.config.name, link: link.config.id };
      log.info({ ...place, mtuBytes }, 'path MTU');
      this.publish({ kind: 'mtu', ...place, mtuBytes, beforeBytes: before || null });
    });
    runtime.on('peer', (peer, cause) => {
      const state = peer.up ? 'up' : 'down';
      log.info({ interface: name, peer: peer.config.name }, `peer ${state}`);
      const words = cause.replaceAll('-', ' ');
      this.publish({ kind: 'peer', interface: name, peer: peer.config.name, state, cause: words });
    });
    runtime.on('session', (peer, what) => {
      this.publish({ kind: 'session', interface: name, peer: peer.config.name, what });
    });
    runtime.on('warning', (peer, what, detail) => {
      log.warn({ interface: name, peer: peer?.config.name, what }, detail);
      this.publish({ kind: 'warning', interface: name, peer: peer?.config.name ?? null, what, detail });
    });
    runtime.on('fault', (message) => {
      log.error({ interface: name, fault: message }, 'the datapath worker died');
      this.faults.set(name, 'the datapath worker died; see the log');
      this.publish({ kind: 'interface', interface: name, state: 'down', cause: 'datapath worker died' });
    });
  }

  // --- show -----------------------------------------------------------------------------------------

  async version() {
    return versionInfo(this.hostname());
  }

  async system() {
    return systemInfo(this.options.native, [...this.runtimes.values()], this.options.clients());
  }

  async interfaces(filter: Methods['show.interfaces']['params']) {
    const chosen = this.config.interfaces.filter((one) => matches(filter.interface, one.name));
    if (filter.interface !== undefined && chosen.length === 0) throw noInterface(filter.interface);
    return chosen.map((config) =>
      interfaceStatus(config, this.runtimes.get(config.name) ?? null, this.faults.get(config.name) ?? null),
    );
  }

  async peers(filter: { interface?: string; peer?: string }) {
    const now = this.options.native.now();
    return this.few(filter).map(({ runtime, peer }) => peerStatus(runtime, peer, now, this.histories));
  }

  async peersPage(page: PageParams) {
    const now = this.options.native.now();
    return pageOf(this.runtimesOf(page.interface), page, ({ runtime, peers }) =>
      peers.map((peer) => peerStatus(runtime, peer, now, this.histories)),
    );
  }

  async links(filter: Methods['show.links']['params']) {
    const now = this.options.native.now();
    return this.few(filter).flatMap(({ runtime, peer }) => linksOf(runtime, peer, now, this.histories));
  }

  async linksPage(page: PageParams) {
    const now = this.options.native.now();
    return pageOf(this.runtimesOf(page.interface), page, ({ runtime, peers }) =>
      peers.flatMap((peer) => linksOf(runtime, peer, now, this.histories)),
    );
  }

  async mtus(filter: Methods['show.mtu']['params']) {
    return this.few(filter).map(({ runtime, peer }) => peerMtu(runtime, peer));
  }

  async linkHistory({ link, step, ...filter }: LinkHistoryParams): Promise<LinkHistory[]> {
    const now = this.histories.currentSecond;
    const found = this.select(filter).flatMap(({ runtime, peer }) =>
      [...peer.links.keys()]
        .filter((id) => link === undefined || id === link)
        .sort((a, b) => a - b)
        .flatMap((id) => {
          const place = { interface: runtime.name, peer: peer.config.name, link: id };
          const history = this.histories.of(place.interface, place.peer, id);
          return history === undefined ? [] : [{ place, history }];
        }),
    );
    if (found.length > MAX_HISTORIES) {
      throw new RequestError(
        `the histories of ${found.length} links are too much for one answer: name a peer`,
      );
    }
    return found.map(({ place, history }) => historyStatus(place, history, step, now, Date.now()));
  }

  metrics(): MetricFamily[] {
    return collectMetrics({
      runtimes: [...this.runtimes.values()],
      histories: this.histories,
      uptimeSeconds: process.uptime(),
      memoryRssBytes: process.memoryUsage.rss(),
    });
  }

  async macTable(filter: Methods['show.macTable']['params']): Promise<MacEntry[]> {
    const answers = this.runtimesOf(filter.interface).map(async (runtime) => {
      const names = new Map([...runtime.peers.values()].map((peer) => [peer.row, peer.config.name]));
      const rows = await runtime.datapath.macTable();
      return rows.map((row) => ({
        mac: formatMac(row.high, row.low),
        vlan: row.vlan,
        interface: runtime.name,
        peer: row.port < 0 ? null : (names.get(row.port) ?? null),
        ageSeconds: Math.round(row.ageUs / 1e6),
        static: false,
      }));
    });
    return (await Promise.all(answers)).flat();
  }

  async counters(filter: Methods['show.counters']['params']) {
    const whole = filter.peer === undefined ? this.runtimesOf(filter.interface) : [];
    const ofPeers = this.few(filter).flatMap(({ runtime, peer }) => peerCounters(runtime, peer));
    return [...whole.flatMap(interfaceCounters), ...ofPeers];
  }

  async countersPage(page: PageParams) {
    return pageOf(this.runtimesOf(page.interface), page, ({ runtime, peers, begins }) => [
      ...(begins ? interfaceCounters(runtime) : []),
      ...peers.flatMap((peer) => peerCounters(runtime, peer)),
    ]);
  }

  async drops(filter: Methods['show.drops']['params']) {
    return this.runtimesOf(filter.interface).flatMap((runtime) => dropCounters(runtime, filter.all === true));
  }

  // --- actions --------------------------------------------------------------------------------------

  async clearCounters(filter: Methods['clear.counters']['params']): Promise<void> {
    if (filter.peer !== undefined) this.one(filter.peer, filter.interface);
    for (const runtime of this.runtimesOf(filter.interface)) {
      runtime.datapath.send({ kind: 'clear-counters' });
      runtime.handshakes.clearCounters();
    }
  }

  async explainPeer(which: Methods['explain.peer']['params']): Promise<PeerExplained> {
    const { runtime, peer } = this.one(which.peer, which.interface);
    const answer = await runtime.datapath.explain(peer.row);
    if (answer === null) throw new RequestError(`the datapath of ${runtime.name} does not run`);
    return explained(runtime.name, peer, answer);
  }

  async explainFlows(which: Methods['explain.flows']['params']): Promise<FlowsExplained> {
    const { runtime, peer } = this.one(which.peer, which.interface);
    const answer = await runtime.datapath.explainFlows(peer.row);
    if (answer === null) throw new RequestError(`the datapath of ${runtime.name} does not run`);
    return flowsExplained(runtime, peer, answer);
  }

  async drainLink(which: Methods['drain.link']['params'], signal: AbortSignal): Promise<DrainResult> {
    const { runtime, peer, link } = this.oneLink(which);
    return runtime.drains.empty(peer, link, which.timeoutS, signal);
  }

  async undrainLink(which: Methods['undrain.link']['params']): Promise<DrainResult> {
    const { runtime, link } = this.oneLink(which);
    return runtime.drains.refill(link);
  }

  private oneLink(which: LinkParams): Found & { link: LinkEntry } {
    const found = this.one(which.peer, which.interface);
    const link = found.peer.links.get(which.link);
    if (link === undefined) throw new RequestError(`peer ${which.peer} has no link ${which.link}`);
    return { ...found, link };
  }

  async clearPeer(which: Methods['clear.peer']['params']): Promise<void> {
    const { runtime, peer } = this.one(which.peer, which.interface);
    if (!peer.admitted) throw new RequestError(`peer ${which.peer} is shut down or has no public key`);
    try {
      runtime.restartPeer(peer);
    } catch (error) {
      throw refusal(error as Error, this.options.log);
    }
  }

  async ping(what: PingParams, signal: AbortSignal): Promise<PingResult> {
    const { runtime, peer } = this.one(what.peer, what.interface);
    if (what.link !== undefined && !peer.links.has(what.link)) {
      throw new RequestError(`peer ${what.peer} has no link ${what.link}`);
    }
    return new Ping(runtime, peer, what).run(signal);
  }

  async wait(what: WaitParams, signal: AbortSignal): Promise<WaitResult> {
    const target = what.peer === undefined ? this.interfaceTarget(what.interface) : this.peerTarget(what);
    return waitFor(target, what, signal);
  }

  private interfaceTarget(name = ''): WaitTarget {
    if (!this.config.interfaces.some((one) => one.name === name)) throw noInterface(name);
    return {
      name: `interface ${name}`,
      state: () => (this.runtimes.get(name)?.datapath.alive ? 'up' : 'down'),
      watch: (changed) => this.events.listen(changed),
    };
  }

  private peerTarget({ peer: name = '', interface: within, link: id }: WaitParams): WaitTarget {
    const { runtime, peer } = this.one(name, within);
    if (id !== undefined && !peer.links.has(id)) throw new RequestError(`peer ${name} has no link ${id}`);
    return {
      name: id === undefined ? `peer ${name}` : `link ${id} of peer ${name}`,
      state: () => {
        if (id === undefined) return peer.up ? 'up' : 'down';
        return peer.links.get(id)?.state ?? 'gone';
      },
      watch: (changed) => {
        runtime.on('link', changed);
        runtime.on('peer', changed);
        return () => {
          runtime.off('link', changed);
          runtime.off('peer', changed);
        };
      },
    };
  }

  // --- finding --------------------------------------------------------------------------------------

  private runtimesOf(name: string | undefined): InterfaceRuntime[] {
    const found = [...this.runtimes.values()].filter((runtime) => matches(name, runtime.name));
    if (name !== undefined && found.length === 0) throw noInterface(name);
    return found;
  }

  private select(filter: { interface?: string; peer?: string }): Found[] {
    const found = this.runtimesOf(filter.interface).flatMap((runtime) =>
      [...runtime.peers.values()]
        .filter((peer) => matches(filter.peer, peer.config.name))
        .map((peer) => ({ runtime, peer })),
    );
    if (filter.peer !== undefined && found.length === 0) {
      throw new RequestError(`peer ${filter.peer} not found`);
    }
    return found;
  }

  /** As `select`, unless that is too much for one answer. */
  private few(filter: { interface?: string; peer?: string }): Found[] {
    const found = this.select(filter);
    if (found.length <= MAX_UNPAGED_PEERS) return found;
    throw new RequestError(`${found.length} peers are too many for one answer: ask for pages`);
  }

  private one(peer: string, name: string | undefined): Found {
    const found = this.select(name === undefined ? { peer } : { peer, interface: name });
    if (found.length > 1) {
      const where = found.map(({ runtime }) => runtime.name).join(', ');
      throw new RequestError(`peer ${peer} exists on several interfaces (${where}); name one`);
    }
    return found[0];
  }
}

function raise(error: Error): never {
  throw error;
}

function matches(wanted: string | undefined, name: string): boolean {
  return wanted === undefined || wanted === name;
}

function noInterface(name: string): RequestError {
  return new RequestError(`interface ${name} not found`);
}

function formatMac(high: number, low: number): string {
  const hex = high.toString(16).padStart(4, '0') + low.toString(16).padStart(8, '0');
  return (hex.match(/../g) as string[]).join(':');
}
