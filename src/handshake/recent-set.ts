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

/** Bytes as the key of a map. Not for secrets. */
export function asKey(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
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
