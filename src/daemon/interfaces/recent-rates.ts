/** How fast some counters have grown lately. */

/** Samples kept: rates are means over this many intervals. */
const KEPT = 5;

export class RecentRates<Name extends string> {
  private readonly samples: { atMs: number; counts: Record<Name, number> }[] = [];

  /** Notes the counters; to be called about once a second. */
  sample(atMs: number, counts: Record<Name, number>): void {
    this.samples.push({ atMs, counts });
    if (this.samples.length > KEPT + 1) this.samples.shift();
  }

  /** Per second; 0 before there are two samples, and when counters were cleared meanwhile. */
  perSecond(name: Name): number {
    const [first] = this.samples;
    const last = this.samples[this.samples.length - 1];
    const spanMs = last === undefined ? 0 : last.atMs - first.atMs;
    if (spanMs <= 0) return 0;
    return Math.max(0, ((last.counts[name] - first.counts[name]) * 1000) / spanMs);
  }
}
