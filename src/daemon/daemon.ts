/** The life of the daemon: starts, changes and stops the interfaces of its configuration. */
import { hostname as systemHostname } from 'node:os';
import { isDeepStrictEqual } from 'node:util';
import type { Config, InterfaceConfig } from '../api/config.js';
import { metricsText } from '../api/metrics-text.js';
import { DEFAULTS } from '../config/defaults.js';
import type { Native } from '../native/binding.js';
import { INTERFACE_CAUSE } from './base/causes.js';
import { EventLog } from './base/event-log.js';
import type { HttpPlace, Place } from './base/http-place.js';
import type { Logging } from './base/logging.js';
import { refusal } from './base/refusal.js';
import type { ConfigurationHost } from './commits/transactions.js';
import { checkInterface, systemFacts } from './interfaces/check.js';
import { KeptStations } from './interfaces/kept-stations.js';
import { expiringCertificate } from './interfaces/own-certificate.js';
import { InterfaceRuntime } from './interfaces/runtime.js';
import type { TapStore } from './interfaces/tap-store.js';
import { Invitations } from './joining/invitations.js';
import { EventHandler } from './observe/event-handler.js';
import { Expiries } from './observe/expiries.js';
import { Histories } from './observe/link-histories.js';
import { collectMetrics } from './observe/metric-families.js';
import { metricsEndpoint } from './observe/metrics-endpoint.js';
import { reportFrom } from './observe/report.js';
import { Revivals } from './revivals.js';

interface DaemonOptions {
  native: Native;
  log: Logging;
  stateFolder: string;
  /** The web page. */
  web: { serveAt(place: Place | null): Promise<void>; close(): void };
  /** TAP devices from before, and for the next daemon. */
  taps: TapStore;
  /** Hears why the daemon is of no more use: a worker that dies again and again. */
  hopeless: (reason: string) => void;
}

export class Daemon implements ConfigurationHost {
  readonly events = new EventLog();
  readonly eventHandler: EventHandler;
  readonly histories: Histories;
  readonly invitations: Invitations;
  readonly expiries: Expiries;
  private config: Config = { interfaces: [] };
  private readonly running = new Map<string, InterfaceRuntime>();
  private readonly failures = new Map<string, string>();
  private readonly metrics: HttpPlace;
  private readonly revivals = new Revivals();
  private readonly stations: KeptStations;
  private readonly timers = new Set<NodeJS.Timeout>();
  /** Settles when the last change of what runs has ended: they never overlap. */
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: DaemonOptions) {
    const histories = new Histories(
      () => options.native.now(),
      () => this.running.values(),
      () => this.config.historyLinks ?? DEFAULTS.historyLinks,
    );
    this.histories = histories;
    this.stations = new KeptStations(options.stateFolder, () => options.native.now(), options.log);
    this.invitations = new Invitations({
      stateFolder: options.stateFolder,
      hostname: () => this.hostname(),
      runtimes: this.running,
      told: (told, what, member) => {
        const place = { interface: told.interface, name: told.name, member };
        options.log.info(place, `invitation ${what}`);
        this.events.publish({ kind: 'invitation', ...place, what });
      },
    });
    this.expiries = new Expiries({
      sources: [
        () => this.invitations.expiring(),
        () => this.config.interfaces.flatMap((config) => [...expiringCertificate(config)]),
      ],
      nowMs: () => Date.now(),
      tell: ({ kind: what, ...rest }) => {
        options.log.warn({ what, ...rest }, rest.state === 'expired' ? 'expired' : 'will expire');
        this.events.publish({ kind: 'expiry', what, ...rest });
      },
    });
    this.metrics = metricsEndpoint(() =>
      metricsText(collectMetrics({ runtimes: this.running.values(), histories, expiries: this.expiries }))
        .map((line) => `${line}\n`)
        .join(''),
    );
    this.eventHandler = new EventHandler(this.events, options.log);
    histories.start();
  }

  /** The interfaces that run, by name. */
  get runtimes(): ReadonlyMap<string, InterfaceRuntime> {
    return this.running;
  }

  /** Why an enabled interface does not run, by its name. */
  get faults(): ReadonlyMap<string, string> {
    return this.failures;
  }

  hostname(): string {
    return this.config.hostname ?? systemHostname();
  }

  runningConfig(): Config {
    return this.config;
  }

  applyConfig(next: Config): Promise<void> {
    return this.inTurn(async () => {
      const before = this.config;
      try {
        await this.bring(before, next);
        this.config = next;
        this.options.log.follow(next, this.hostname());
        this.eventHandler.follow(next.eventHandler ?? null);
      } catch (error) {
        await this.goBack(next, before);
        throw refusal(error as Error, this.options.log);
      }
    });
  }

  checkConfig(next: Config): void {
    const { native, stateFolder } = this.options;
    const facts = systemFacts(native);
    const kept = new Set(next.interfaces.filter(({ enabled }) => enabled).map(({ name }) => name));
    const freed = [...this.running.values()].filter(({ name }) => !kept.has(name)).flatMap(portsOf);
    for (const config of next.interfaces) {
      const running = this.running.get(config.name);
      if (!config.enabled || isDeepStrictEqual(config, running?.config)) continue;
      const system = { ...facts, free: new Set([...freed, ...(running ? portsOf(running) : [])]) };
      try {
        checkInterface(config, stateFolder, running !== undefined, system);
      } catch (error) {
        throw refusal(error as Error, this.options.log);
      }
    }
  }

  /** Stops every interface: says goodbye to the peers and removes the TAPs. */
  async stop(): Promise<void> {
    this.histories.stop();
    this.expiries.stop();
    this.eventHandler.close();
    this.metrics.close();
    this.options.web.close();
    for (const timer of this.timers) clearTimeout(timer);
    await this.inTurn(() =>
      Promise.all([...this.running.keys()].map((name) => this.stopInterface(name, INTERFACE_CAUSE.stopped))),
    );
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.last.then(work);
    this.last = result.catch(() => undefined);
    return result;
  }

  /** What cannot run again is reported as down; everything else runs again. */
  private async goBack(from: Config, to: Config): Promise<void> {
    const refused = (name: string | null) => (err: Error) => {
      this.options.log.error({ err, interface: name }, 'going back to the previous configuration failed');
      if (name !== null) this.failures.set(name, err.message);
    };
    await this.bring(from, to, refused);
  }

  /** With `refused`, each part that fails is reported and the others go on; without it, the first failure is thrown. */
  private async bring(
    from: Config,
    to: Config,
    refused: (name: string | null) => (err: Error) => void = () => raise,
  ): Promise<void> {
    await this.metrics.serveAt(to.metrics ?? null).catch(refused(null));
    await this.options.web.serveAt(to.web ?? null).catch(refused(null));
    const wanted = new Map(to.interfaces.filter((one) => one.enabled).map((one) => [one.name, one]));
    for (const name of [...this.running.keys()]) {
      if (wanted.has(name)) continue;
      const stays = to.interfaces.some((one) => one.name === name);
      await this.stopInterface(name, stays ? INTERFACE_CAUSE.shutdown : INTERFACE_CAUSE.removed);
    }
    for (const config of wanted.values()) {
      const previous = from.interfaces.find((one) => one.name === config.name);
      const running = this.running.get(config.name);
      if (running !== undefined && isDeepStrictEqual(previous, config)) {
        running.rereadKeys();
        continue;
      }
      await this.bringInterface(config).catch(refused(config.name));
    }
  }

  private async bringInterface(config: InterfaceConfig): Promise<void> {
    const { native, log, stateFolder, taps } = this.options;
    const { name } = config;
    const running = this.running.get(name);
    if (running?.datapath.alive) {
      const queues = running.tap.fds.length;
      await running.reconfigure(config);
      if (running.tap.fds.length !== queues) taps.keep(name, running.tap.fds);
      return;
    }
    this.running.delete(name);
    const left = (await running?.leaveTap()) ?? taps.adopt(config);
    const runtime = await InterfaceRuntime.start(native, config, stateFolder, left);
    this.running.set(name, runtime);
    taps.keep(name, runtime.tap.fds);
    this.failures.delete(name);
    runtime.on('fault', () => this.died(name, 'the datapath worker died; see the log'));
    reportFrom(runtime, this.events, log);
    this.invitations.serve(runtime);
    this.stations.recall(runtime);
    await runtime.admitClients();
    this.events.publish({
      kind: 'interface',
      interface: name,
      state: 'up',
      cause: INTERFACE_CAUSE.configured,
    });
  }

  /** What moves the frames of an interface is gone, or could not be started again. */
  private died(name: string, why: string): void {
    this.failures.set(name, why);
    const delayMs = this.revivals.died(name, performance.now());
    if (delayMs === null) return this.options.hopeless(`interface ${name} cannot be kept running: ${why}`);
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      void this.inTurn(() => this.revive(name));
    }, delayMs);
    this.timers.add(timer);
  }

  private async revive(name: string): Promise<void> {
    const config = this.config.interfaces.find((one) => one.name === name);
    if (!config?.enabled || this.running.get(name)?.datapath.alive) return;
    await this.bringInterface(config).catch((err: Error) => {
      this.options.log.error({ err, interface: name }, 'the interface cannot be started again');
      this.died(name, err.message);
    });
  }

  private async stopInterface(name: string, cause: string): Promise<void> {
    const runtime = this.running.get(name);
    if (runtime === undefined) return;
    this.running.delete(name);
    if (cause === INTERFACE_CAUSE.stopped) await this.stations.keep(runtime);
    else this.options.taps.forget(name);
    await runtime.stop();
    this.events.publish({ kind: 'interface', interface: name, state: 'down', cause });
  }
}

function portsOf({ sockets }: InterfaceRuntime): string[] {
  return sockets.all().map(({ family, port }) => `${family}/${port}`);
}

function raise(error: Error): never {
  throw error;
}
