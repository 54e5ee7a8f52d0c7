/** A token bucket for each source address, in one bounded table. */

interface RateLimit {
  /** Sustained events a second. */
  readonly perSecond: number;
  /** Events at once after a pause. */
  readonly burst: number;
  /** Addresses remembered whose buckets are not full; beyond it the one not heard of for longest is forgotten. */
  readonly addresses: number;
}

/** WireGuard's figures: 20 handshakes a second, five at once, for an address. */
export const HANDSHAKE_RATE: RateLimit = { perSecond: 20, burst: 5, addresses: 16_384 };

const IPV6_NETWORK_BYTES = 8;

export class RateLimiter {
  private readonly limit: RateLimit;
  private readonly interval: number;
  /**
   * For each address the time at which its bucket will be full again (the virtual scheduling form of a token
   * bucket, ITU-T I.371): one number says it all. The order of the map is the order of last use.
   */
  private readonly fullAt = new Map<string, number>();

  constructor(limit: RateLimit) {
    this.limit = limit;
    this.interval = 1_000_000 / limit.perSecond;
  }

  /** Addresses remembered at present. */
  get size(): number {
    return this.fullAt.size;
  }

  /** Takes a token of `address` (4 or 16 bytes; IPv6 counts by /64) at `now`, microseconds. False when none is left. */
  allow(address: Uint8Array, now: number): boolean {
    const key = Buffer.from(
      address.length === 16 ? address.subarray(0, IPV6_NETWORK_BYTES) : address,
    ).toString('latin1');
    const fullAt = Math.max(this.fullAt.get(key) ?? now, now);
    if (fullAt - now > (this.limit.burst - 1) * this.interval) return false;
    this.fullAt.delete(key);
    this.forget(now);
    this.fullAt.set(key, fullAt + this.interval);
    return true;
  }

  /** Makes room: a bucket that is full again is as good as none, and the collector does not have to walk it. */
  private forget(now: number): void {
    for (const [key, fullAt] of this.fullAt) {
      if (fullAt > now && this.fullAt.size < this.limit.addresses) return;
      this.fullAt.delete(key);
    }
  }
}
