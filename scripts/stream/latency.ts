/** Percentiles of how long datagrams were under way, from a histogram of fixed size. */

/** In µs, exact below 65 ms; what took longer counts as that. */
export interface LatencyReport {
  p50: number;
  p99: number;
  p999: number;
}

const BINS = 65_536;

export class LatencyHistogram {
  private readonly bins = new Uint32Array(BINS);
  private total = 0;

  /** One datagram took `us` µs. A clock that was set in between may make that negative, which counts as 0. */
  add(us: number): void {
    this.bins[Math.min(BINS - 1, Math.max(0, Math.round(us)))]++;
    this.total++;
  }

  /** Null when nothing came. */
  report(): LatencyReport | null {
    if (this.total === 0) return null;
    return { p50: this.percentile(0.5), p99: this.percentile(0.99), p999: this.percentile(0.999) };
  }

  /** The least whole number of µs that this share of all took at most. */
  private percentile(share: number): number {
    let left = Math.ceil(this.total * share);
    return this.bins.findIndex((count) => {
      left -= count;
      return left <= 0;
    });
  }
}
