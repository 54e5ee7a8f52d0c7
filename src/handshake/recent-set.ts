/** The last few byte strings seen, to know a copy at once. */
export class RecentSet {
  private readonly limit: number;
  private readonly seen = new Set<string>();

  constructor(limit: number) {
    this.limit = limit;
  }

  has(bytes: Uint8Array): boolean {
    return this.seen.has(asKey(bytes));
  }

  /** Remembers; the one remembered for longest gives way. */
  add(bytes: Uint8Array): void {
    for (const oldest of this.seen) {
      if (this.seen.size < this.limit) break;
      this.seen.delete(oldest);
    }
    this.seen.add(asKey(bytes));
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
