/** Two hosts in namespaces, joined by links that can die, and the events of both daemons. */

import type { Policy } from '../../src/api/config.js';
import type { ControlEvent, LinkState } from '../../src/api/index.js';
import type { ControlConnection } from '../lab/control.js';
import type { Place } from '../lab/deaths.js';
import { Lab } from '../lab/lab.js';
import { Mesh, PORT } from '../lab/mesh.js';
import { until } from '../lab/run.js';
import { SLOW_WIRE_PORT, SlowWire, slowWireAddress } from '../lab/slow-wire.js';

export const NEAR = 1;
export const FAR = 2;
/** The link that has a slow wire in it. */
const SLOW_LINK = 0;
const WAIT_SECONDS = 20;

export interface Timers {
  /** Milliseconds. */
  interval: number;
  hold: number;
}

export interface BedOptions {
  links: number;
  timers: Timers;
  /** There is a slow wire in link 0, which traffic prefers. */
  slow: boolean;
}

/** A link's change of state, as a daemon reported it. */
export interface LinkEvent {
  link: number;
  state: LinkState;
  cause: string;
  /** Milliseconds since the epoch, by the daemon. */
  timeMs: number;
}

/** How late a worker was, at worst, since its counters were cleared. */
export interface Lateness {
  scheduling: 'realtime' | 'normal';
  /** Null when it was never late. */
  maxMs: number | null;
}

/** One of the two hosts. */
export class End {
  readonly events: LinkEvent[] = [];
  private readonly waiting = new Set<() => void>();

  private constructor(
    readonly name: string,
    readonly peer: string,
    readonly control: ControlConnection,
  ) {}

  static async listen(name: string, peer: string, control: ControlConnection): Promise<End> {
    const end = new End(name, peer, control);
    await control.listen((event) => end.hear(event));
    return end;
  }

  /** The first time from `sinceMs` on that a link was not up; null when that does not come within `patienceMs`. */
  async left(link: number, sinceMs: number, patienceMs: number): Promise<LinkEvent | null> {
    const find = () =>
      this.events.find(
        (event) => event.link === link && event.state !== 'up' && event.timeMs >= Math.floor(sinceMs),
      );
    const end = performance.now() + patienceMs;
    for (let left = patienceMs; left > 0 && find() === undefined; left = end - performance.now()) {
      await this.nextEvent(left);
    }
    return find() ?? null;
  }

  async linkUp(link: number): Promise<void> {
    await this.control.call('wait', { peer: this.peer, link, state: 'up', timeoutS: WAIT_SECONDS });
  }

  async lateness(): Promise<Lateness> {
    const [worker] = (await this.control.call('show.system', {})).workers;
    const { scheduling, latenessMaxUs } = worker;
    return { scheduling, maxMs: latenessMaxUs === null ? null : latenessMaxUs / 1000 };
  }

  /** Datagrams resent since counters were cleared. */
  async resent(): Promise<number> {
    const counters = await this.control.call('show.counters', {});
    return counters.reduce((sum, { name, value }) => (name === 'resentDatagrams' ? sum + value : sum), 0);
  }

  private hear(event: ControlEvent): void {
    if (event.kind !== 'link') return;
    const { link, state, cause, timeMs } = event;
    this.events.push({ link, state, cause, timeMs });
    for (const wake of this.waiting) wake();
  }

  private nextEvent(patienceMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, patienceMs);
      this.waiting.add(done);
    });
  }
}

export class Bed {
  private constructor(
    readonly lab: Lab,
    readonly options: BedOptions,
    readonly ends: [End, End],
    private readonly slowWire: SlowWire | undefined,
  ) {}

  /** Builds everything and waits until every link is up. */
  static async build(options: BedOptions): Promise<Bed> {
    const underlays = Array.from(
      { length: options.links },
      (_, link) => ({ family: link % 2 === 0 ? 4 : 6 }) as const,
    );
    const lab = await Lab.build({ hosts: 2, underlays });
    try {
      const slowWire = options.slow ? await SlowWire.start(lab, SLOW_LINK + 1, [NEAR, FAR], PORT) : undefined;
      const wire = { address: slowWireAddress(lab, SLOW_LINK + 1), port: SLOW_WIRE_PORT };
      const mesh = await Mesh.start(lab, {
        timers: options.timers,
        samePriority: !options.slow,
        ...(options.slow && { remotes: new Map([[SLOW_LINK, wire]]) }),
      });
      await mesh.waitUp(true);
      const ends: [End, End] = [
        await End.listen('h1', 'h2', await mesh.control(NEAR)),
        await End.listen('h2', 'h1', await mesh.control(FAR)),
      ];
      return new Bed(lab, options, ends, slowWire);
    } catch (error) {
      await lab.remove();
      throw error;
    }
  }

  async remove(): Promise<void> {
    for (const end of this.ends) end.control.close();
    await this.lab.remove();
  }

  /** From now on both ends use a policy. */
  async setPolicy(policy: Policy): Promise<void> {
    for (const { control } of this.ends) {
      await control.call('config.apply', {
        context: ['interface octo0'],
        lines: [`policy ${policy}`],
        mode: 'merge',
        checkOnly: false,
      });
    }
  }

  async allUp(): Promise<void> {
    for (const end of this.ends) {
      for (let link = 0; link < this.options.links; link++) await end.linkUp(link);
    }
  }

  /** The place of the link that carries the near end's traffic; the first if there are several. */
  async placeInUse(): Promise<Place> {
    return {
      lab: this.lab,
      link: this.options.slow ? SLOW_LINK : await this.linkInUse(),
      near: NEAR,
      far: FAR,
      holdMs: this.options.timers.hold,
      ...(this.slowWire && { slowWire: this.slowWire }),
    };
  }

  /** The first if there are several. Right after a change the daemon may not know one yet. */
  private async linkInUse(): Promise<number> {
    const [{ control, peer }] = this.ends;
    let links: number[] = [];
    await until(
      'a link to be in use',
      async () => {
        links = (await control.call('show.peer', { peer })).activeLinks;
        return links.length > 0;
      },
      WAIT_SECONDS * 1000,
    );
    return links[0];
  }

  async clearCounters(): Promise<void> {
    for (const { control } of this.ends) await control.call('clear.counters', {});
  }
}
