/**
 * Where each link leaves this host: worked out again whenever the kernel, the configuration or the peer's own movement
 * changes what it depends on, and never kept beyond that. A link that lacks something waits, and says for what.
 *
 * An authentic heartbeat over a path is stronger than what the kernel said before it: the link is usable then, until
 * the kernel says something worse of it again. That our own datagrams are routed into our own TAP no heartbeat refutes.
 */
import type { LinkCause } from '../../api/link-states.js';
import type { Address, KernelFact, LocalWish, Route } from '../../contract/place.js';
import { Interfaces, KEY } from './interfaces.js';

/** What a link waits for. */
export type PlaceCause = Extract<
  LinkCause,
  | 'no-ipv6'
  | 'interface-absent'
  | 'address-absent'
  | 'no-carrier'
  | 'path-unknown'
  | 'name-unresolved'
  | 'recursive-route'
  | 'no-route'
>;

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

/** How a link's datagrams are to be sent. */
interface Binding {
  /** Index of the interface that its socket is bound to, by name or by a link-local address; 0: none. */
  device: number;
  /** Source of its datagrams where the socket has none; null: the kernel's choice. */
  source: Address | null;
  /** Scope of link-local ends, and the interface their datagrams must leave by; 0 for all others. */
  scope: number;
}

export interface Place {
  /** null: no socket can be had for it now. A link that waits for its remote end has one, to be called at. */
  binding: Binding | null;
  /** null: nothing is missing. */
  cause: PlaceCause | null;
}

interface PlaceChange {
  link: number;
  place: Place;
}

/** What a heartbeat refutes. That the peer is heard says nothing of the way to it. */
const REFUTABLE: ReadonlySet<PlaceCause> = new Set(['address-absent', 'no-carrier']);

interface Row {
  wish: Wish;
  aim: Aim | null;
  route: Route;
  /** Heard since the kernel last said anything worse. */
  isHeard: boolean;
  place: Place | null;
  /** Keys of the facts that `place` was made of. */
  keys: Set<string>;
}

const IPV6 = 'ipv6';

export class Places {
  private readonly rows = new Map<number, Row>();
  private readonly readers = new Map<string, Set<number>>();
  private readonly stale = new Set<number>();
  private readonly interfaces: Interfaces;
  private isComplete = false;
  private hasIpv6 = true;

  /** `tap`: index of the TAP, into which no link may be routed. */
  constructor(tap: number) {
    this.interfaces = new Interfaces(tap, (key, isWorse) => this.factChanged(key, isWorse));
  }

  // --- what the kernel says ---------------------------------------------------------------------------

  /** Until the kernel has told everything once, nothing is said of any link. */
  fact(fact: KernelFact): void {
    const { interfaces } = this;
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
        return interfaces.address(fact.index, fact.address, fact.isPresent);
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
    if (row === undefined || sameRoute(row.route, route)) return;
    row.route = route;
    this.stale.add(link);
  }

  // --- what the configuration and the peer say --------------------------------------------------------

  configure(link: number, wish: Wish): void {
    const before = this.rows.get(link);
    if (before !== undefined && JSON.stringify(before.wish) === JSON.stringify(wish)) return;
    const keepsRemote = before !== undefined && remoteOf(before.wish) === remoteOf(wish);
    this.rows.set(link, {
      wish,
      aim: keepsRemote ? (before?.aim ?? null) : null,
      route: { kind: 'unknown' },
      isHeard: false,
      place: before?.place ?? null,
      keys: before?.keys ?? new Set(),
    });
    this.stale.add(link);
  }

  remove(link: number): void {
    const row = this.rows.get(link);
    if (row === undefined) return;
    this.forget(link, row);
    this.rows.delete(link);
    this.stale.delete(link);
  }

  /** The remote end is another one now: a learned one, or (null) the configured one again. */
  aim(link: number, aim: Aim | null): void {
    const row = this.rows.get(link);
    if (row === undefined || JSON.stringify(row.aim) === JSON.stringify(aim)) return;
    row.aim = aim;
    row.route = { kind: 'unknown' };
    row.isHeard = false;
    this.stale.add(link);
  }

  /** An authentic heartbeat came by the link's path. */
  heard(link: number): void {
    const row = this.rows.get(link);
    if (row === undefined || row.isHeard || row.place === null) return;
    if (row.place.cause === null || !REFUTABLE.has(row.place.cause)) return;
    row.isHeard = true;
    this.stale.add(link);
  }

  // --- what follows -----------------------------------------------------------------------------------

  /** Where a link is; null while nothing is known. */
  of(link: number): Place | null {
    return this.rows.get(link)?.place ?? null;
  }

  /** Links whose place has changed since the last call. */
  settle(): PlaceChange[] {
    const changes: PlaceChange[] = [];
    if (!this.isComplete) return changes;
    for (const link of this.stale) {
      const row = this.rows.get(link) as Row;
      const place = this.workOut(link, row);
      if (JSON.stringify(place) === JSON.stringify(row.place)) continue;
      row.place = place;
      changes.push({ link, place });
    }
    this.stale.clear();
    return changes;
  }

  private workOut(link: number, row: Row): Place {
    this.forget(link, row);
    const read = (key: string) => this.subscribe(link, row, key);
    const remote = row.aim?.remote ?? row.wish.remote;
    if (this.lacksIpv6(row.wish, remote, read)) return { binding: null, cause: 'no-ipv6' };
    const device = this.deviceOf(row.wish.local, read);
    const scope = isLinkLocal(remote) ? this.scopeOf(row, device, read) : 0;
    if (device === null || scope === null) return { binding: null, cause: 'interface-absent' };
    const isBoundByAddress = row.wish.local.kind === 'address';
    const binding: Binding = {
      device,
      source: this.sourceOf(row, read),
      scope: scope || (isBoundByAddress ? device : 0),
    };
    const unknown = row.wish.name === null ? 'path-unknown' : 'name-unresolved';
    const cause =
      this.localCause(row, binding, read) ??
      (remote === null ? unknown : this.routeCause(row, binding, read));
    return { binding, cause: cause !== null && row.isHeard && REFUTABLE.has(cause) ? null : cause };
  }

  private lacksIpv6({ local }: Wish, remote: Address | null, read: (key: string) => void): boolean {
    const family = remote?.family ?? (local.kind === 'address' ? local.address.family : 0);
    if (family !== 6) return false;
    read(IPV6);
    return !this.hasIpv6;
  }

  /** Index of the interface that a link is bound to; 0: none is wanted; null: it is not there. */
  private deviceOf(local: LocalWish, read: (key: string) => void): number | null {
    if (local.kind === 'interface') return this.named(local.name, read);
    if (local.kind === 'any' || !isLinkLocal(local.address)) return 0;
    return local.zone === null ? this.holderOf(local.address, read) : this.named(local.zone, read);
  }

  private named(name: string, read: (key: string) => void): number | null {
    read(KEY.name(name));
    return this.interfaces.indexOf(name) || null;
  }

  /** On which interface a link-local remote end is meant; null: nobody says, or the interface is not there. */
  private scopeOf({ wish, aim }: Row, device: number | null, read: (key: string) => void): number | null {
    if (aim !== null && aim.ifindex !== 0) {
      read(KEY.index(aim.ifindex));
      if (this.interfaces.isThere(aim.ifindex)) return aim.ifindex;
    }
    if (device) return device;
    return wish.zone === null ? null : this.named(wish.zone, read);
  }

  /** The interface that has an address, one with carrier rather than one without; 0: none has it. */
  private holderOf(address: Address, read: (key: string) => void): number {
    const holders = this.holders(address, read);
    return holders.find((index) => this.isRunning(index, read)) ?? holders[0] ?? 0;
  }

  private holders(address: Address, read: (key: string) => void): number[] {
    read(KEY.address(address));
    return this.interfaces.holdersOf(address);
  }

  /** A link that is not bound to an address keeps the one that the peer talks to, as long as this host has it. */
  private sourceOf({ wish, aim }: Row, read: (key: string) => void): Address | null {
    if (wish.local.kind === 'address' || aim === null || aim.local === null) return null;
    return this.holders(aim.local, read).length > 0 ? aim.local : null;
  }

  private localCause(
    { wish, route }: Row,
    { device, scope }: Binding,
    read: (key: string) => void,
  ): PlaceCause | null {
    const holders = wish.local.kind === 'address' ? this.holders(wish.local.address, read) : null;
    const isHeld = device === 0 ? holders?.length !== 0 : (holders?.includes(device) ?? true);
    if (!isHeld) return 'address-absent';
    const out = device || scope || (route.kind === 'via' ? route.ifindex : 0);
    const leaving = out === 0 ? (holders ?? []) : [out];
    const runs = leaving.map((index) => this.isRunning(index, read));
    return runs.length > 0 && !runs.includes(true) ? 'no-carrier' : null;
  }

  private routeCause(
    { route }: Row,
    { device, scope }: Binding,
    read: (key: string) => void,
  ): PlaceCause | null {
    const out = device || scope || (route.kind === 'via' ? route.ifindex : 0);
    read(KEY.stack);
    if (this.interfaces.leadsToTap(out)) return 'recursive-route';
    return route.kind === 'none' ? 'no-route' : null;
  }

  private isRunning(index: number, read: (key: string) => void): boolean {
    read(KEY.index(index));
    return this.interfaces.isRunning(index);
  }

  private factChanged(key: string, isWorse: boolean): void {
    for (const link of this.readers.get(key) ?? []) {
      this.stale.add(link);
      if (isWorse) (this.rows.get(link) as Row).isHeard = false;
    }
  }

  private subscribe(link: number, { keys }: Row, key: string): void {
    keys.add(key);
    const readers = this.readers.get(key) ?? new Set();
    this.readers.set(key, readers.add(link));
  }

  private forget(link: number, { keys }: Row): void {
    for (const key of keys) {
      const readers = this.readers.get(key);
      readers?.delete(link);
      if (readers?.size === 0) this.readers.delete(key);
    }
    keys.clear();
  }
}

/** Equal for wishes of one remote end. */
function remoteOf({ remote, zone, name }: Wish): string {
  return JSON.stringify([remote, zone, name]);
}

function sameRoute(a: Route, b: Route): boolean {
  return a.kind === b.kind && (a.kind !== 'via' || b.kind !== 'via' || a.ifindex === b.ifindex);
}

const bytes = new Uint8Array(4);
const word = new Int32Array(bytes.buffer);

/** fe80::/10 (RFC 4291 section 2.5.6). */
export function isLinkLocal(address: Address | null): boolean {
  if (address?.family !== 6) return false;
  word[0] = address.words[0];
  return bytes[0] === 0xfe && (bytes[1] & 0xc0) === 0x80;
}
