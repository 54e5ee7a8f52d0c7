/**
 * The histories of links, and of what was dropped, fed from the shared counters once a second. Only a limited number of links have one, so that
 * a server with many clients pays nothing for the rest. They are kept by name: a link that was removed and comes back,
 * or whose interface was restarted, continues its history.
 */
import { ALIVE_STATES } from '../../api/link-states.js';
import type { InterfaceRuntime } from '../interfaces/runtime.js';
import { DropWatch } from './drop-watch.js';
import { InterfaceRates } from './interface-rates.js';
import { LinkHistory } from './link-history.js';
import { LinkSampler } from './link-sampler.js';

const SECOND_MS = 1000;
/** A shorter sample would show bursts rather than rates. */
const SHORTEST_MS = 100;

interface Observed {
  history: LinkHistory;
  sampler: LinkSampler;
  /** The second of the last sample. */
  second: number;
}

export class Histories {
  /** What was dropped lately. */
  readonly drops = new DropWatch();
  /** How much passed by interfaces lately. */
  readonly rates = new InterfaceRates();
  private readonly observed = new Map<string, Observed>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    /** Microseconds since boot. */
    private readonly now: () => number,
    private readonly runtimes: () => Iterable<InterfaceRuntime>,
    /** How many links have a history. */
    private readonly limit: () => number,
  ) {}

  start(): void {
    // In the middle of each second of the clock, so that a late timer does not skip one; an early timer must not hit the
    // same middle twice.
    const untilMiddle = SECOND_MS - ((this.now() / 1000 + SECOND_MS / 2) % SECOND_MS);
    const wait = untilMiddle < SHORTEST_MS ? untilMiddle + SECOND_MS : untilMiddle;
    this.timer = setTimeout(() => {
      this.sample();
      this.start();
    }, wait);
    this.timer.unref();
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  get currentSecond(): number {
    return Math.floor(this.now() / 1e6);
  }

  /** How many links have a history, those that are gone included. */
  get size(): number {
    return this.observed.size;
  }

  /** The history of a link; undefined when it has none (yet). */
  of(interfaceName: string, peer: string, link: number): LinkHistory | undefined {
    return this.observed.get(nameOf(interfaceName, peer, link))?.history;
  }

  /** Samples the counters of all links that have a history. */
  sample(): void {
    const now = this.now();
    const second = Math.floor(now / 1e6);
    let room = this.limit();
    for (const runtime of this.runtimes()) this.drops.look(runtime, second);
    this.rates.look(this.runtimes(), second);
    for (const runtime of this.runtimes()) {
      for (const peer of runtime.peers.values()) {
        for (const link of peer.links.values()) {
          if (room-- <= 0) return this.makeRoom(second);
          const found = this.find(nameOf(runtime.name, peer.config.name, link.config.id));
          const { links } = runtime.datapath.stats;
          const sample = found.sampler.take(links, link.row, ALIVE_STATES.has(link.state), now);
          if (sample !== null) found.history.add(second, sample);
          found.second = second;
        }
      }
    }
    this.makeRoom(second);
  }

  private find(name: string): Observed {
    let found = this.observed.get(name);
    if (found === undefined) {
      found = { history: new LinkHistory(), sampler: new LinkSampler(), second: 0 };
      this.observed.set(name, found);
    }
    return found;
  }

  /** Forgets links that are gone when their places are needed. */
  private makeRoom(second: number): void {
    for (const [name, found] of this.observed) {
      if (this.observed.size <= this.limit()) return;
      if (found.second !== second) this.observed.delete(name);
    }
  }
}

function nameOf(interfaceName: string, peer: string, link: number): string {
  return `${interfaceName}\n${peer}\n${link}`;
}
