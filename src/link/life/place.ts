/**
 * Where each link leaves this host: worked out again whenever the kernel, the configuration or the peer's own movement
 * changes what it depends on, and never kept beyond that. A link that lacks something waits, and says for what.
 *
 * An authentic heartbeat over a path is stronger than what the kernel said before it: the link is usable then, until
 * the kernel says something worse of it again. That our own datagrams are routed into our own TAP no heartbeat refutes.
 *
 * Links in one situation share it, and what follows from it is worked out once. Nothing is made for a link alone, unless it
 * wishes for what no other does.
 */
import { ByRow } from '../../base/by-row.js';
import { Columns, int32, uint8 } from '../../base/columns.js';
import type { Address, KernelFact, LocalWish, Route } from '../../contract/place.js';
import { Interfaces } from './interfaces.js';
import { exitsOf, IPV6, isLinkLocal, type Place, REFUTABLE, type Situation } from './situation.js';
import { type Shared, Situations, same } from './situations.js';

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

const UNKNOWN: Route = { kind: 'unknown' };
const NO_LINKS: readonly number[] = [];
const ADDRESS_WORDS = 4;

export class Places {
  private readonly wishes = new ByRow<Wish>('links');
  private readonly shared = new ByRow<Shared>('links');
  /** What was last said of each link. */
  private readonly told = new ByRow<Place>('links');
  /** Family (0: none) and words of the remote end that each link was aimed at. */
  private readonly aimedFamily = uint8();
  private readonly aimedWords = int32(0, ADDRESS_WORDS);
  private readonly columns = new Columns(this, 'links');
  private readonly staleLinks = new Set<number>();
  private readonly facts: { readonly interfaces: Interfaces; hasIpv6: boolean };
  private readonly situations: Situations;
  private isComplete = false;
  /** The last wish: links that are configured in turn often wish for the same, and share it. */
  private latest: Wish | null = null;

  /** `tap`: index of the TAP, into which no link may be routed. */
  constructor(tap: number) {
    const interfaces = new Interfaces(tap, (key, isWorse) => this.factChanged(key, isWorse));
    this.facts = { interfaces, hasIpv6: true };
    this.situations = new Situations(this.facts);
  }

  /** What links wish for and where they are, which they may have in common. To be measured. */
  objectsOf(link: number): unknown[] {
    return [this.wishes.get(link), this.shared.get(link), this.told.get(link)];
  }

  /** What a link is configured with; undefined for one that has no place. */
  wishOf(link: number): Wish | undefined {
    return this.wishes.get(link);
  }

  // --- what the kernel says ---------------------------------------------------------------------------

  /** Until the kernel has told everything once, nothing is said of any link. */
  fact(fact: KernelFact, now = 0): void {
    const { interfaces } = this.facts;
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
    if (this.facts.hasIpv6 === isThere) return;
    this.facts.hasIpv6 = isThere;
    this.factChanged(IPV6, !isThere);
  }

  /** The routing table was asked for a link. */
  route(link: number, route: Route): void {
    const situation = this.shared.get(link)?.situation;
    if (situation !== undefined && !sameRoute(situation.route, route))
      this.enter(link, { ...situation, route });
  }

  // --- what the configuration and the peer say --------------------------------------------------------

  configure(link: number, wanted: Wish): void {
    const before = this.wishes.get(link);
    if (before !== undefined && same(before, wanted)) return;
    const wish = same(this.latest, wanted) ? (this.latest as Wish) : wanted;
    this.latest = wish;
    this.columns.ensure(link + 1);
    const keepsAim = this.aimedFamily[link] !== 0 && before !== undefined && same(endOf(before), endOf(wish));
    if (!keepsAim) this.columns.reset(link);
    const way = keepsAim ? (this.shared.get(link) as Shared).situation : configured(wish);
    const { family, isLinkLocal, own, ifindex } = way;
    const { local, zone, name } = wish;
    const isNamed = name !== null;
    this.wishes.set(link, wish);
    this.enter(link, {
      local,
      zone,
      isNamed,
      family,
      isLinkLocal,
      own,
      ifindex,
      route: UNKNOWN,
      isHeard: false,
    });
  }

  remove(link: number): void {
    const shared = this.shared.get(link);
    if (shared === undefined) return;
    this.situations.leave(shared);
    for (const rows of [this.wishes, this.shared, this.told]) rows.delete(link);
    this.columns.reset(link);
    this.staleLinks.delete(link);
  }

  /** The remote end is another one now: a learned one, or (null) the configured one again. */
  aim(link: number, aim: Aim | null): void {
    const wish = this.wishes.get(link);
    const situation = this.shared.get(link)?.situation;
    if (wish === undefined || situation === undefined) return;
    const { family, isLinkLocal, own, ifindex } = aim === null ? configured(wish) : aimed(aim);
    if (this.isAimedAt(link, aim) && same(situation.own, own) && situation.ifindex === ifindex) return;
    this.aimedFamily[link] = aim?.remote.family ?? 0;
    if (aim !== null) this.aimedWords.set(aim.remote.words, link * ADDRESS_WORDS);
    this.enter(link, { ...situation, family, isLinkLocal, own, ifindex, route: UNKNOWN, isHeard: false });
  }

  /** Whether this is what a link was aimed at last. */
  private isAimedAt(link: number, aim: Aim | null): boolean {
    const family = this.aimedFamily[link];
    if (aim === null) return family === 0;
    const at = link * ADDRESS_WORDS;
    return (
      family === aim.remote.family &&
      aim.remote.words.every((word, index) => word === this.aimedWords[at + index])
    );
  }

  /** An authentic heartbeat came by the link's path. */
  heard(link: number): void {
    const situation = this.shared.get(link)?.situation;
    const cause = this.told.get(link)?.cause ?? null;
    if (situation === undefined || situation.isHeard || cause === null || !REFUTABLE.has(cause)) return;
    this.enter(link, { ...situation, isHeard: true });
  }

  // --- what follows -----------------------------------------------------------------------------------

  /** Where a link is; null while nothing is known. */
  of(link: number): Place | null {
    return this.told.get(link) ?? null;
  }

  /** Indexes of the interfaces by which a link's datagrams leave, as far as that is known. */
  exits(link: number): readonly number[] {
    const shared = this.shared.get(link);
    const binding = shared?.place?.binding ?? null;
    if (shared === undefined || binding === null) return [];
    return exitsOf(shared.situation, this.facts, binding);
  }

  /**
   * Addresses of the link's family on the interfaces by which it leaves, but those that mean something only there; none
   * where none has come since a time in µs.
   */
  ownAddresses(link: number, since: number): readonly Address[] {
    const wanted = this.shared.get(link)?.situation.family;
    const found = this.exits(link).flatMap((index) => this.facts.interfaces.addressesSince(index, since));
    return found.filter((address) => address.family === wanted && !isLinkLocal(address));
  }

  /** Whether there is something to work out. */
  get isStale(): boolean {
    return this.isComplete && (this.situations.areStale || this.staleLinks.size > 0);
  }

  /** Links whose place (`of`) has changed since the last call. */
  settle(): readonly number[] {
    const { situations, staleLinks } = this;
    if (!this.isStale) return NO_LINKS;
    const changed: number[] = [];
    // Links that entered a new situation are stale themselves.
    if (situations.workOut()) for (let link = 0; link < this.shared.end; link++) this.tell(link, changed);
    else for (const link of staleLinks) this.tell(link, changed);
    staleLinks.clear();
    return changed;
  }

  private tell(link: number, changed: number[]): void {
    const place = this.shared.get(link)?.place;
    const before = this.told.get(link) ?? null;
    if (!place || place === before) return;
    if (!same(place, before)) changed.push(link);
    this.told.set(link, place);
  }

  // --- who is in which situation ----------------------------------------------------------------------

  private enter(link: number, situation: Situation): void {
    const before = this.shared.get(link);
    this.shared.set(link, this.situations.enter(situation));
    if (before !== undefined) this.situations.leave(before);
    this.staleLinks.add(link);
  }

  private factChanged(key: string, isWorse: boolean): void {
    const readers = this.situations.factChanged(key);
    const heard = isWorse ? readers.filter(({ situation }) => situation.isHeard) : [];
    if (heard.length > 0) this.unhear(new Set(heard));
  }

  /** That the peer was heard counts no more for the links in these situations. */
  private unhear(worse: ReadonlySet<Shared>): void {
    for (let link = 0; link < this.shared.end; link++) {
      const shared = this.shared.get(link);
      if (shared !== undefined && worse.has(shared))
        this.enter(link, { ...shared.situation, isHeard: false });
    }
  }
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

function sameRoute(a: Route, b: Route): boolean {
  return a.kind === b.kind && (a.kind !== 'via' || b.kind !== 'via' || a.ifindex === b.ifindex);
}
