/** What the service manager hears while the daemon runs: one line of status, and that the datapath moves. */
import type { ServiceManager } from './base/service-manager.js';
import type { InterfaceRuntime } from './interfaces/runtime.js';

/** How often the status is brought up to date where nothing is watched, in milliseconds. */
const STATUS_MS = 5_000;

export class Service {
  private timer: NodeJS.Timeout | undefined;
  private said = '';
  /** What each worker had done when it was last looked at and woken. */
  private readonly beats = new WeakMap<object, number>();

  constructor(
    private readonly manager: ServiceManager,
    private readonly runtimes: () => Iterable<InterfaceRuntime>,
  ) {}

  /** The configuration runs. */
  ready(): void {
    this.said = this.status();
    this.manager.tell(['READY=1', `STATUS=${this.said}`]);
    if (!this.manager.isThere || this.timer !== undefined) return;
    const { watchdogMs } = this.manager;
    this.timer = setInterval(() => this.tick(), watchdogMs === null ? STATUS_MS : watchdogMs / 3);
    this.timer.unref();
  }

  reloading(): void {
    this.manager.tell(['RELOADING=1', `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`]);
  }

  stopping(): void {
    clearInterval(this.timer);
    this.manager.tell(['STOPPING=1', 'STATUS=telling the peers']);
  }

  private tick(): void {
    const status = this.status();
    const news = status === this.said ? [] : [`STATUS=${status}`];
    this.said = status;
    const signs = this.allMove() && this.manager.watchdogMs !== null ? ['WATCHDOG=1'] : [];
    if (news.length + signs.length > 0) this.manager.tell([...signs, ...news]);
  }

  /**
   * Whether every worker has turned since it was last woken. An idle one sleeps, so each is woken to see. One that has
   * ended is started again or ends the daemon: that is not the watchdog's business.
   */
  private allMove(): boolean {
    let all = true;
    for (const { datapath } of this.runtimes()) {
      if (!datapath.alive) continue;
      const { beat } = datapath;
      if (this.beats.get(datapath) === beat) all = false;
      this.beats.set(datapath, beat);
      datapath.nudge();
    }
    return all;
  }

  private status(): string {
    let [interfaces, peers, peersUp] = [0, 0, 0];
    for (const runtime of this.runtimes()) {
      interfaces++;
      for (const peer of runtime.peers.values()) {
        peers++;
        if (peer.up) peersUp++;
      }
    }
    return `${interfaces === 1 ? '1 interface' : `${interfaces} interfaces`}, ${peersUp} of ${peers} peers up`;
  }
}
