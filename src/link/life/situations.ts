/**
 * The situations that links are in, each with the place that follows: worked out once for all links that share it, and again
 * when the kernel says something else of a fact that it was made of.
 */
import { type HostFacts, type Place, placeOf, type Situation } from './situation.js';

/** A situation that links are in. */
export interface Shared {
  readonly name: string;
  readonly situation: Situation;
  /** null: not worked out yet. */
  place: Place | null;
  /** Keys of the facts that `place` was made of. */
  readonly keys: Set<string>;
  /** How many links are in it. */
  links: number;
}

export class Situations {
  private readonly byName = new Map<string, Shared>();
  private readonly readers = new Map<string, Set<Shared>>();
  private readonly stale = new Set<Shared>();

  constructor(private readonly facts: HostFacts) {}

  /** Whether a place is to be worked out. */
  get areStale(): boolean {
    return this.stale.size > 0;
  }

  /** A link enters a situation, which may be a new one. */
  enter(situation: Situation): Shared {
    const shared = this.find(situation);
    shared.links++;
    return shared;
  }

  private find(situation: Situation): Shared {
    const name = nameOf(situation);
    const found = this.byName.get(name);
    if (found !== undefined) return found;
    const shared = { name, situation, place: null, keys: new Set<string>(), links: 0 };
    this.byName.set(name, shared);
    this.stale.add(shared);
    return shared;
  }

  /** A link is in this situation no more. */
  leave(shared: Shared): void {
    if (--shared.links > 0) return;
    this.unsubscribe(shared);
    this.byName.delete(shared.name);
    this.stale.delete(shared);
  }

  /** The kernel says something else of a fact. Returns those that depend on it. */
  factChanged(key: string): readonly Shared[] {
    const readers = [...(this.readers.get(key) ?? [])];
    for (const shared of readers) this.stale.add(shared);
    return readers;
  }

  /** Works out what is to be. Returns whether one that had a place has another one now. */
  workOut(): boolean {
    let isMoved = false;
    for (const shared of this.stale) {
      const before = shared.place;
      this.unsubscribe(shared);
      const place = placeOf(shared.situation, this.facts, (key) => this.subscribe(shared, key));
      if (same(place, before)) continue;
      shared.place = place;
      if (before !== null) isMoved = true;
    }
    this.stale.clear();
    return isMoved;
  }

  private subscribe(shared: Shared, key: string): void {
    shared.keys.add(key);
    const readers = this.readers.get(key) ?? new Set();
    this.readers.set(key, readers.add(shared));
  }

  private unsubscribe(shared: Shared): void {
    for (const key of shared.keys) {
      const readers = this.readers.get(key);
      readers?.delete(shared);
      if (readers?.size === 0) this.readers.delete(key);
    }
    shared.keys.clear();
  }
}

/** Equal for equal situations, in whatever order their fields were set. */
function nameOf({
  local,
  zone,
  isNamed,
  family,
  isLinkLocal,
  own,
  ifindex,
  route,
  isHeard,
}: Situation): string {
  return JSON.stringify([local, zone, isNamed, family, isLinkLocal, own, ifindex, route, isHeard]);
}

/** Whether two plain values are equal, field by field. */
export function same(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}
