/** When each reason to drop last counted, and how fast it does: seen by looking at the counters once a second. */
import { DROP } from '../../contract/drops.js';
import type { InterfaceRuntime } from '../interfaces/runtime.js';

/** Rates are means of this time. */
const RATE_SECONDS = 10;

interface Look {
  second: number;
  counts: number[];
}

interface Watched {
  /** Oldest first, one a second. */
  looks: Look[];
  /** By reason: the second in which it last counted. */
  lastSecond: Map<number, number>;
}

export class DropWatch {
  private readonly watched = new Map<string, Watched>();

  /** Looks at the counters of an interface; `second` must not go back. */
  look(runtime: InterfaceRuntime, second: number): void {
    const found = this.watched.get(runtime.name) ?? { looks: [], lastSecond: new Map<number, number>() };
    this.watched.set(runtime.name, found);
    const { looks, lastSecond } = found;
    const counts = dropCounts(runtime);
    const before = looks.at(-1)?.counts;
    counts.forEach((count, index) => {
      if (count !== (before?.[index] ?? 0) && count > 0) lastSecond.set(index, second);
    });
    looks.push({ second, counts });
    while (looks[0].second < second - RATE_SECONDS) looks.shift();
  }

  /**
   * The second in which a reason, by its place in `dropCounts`, last counted; null if never while it was watched. `count`
   * and `second` are those of now: what counted since the last look counted now.
   */
  lastSecond(name: string, index: number, count: number, second: number): number | null {
    const found = this.watched.get(name);
    if (found === undefined || count !== (found.looks.at(-1)?.counts[index] ?? 0)) return second;
    return found.lastSecond.get(index) ?? null;
  }

  /** Drops a second over the last ten; null before two looks. */
  perSecond(name: string, index: number): number | null {
    const looks = this.watched.get(name)?.looks ?? [];
    if (looks.length < 2) return null;
    const first = looks[0];
    const last = looks[looks.length - 1];
    // Counters may have been cleared in between.
    const grown = Math.max(0, last.counts[index] - first.counts[index]);
    return grown / (last.second - first.second);
  }
}

/** The counts of all reasons: those of the datapath and of the kernel's queues before it, then those of handshakes and of members. */
export function dropCounts(runtime: InterfaceRuntime): number[] {
  const datapath = [...runtime.datapath.stats.drops];
  datapath[DROP['tap-queue-full']] = runtime.tapQueue.drops();
  datapath[DROP['rx-queue-full']] = runtime.sockets.queues.drops();
  return [
    ...datapath,
    ...Object.values(runtime.handshakes.counters),
    ...Object.values(runtime.members.refusals.counters),
    ...Object.values(runtime.bandwidth.refused),
  ];
}
