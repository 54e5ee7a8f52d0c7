/**
 * Where each link leaves this host: worked out again whenever the kernel, the configuration or the peer's own movement
 * changes what it depends on, and never kept beyond that. A link that lacks something waits, and says for what.
 *
 * An authentic heartbeat over a path is stronger than what the kernel said before it: the link is usable then, until
 * the kernel says something worse of it again. That our own datagrams are routed into our own TAP no heartbeat refutes.
 *
 * Links in one situation share it, and what follows from it is worked out once.
 */
import type { Address, KernelFact, LocalWish, Route } from '../../contract/place.js';
import { Interfaces } from './interfaces.js';
import { exitsOf, IPV6, isLinkLocal, type Place, placeOf, REFUTABLE, type Situation } from './situation.js';

/** What a link is configured with. */
export interface Wish {
  local: LocalWish;
  /** null: its peer calls first, or its name says where it is. */
  remote: Address | null;
  /** Name of the interface on which a link-local `remote` is meant; null: as the local end says. */
  zone: string | null;
  /** Host name of the remote end; null: it has none. */
  name: string | null;
}

/** A remote end that was learned, or that a name was resolved to. */
export interface Aim {
  remote: Address;
  /** Own address that the peer talks to; null: not known. */
  local: Address | null;
  /** Interface by which the peer was heard; 0: not known. */
  ifindex: number;
}

interface PlaceChange {
  link: number;
  place: Place;
}

/** A situation with the links that are in it. */
interface Shared {
  readonly name: string;
  readonly situation: Situation;
  /** null: not worked out yet. */
  place: Place | null;
  /** Keys of the facts that `place` was made of. */
  readonly keys: Set<string>;
  readonly links: Set<number>;
}

interface Row {
  wish: Wish;
  /** The remote end of its aim, as text; null: it has none. */
  aimedAt: string | null;
  shared: Shared;
  /** What was last said of it. */
  place: Place | null;
}

const UNKNOWN: Route = { kind: 'unknown' };

export class Places {
  private readonly rows = new Map<number, Row>();
  private readonly situations = new Map<string, Shared>();
  private readonly readers = new Map<string, Set<Shared>>();
  private readonly staleSituations = new Set<Shared>();
  private readonly staleLinks = new Set<number>();
  private readonly interfaces: Interfaces;
  private isComplete = false;
  private hasIpv6 = true;
  /** The last wish: links that are configured in turn often wish for the same, and share it. */
  private latest: Wish | null = null;

  /** `tap`: index of the TAP, into which no link may be routed. */
  constructor(tap: number) {
    this.interfaces = new Interfaces(tap, (key, isWorse) => this.factChanged(key, isWorse));
  }

  /** What is held for a link, to be measured. */
  objectOf(link: number): unknown {
    return this.rows.get(link);
  }

  // --- what the kernel says ---------------------------------------------------------------------------

  /** Until the kernel has told everything once, nothing is said of any link. */
  fact(fact: KernelFact, now = 0): void {
    const { interfaces } = this;
    interfaces.now = now;
    switch (fact.what) {
      case 'begin':
        return interfaces.begin();
      case 'end':
        this.isComplete = true;
        return interfaces.end();
      case 'interface':
        return interfaces.link(fact.index, fact.facts);
      case 'interface-gone':
        return interfaces.removed(fact.index);
      case 'address':
        return interfaces.address(fact.index, fact.address, fact.isPresent, fact.isDuplicate);
    }
  }

  /** Whether the kernel has IPv6 at all: a socket of that family could be opened, or not. */
  ipv6(isThere: boolean): void {
    if (this.hasIpv6 === isThere) return;
    this.hasIpv6 = isThere;
    this.factChanged(IPV6, !isThere);
  }

  /** The routing table was asked for a link. */
  route(link: number, route: Route): void {
    const row = this.rows.get(link);
    if (row === undefined || sameRoute(row.shared.situation.route, route)) return;
    this.enter(link, row, { ...row.shared.situation, route });
  }

  // --- what the configuration and the peer say --------------------------------------------------------

  configure(link: number, wanted: Wish): void {
    const before = this.rows.get(link);
    if (before !== undefined && same(before.wish, wanted)) return;
    const wish = same(this.latest, wanted) ? (this.latest as Wish) : wanted;
    this.latest = wish;
    const keepsAim = before !== undefined && before.aimedAt !== null && same(endOf(before.wish), endOf(wish));
    const { family, isLinkLocal, own, ifindex } = keepsAim ? before.shared.situation : configured(wish);
    const { local, zone, name } = wish;
    const isNamed = name !== null;
    const place = { local, zone, isNamed, family, isLinkLocal, own, ifindex, route: UNKNOWN, isHeard: false };
    const shared = this.find(place);
    const row = before ?? { wish, aimedAt: null, shared, place: null };
    row.wish = wish;
    if (!keepsAim) row.aimedAt = null;
    this.rows.set(link, row);
    this.enter(link, row, place);
  }

  remove(link: number): void {
    const row = this.rows.get(link);
    if (row === undefined) return;
    this.leave(link, row.shared);
    this.rows.delete(link);
    this.staleLinks.delete(link);
  }

  /** The remote end is another one now: a learned one, or (null) the configured one again. */
  aim(link: number, aim: Aim | null): void {
    const row = this.rows.get(link);
    if (row === undefined) return;
    const { situation } = row.shared;
    const aimedAt = aim === null ? null : `${aim.remote.family} ${aim.remote.words.join(' ')}`;
    const { family, isLinkLocal, own, ifindex } = aim === null ? configured(row.wish) : aimed(aim);
    if (row.aimedAt === aimedAt && same(situation.own, own) && situation.ifindex === ifindex) return;
    row.aimedAt = aimedAt;
    const next = { ...situation, family, isLinkLocal, own, ifindex, route: UNKNOWN, isHeard: false };
    this.enter(link, row, next);
  }

  /** An authentic heartbeat came by the link's path. */
  heard(link: number): void {
    const row = this.rows.get(link);
    if (row === undefined || row.place === null || row.shared.situation.isHeard) return;
    if (row.place.cause === null || !REFUTABLE.has(row.place.cause)) return;
    this.enter(link, row, { ...row.shared.situation, isHeard: true });
  }

  // --- what follows -----------------------------------------------------------------------------------

  /** Where a link is; null while nothing is known. */
  of(link: number): Place | null {
    return this.rows.get(link)?.place ?? null;
  }

  /** Indexes of the interfaces by which a link's datagrams leave, as far as that is known. */
  exits(link: number): readonly number[] {
    const shared = this.rows.get(link)?.shared;
    const binding = shared?.place?.binding ?? null;
    if (shared === undefined || binding === null) return [];
    const { interfaces, hasIpv6 } = this;
    return exitsOf(shared.situation, { interfaces, hasIpv6 }, binding);
  }

  /**
   * Addresses of the link's family on the interfaces by which it leaves, but those that mean something only there; none
   * where none has come since a time in µs.
   */
  ownAddresses(link: number, since: number): readonly Address[] {
    const wanted = this.rows.get(link)?.shared.situation.family;
    const found = this.exits(link).flatMap((index) => this.interfaces.addressesSince(index, since));
    return found.filter((address) => address.family === wanted && !isLinkLocal(address));
  }

  /** Links whose place has changed since the last call. */
  settle(): PlaceChange[] {
    const changes: PlaceChange[] = [];
    if (!this.isComplete) return changes;
    for (const shared of this.staleSituations) {
      if (this.workOut(shared)) for (const link of shared.links) this.staleLinks.add(link);
    }
    this.staleSituations.clear();
    for (const link of this.staleLinks) {
      const row = this.rows.get(link) as Row;
      const place = row.shared.place as Place;
      if (place === row.place) continue;
      if (!same(place, row.place)) changes.push({ link, place });
      row.place = place;
    }
    this.staleLinks.clear();
    return changes;
  }

  /** Whether the place of a situation is another one now. */
  private workOut(shared: Shared): boolean {
    this.unsubscribe(shared);
    const { interfaces, hasIpv6 } = this;
    const place = placeOf(shared.situation, { interfaces, hasIpv6 }, (key) => this.subscribe(shared, key));
    if (same(place, shared.place)) return false;
    shared.place = place;
    return true;
  }

  // --- who is in which situation ----------------------------------------------------------------------

  private find(situation: Situation): Shared {
    const name = nameOf(situation);
    const found = this.situations.get(name);
    if (found !== undefined) return found;
    const shared = { name, situation, place: null, keys: new Set<string>(), links: new Set<number>() };
    this.situations.set(name, shared);
    this.staleSituations.add(shared);
    return shared;
  }

  private enter(link: number, row: Row, situation: Situation): void {
    const shared = this.find(situation);
    shared.links.add(link);
    if (row.shared !== shared) this.leave(link, row.shared);
    row.shared = shared;
    this.staleLinks.add(link);
  }

  private leave(link: number, shared: Shared): void {
    shared.links.delete(link);
    if (shared.links.size > 0) return;
    this.unsubscribe(shared);
    this.situations.delete(shared.name);
    this.staleSituations.delete(shared);
  }

  private factChanged(key: string, isWorse: boolean): void {
    for (const shared of [...(this.readers.get(key) ?? [])]) {
      this.staleSituations.add(shared);
      if (!isWorse || !shared.situation.isHeard) continue;
      const situation = { ...shared.situation, isHeard: false };
      for (const link of shared.links) this.enter(link, this.rows.get(link) as Row, situation);
    }
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

type Way = Pick<Situation, 'family' | 'isLinkLocal' | 'own' | 'ifindex'>;

/** The way to the configured remote end. */
function configured({ remote }: Wish): Way {
  return { family: remote?.family ?? 0, isLinkLocal: isLinkLocal(remote), own: null, ifindex: 0 };
}

function aimed({ remote, local, ifindex }: Aim): Way {
  return { family: remote.family, isLinkLocal: isLinkLocal(remote), own: local, ifindex };
}

/** Equal for wishes of one remote end. */
function endOf({ remote, zone, name }: Wish): unknown {
  return [remote, zone, name];
}

function same(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

function sameRoute(a: Route, b: Route): boolean {
  return a.kind === b.kind && (a.kind !== 'via' || b.kind !== 'via' || a.ifindex === b.ifindex);
}
