/** The daemon as the control server sees it: every request ends here. */
import { hostname as systemHostname } from 'node:os';
import type {
  ControlEvent,
  MacEntry,
  Methods,
  PingParams,
  PingResult,
  WaitParams,
  WaitResult,
} from '../api.js';
import type { Config, InterfaceConfig } from '../config/model.js';
import type { Native } from '../native/binding.js';
import type { ConfigStore } from './config-store.js';
import { type Backend, RequestError } from './control/backend.js';
import type { Log } from './control/log.js';
import type { PeerEntry } from './interface/peers.js';
import { InterfaceRuntime } from './interface/runtime.js';
import { Ping } from './ping.js';
import { allCounters, dropCounters, interfaceStatus } from './show/interfaces.js';
import { linkStatus, peerStatus } from './show/links.js';
import { systemInfo, versionInfo } from './show/system.js';

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

type EventBody = ControlEvent extends infer E ? (E extends ControlEvent ? Omit<E, 'timeMs'> : never) : never;

export class Daemon implements Backend {
  private config: Config = { interfaces: [] };
  private readonly runtimes = new Map<string, InterfaceRuntime>();
  /** Why an enabled interface does not run. */
  private readonly faults = new Map<string, string>();
  private readonly listeners = new Set<(event: ControlEvent) => void>();

  constructor(private readonly options: DaemonOptions) {}

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
    this.publish({ kind: 'config', by: 'operator', what: 'written' });
    return { file: store.file };
  }

  /** All or nothing: on a failure every interface goes back to what it was. */
  async applyConfig(next: Config): Promise<void> {
    const before = this.config;
    try {
      await this.bring(before, next);
      this.config = next;
    } catch (error) {
      await this.bring(next, before).catch((second: Error) =>
        this.options.log.error({ err: second }, 'going back to the previous configuration failed'),
      );
      throw new RequestError((error as Error).message);
    }
    this.publish({ kind: 'config', by: 'operator', what: 'changed' });
  }

  private async bring(from: Config, to: Config): Promise<void> {
    const wanted = new Map(to.interfaces.filter((one) => one.enabled).map((one) => [one.name, one]));
    for (const name of [...this.runtimes.keys()]) {
      if (!wanted.has(name)) await this.stopInterface(name, 'administratively down');
    }
    for (const config of wanted.values()) {
      const previous = from.interfaces.find((one) => one.name === config.name);
      if (JSON.stringify(previous) === JSON.stringify(config) && this.runtimes.has(config.name)) continue;
      await this.bringInterface(config);
    }
  }

  private async bringInterface(config: InterfaceConfig): Promise<void> {
    const running = this.runtimes.get(config.name);
    if (running?.datapath.alive && !running.needsRestart(config)) {
      return running.reconfigure(config);
    }
    if (running !== undefined) await this.stopInterface(config.name, 'restarted with other settings');
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
    await Promise.all([...this.runtimes.keys()].map((name) => this.stopInterface(name, 'daemon stops')));
  }

  // --- events ---------------------------------------------------------------------------------------

  onEvent(listener: (event: ControlEvent) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private publish(body: EventBody): void {
    const event = { timeMs: Date.now(), ...body } as ControlEvent;
    for (const listener of this.listeners) listener(event);
  }

  private listen(runtime: InterfaceRuntime): void {
    const { log } = this.options;
    const name = runtime.name;
    runtime.on('link', (peer, link) => {
      const cause = link.cause?.replaceAll('-', ' ') ?? '';
      log.info(
        { interface: name, peer: peer.config.name, link: link.config.id, cause },
        `link ${link.state}`,
      );
      this.publish({
        kind: 'link',
        interface: name,
        peer: peer.config.name,
        link: link.config.id,
        state: link.state,
        cause,
      });
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
    return this.select(filter).map(({ runtime, peer }) => peerStatus(runtime, peer, now));
  }

  async links(filter: Methods['show.links']['params']) {
    const now = this.options.native.now();
    return this.select(filter).flatMap(({ runtime, peer }) =>
      [...peer.links.values()]
        .sort((a, b) => a.config.id - b.config.id)
        .map((link) => linkStatus(runtime, peer, link, now)),
    );
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
    return this.runtimesOf(filter.interface).flatMap((runtime) => allCounters(runtime, filter.peer));
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

  async clearPeer(which: Methods['clear.peer']['params']): Promise<void> {
    const { runtime, peer } = this.one(which.peer, which.interface);
    if (!peer.admitted) throw new RequestError(`peer ${which.peer} is shut down or has no public key`);
    runtime.handshakes.restart(peer.row);
  }

  async ping(what: PingParams, signal: AbortSignal): Promise<PingResult> {
    const { runtime, peer } = this.one(what.peer, what.interface);
    if (what.link !== undefined && !peer.links.has(what.link)) {
      throw new RequestError(`peer ${what.peer} has no link ${what.link}`);
    }
    return new Ping(runtime, peer, what).run(signal);
  }

  async wait(what: WaitParams, signal: AbortSignal): Promise<WaitResult> {
    const started = performance.now();
    const { runtime, peer } = this.one(what.peer, what.interface);
    if (what.link !== undefined && !peer.links.has(what.link)) {
      throw new RequestError(`peer ${what.peer} has no link ${what.link}`);
    }
    const state = (): string => {
      if (what.link === undefined) return peer.up ? 'up' : 'down';
      return peer.links.get(what.link)?.state ?? 'gone';
    };
    const reached = (): boolean => (what.state === 'up' ? state() === 'up' : state() !== 'up');
    await new Promise<void>((resolve, reject) => {
      if (reached()) return resolve();
      const finish = (error?: Error): void => {
        clearTimeout(timer);
        runtime.off('link', check);
        runtime.off('peer', check);
        signal.removeEventListener('abort', aborted);
        if (error === undefined) resolve();
        else reject(error);
      };
      const check = (): void => {
        if (reached()) finish();
      };
      const aborted = (): void => finish(new RequestError('interrupted'));
      const target = what.link === undefined ? `peer ${what.peer}` : `link ${what.link} of peer ${what.peer}`;
      const timer = setTimeout(
        () => finish(new RequestError(`timeout: ${target} is ${state()} after ${what.timeoutS} s`)),
        what.timeoutS * 1000,
      );
      runtime.on('link', check);
      runtime.on('peer', check);
      signal.addEventListener('abort', aborted);
    });
    return { state: state(), waitedMs: Math.round(performance.now() - started) };
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

  private one(peer: string, name: string | undefined): Found {
    const found = this.select(name === undefined ? { peer } : { peer, interface: name });
    if (found.length > 1) {
      const where = found.map(({ runtime }) => runtime.name).join(', ');
      throw new RequestError(`peer ${peer} exists on several interfaces (${where}); name one`);
    }
    return found[0];
  }
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
