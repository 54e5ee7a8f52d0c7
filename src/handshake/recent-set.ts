/** The last few strings seen, such as `asKey` makes, to know a copy at once. */
export class RecentSet {
  private readonly limit: number;
  private readonly seen = new Set<string>();

  constructor(limit: number) {
    this.limit = limit;
  }

  has(key: string): boolean {
    return this.seen.has(key);
  }

  /** Remembers; the one remembered for longest gives way. */
  add(key: string): void {
    for (const oldest of this.seen) {
      if (this.seen.size < this.limit) break;
      this.seen.delete(oldest);
    }
    this.seen.add(key);
  }
}

/**
 * Where public keys and MACs become strings: what is as short as they are may stand in the collector's heap, and to make a `Buffer` of
 * it would move it out.
 */
const scratch = Buffer.alloc(64);

/** Bytes as the key of a map. Not for secrets. */
export function asKey(bytes: Uint8Array): string {
  if (bytes.length > scratch.length) return Buffer.from(bytes).toString('latin1');
  scratch.set(bytes);
  return scratch.toString('latin1', 0, bytes.length);
}

/** Puts an entry last into a map of at most `limit`; the one put there longest ago gives way. */
export function keepNewest<V>(map: Map<string, V>, key: string, value: V, limit: number): void {
  map.delete(key);
  for (const oldest of map.keys()) {
    if (map.size < limit) break;
    map.delete(oldest);
  }
  map.set(key, value);
}
