import {
  type ControlEvent,
  type Counter,
  type DrainResult,
  type DropCounter,
  ERROR,
  type EventFilter,
  type FlowsExplained,
  type InterfaceStatus,
  type LinkHistory,
  type LinkHistoryParams,
  type LinkStatus,
  type MacEntry,
  type Methods,
  type MetricFamily,
  type Page,
  type PageParams,
  type PeerExplained,
  type PeerMtu,
  type PeerStatus,
  type PingParams,
  type PingResult,
  type Problem,
  type StartupConfig,
  type SystemInfo,
  type VersionInfo,
  type WaitParams,
  type WaitResult,
} from '../../api/index.js';
import type { Config } from '../../config/model.js';
import { withoutSecrets } from '../../config/secrets.js';
import type { EventBody } from './event-log.js';

/** A request that was understood and cannot be done; its message is shown to the user as it stands. */
export class RequestError extends Error {
  constructor(
    message: string,
    /** One of `ERROR` in `src/api.ts`; absent: `ERROR.FAILED`. */
    readonly code: number = ERROR.FAILED,
  ) {
    super(message);
  }
}

/** A text that cannot be taken, with everything that is wrong with it. */
export class ProblemsError extends RequestError {
  readonly problems: Problem[];

  /** Lines are quoted without secrets: whoever may read asks for the startup file, too. */
  constructor(code: typeof ERROR.SYNTAX | typeof ERROR.BAD_CONFIG, problems: readonly Problem[]) {
    super(withoutSecrets(problems[0].message), code);
    this.problems = problems.map((problem) => ({
      ...problem,
      text: withoutSecrets(problem.text),
      message: withoutSecrets(problem.message),
    }));
  }
}

/**
 * What the control server asks of the daemon. Methods throw `RequestError` for what the user can understand;
 * anything else that is thrown is logged and answered as an internal error.
 *
 * Names have been checked for their form, not for existence.
 */
export interface Backend {
  hostname(): string;
  version(): Promise<VersionInfo>;
  interfaces(filter: Methods['show.interfaces']['params']): Promise<InterfaceStatus[]>;
  peers(filter: { interface?: string; peer?: string }): Promise<PeerStatus[]>;
  peersPage(page: PageParams): Promise<Page<PeerStatus>>;
  links(filter: Methods['show.links']['params']): Promise<LinkStatus[]>;
  linksPage(page: PageParams): Promise<Page<LinkStatus>>;
  mtus(filter: Methods['show.mtu']['params']): Promise<PeerMtu[]>;
  linkHistory(which: LinkHistoryParams): Promise<LinkHistory[]>;
  metrics(): MetricFamily[];
  macTable(filter: Methods['show.macTable']['params']): Promise<MacEntry[]>;
  counters(filter: Methods['show.counters']['params']): Promise<Counter[]>;
  countersPage(page: PageParams): Promise<Page<Counter>>;
  drops(filter: Methods['show.drops']['params']): Promise<DropCounter[]>;
  system(): Promise<SystemInfo>;

  /** The configuration that runs. Not to be changed by the caller. */
  runningConfig(): Config;
  startupConfig(): Promise<StartupConfig>;
  /**
   * Makes `next` the running configuration, all or nothing: when the system refuses a part of it, what ran
   * before runs again and a `RequestError` says why. `next` has been parsed and validated. Calls never overlap.
   */
  applyConfig(next: Config): Promise<void>;
  /** Saves the text of the running configuration as startup configuration. Returns where. */
  writeConfig(text: string): Promise<{ file: string }>;

  clearCounters(filter: Methods['clear.counters']['params']): Promise<void>;
  clearPeer(which: Methods['clear.peer']['params']): Promise<void>;
  /** Rejects when the link is not empty in time, or when the peer has no other that is up. */
  drainLink(which: Methods['drain.link']['params'], signal: AbortSignal): Promise<DrainResult>;
  undrainLink(which: Methods['undrain.link']['params']): Promise<DrainResult>;
  explainPeer(which: Methods['explain.peer']['params']): Promise<PeerExplained>;
  explainFlows(which: Methods['explain.flows']['params']): Promise<FlowsExplained>;
  /** Ends early, by rejection, when `signal` aborts (the client has gone, or cancels). */
  wait(what: WaitParams, signal: AbortSignal): Promise<WaitResult>;
  ping(what: PingParams, signal: AbortSignal): Promise<PingResult>;

  /** Events that have passed, oldest first. */
  recentEvents(filter: EventFilter): ControlEvent[];
  /** Calls `listener` for each event until the returned function is called. */
  onEvent(listener: (event: ControlEvent) => void): () => void;
  /** Tells all listeners. */
  publish(event: EventBody): void;
}
