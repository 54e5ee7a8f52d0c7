/** The life of the daemon: starts, changes and stops the interfaces of its configuration. */
import { hostname as systemHostname } from 'node:os';
import { isDeepStrictEqual } from 'node:util';
import type { Config, InterfaceConfig } from '../api/config.js';
import { metricsText } from '../api/metrics-text.js';
import { DEFAULTS } from '../config/defaults.js';
import type { Native } from '../native/binding.js';
import { INTERFACE_CAUSE } from './base/causes.js';
import { EventLog } from './base/event-log.js';
import type { Log } from './base/log.js';
import { RequestError } from './base/request-errors.js';
import type { ConfigurationHost } from './commits/transactions.js';
import { checkInterface, systemFacts } from './interfaces/check.js';
import { checkKeyFiles } from './interfaces/interface-keys.js';
import { InterfaceRuntime } from './interfaces/runtime.js';
import { Histories } from './observe/link-histories.js';
import { collectMetrics } from './observe/metric-families.js';
import { MetricsEndpoint } from './observe/metrics-endpoint.js';
import { reportFrom } from './observe/report.js';

interface DaemonOptions {
  native: Native;
  log: Log;
  stateFolder: string;
}

export class Daemon implements ConfigurationHost {
  readonly events = new EventLog();
  readonly histories: Histories;
  private config: Config = { interfaces: [] };
  private readonly running = new Map<string, InterfaceRuntime>();
  private readonly failures = new Map<string, string>();
  private readonly metricsEndpoint: MetricsEndpoint;

  constructor(private readonly options: DaemonOptions) {
    const histories = new Histories(
      () => options.native.now(),
      () => this.running.values(),
      () => this.config.historyLinks ?? DEFAULTS.historyLinks,
    );
    this.histories = histories;
    this.metricsEndpoint = new MetricsEndpoint(() =>
      metricsText(collectMetrics({ runtimes: this.running.values(), histories }))
        .map((line) => `${line}\n`)
        .join(''),
    );
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

  async applyConfig(next: Config): Promise<void> {
    const before = this.config;
    try {
      await this.bring(before, next);
      this.config = next;
    } catch (error) {
      await this.goBack(next, before);
      throw new RequestError((error as Error).message);
    }
  }

  checkConfig(next: Config): void {
    const { native, stateFolder } = this.options;
    const facts = systemFacts(native);
    for (const config of next.interfaces) {
      if (!config.enabled) continue;
      if (isDeepStrictEqual(config, this.running.get(config.name)?.config)) continue;
      const sockets = this.running.get(config.name)?.sockets.all();
      const own = sockets && new Set(sockets.map(({ family, port }) => `${family}/${port}`));
      try {
        checkInterface(config, stateFolder, own ?? null, facts);
      } catch (error) {
        throw new RequestError((error as Error).message);
      }
    }
  }

  /** Stops every interface: says goodbye to the peers and removes the TAPs. */
  async stop(): Promise<void> {
    this.histories.stop();
    this.metricsEndpoint.close();
    await Promise.all(
      [...this.running.keys()].map((name) => this.stopInterface(name, INTERFACE_CAUSE.stopped)),
    );
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
    await this.metricsEndpoint.serveAt(to.metrics ?? null).catch(refused(null));
    const wanted = new Map(to.interfaces.filter((one) => one.enabled).map((one) => [one.name, one]));
    for (const name of [...this.running.keys()]) {
      if (wanted.has(name)) continue;
      const stays = to.interfaces.some((one) => one.name === name);
      await this.stopInterface(name, stays ? INTERFACE_CAUSE.shutdown : INTERFACE_CAUSE.removed);
    }
    for (const config of wanted.values()) {
      const previous = from.interfaces.find((one) => one.name === config.name);
      if (isDeepStrictEqual(previous, config) && this.running.has(config.name)) continue;
      await this.bringInterface(config).catch(refused(config.name));
    }
  }

  private async bringInterface(config: InterfaceConfig): Promise<void> {
    const { native, log, stateFolder } = this.options;
    const { name } = config;
    const running = this.running.get(name);
    if (running?.datapath.alive && !running.needsRestart(config)) return running.reconfigure(config);
    if (running !== undefined) {
      // A running interface is not stopped for one that cannot start.
      checkKeyFiles(config, stateFolder);
      await this.stopInterface(name, INTERFACE_CAUSE.restarted);
    }
    const runtime = await InterfaceRuntime.start(native, config, stateFolder);
    this.running.set(name, runtime);
    this.failures.delete(name);
    runtime.on('fault', () => this.failures.set(name, 'the datapath worker died; see the log'));
    reportFrom(runtime, this.events, log);
    this.events.publish({
      kind: 'interface',
      interface: name,
      state: 'up',
      cause: INTERFACE_CAUSE.configured,
    });
  }

  private async stopInterface(name: string, cause: string): Promise<void> {
    const runtime = this.running.get(name);
    if (runtime === undefined) return;
    this.running.delete(name);
    await runtime.stop();
    this.events.publish({ kind: 'interface', interface: name, state: 'down', cause });
  }
}

function raise(error: Error): never {
  throw error;
}
