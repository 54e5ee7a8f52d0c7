/** How much passes by each interface, over the last seconds and the last minutes: seen by looking at the counters once a second. */
import type { InterfaceRate } from '../../api/interfaces.js';
import { INTERFACE } from '../../contract/stats.js';
import type { InterfaceRuntime } from '../interfaces/runtime.js';

/** As the status counts: rx comes from the peers and leaves by the TAP. */
const COUNTED = {
  rxFramesPerSecond: INTERFACE.tapTxFrames,
  rxBytesPerSecond: INTERFACE.tapTxBytes,
  txFramesPerSecond: INTERFACE.tapRxFrames,
  txBytesPerSecond: INTERFACE.tapRxBytes,
} as const;
const FIELDS = Object.values(COUNTED);
/** The times that rates are given of. */
const SPANS = [5, 300] as const;
const KEPT_SECONDS = SPANS[1];

interface Look {
  second: number;
  /** What has passed since the first look. */
  totals: number[];
}

interface Watched {
  /** Oldest first, one a second. */
  looks: Look[];
  /** The counters at the last look. */
  counters: number[];
}

export class InterfaceRates {
  private watched = new Map<string, Watched>();

  /** Looks at the counters of all interfaces; forgets those that are gone. `second` must not go back. */
  look(runtimes: Iterable<InterfaceRuntime>, second: number): void {
    const next = new Map<string, Watched>();
    for (const runtime of runtimes) next.set(runtime.name, this.looked(runtime, second));
    this.watched = next;
  }

  private looked({ name, datapath }: InterfaceRuntime, second: number): Watched {
    const counters = FIELDS.map((field) => datapath.stats.interface[field]);
    const before = this.watched.get(name);
    if (before === undefined) return { looks: [{ second, totals: FIELDS.map(() => 0) }], counters };
    const { looks } = before;
    const last = looks[looks.length - 1];
    // A counter that went back was cleared: it has started from zero.
    const totals = last.totals.map((total, index) => {
      const grown = counters[index] - before.counters[index];
      return total + (grown < 0 ? counters[index] : grown);
    });
    looks.push({ second, totals });
    while (looks[0].second < second - KEPT_SECONDS) looks.shift();
    return { looks, counters };
  }

  /** Rates over five seconds and five minutes, or as much of it as there was; none before two looks. */
  of(name: string): InterfaceRate[] {
    const looks = this.watched.get(name)?.looks ?? [];
    if (looks.length < 2) return [];
    const last = looks[looks.length - 1];
    return SPANS.map((span) => {
      const first = looks.find(({ second }) => second >= last.second - span) as Look;
      const seconds = last.second - first.second;
      const rates = Object.keys(COUNTED).map((field, index) => [
        field,
        seconds === 0 ? 0 : Math.round((last.totals[index] - first.totals[index]) / seconds),
      ]);
      return { seconds: span, ...Object.fromEntries(rates) } as InterfaceRate;
    });
  }
}
