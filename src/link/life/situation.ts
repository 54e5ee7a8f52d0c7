/**
 * Where links leave this host that are alike in everything this depends on: what they are configured with, by which own
 * address and interface the peer is heard, what the routing table says. The thousands of clients of a server are.
 */
import type { LinkCause } from '../../api/link-states.js';
import type { Address, LocalWish, Route } from '../../contract/place.js';
import { type Interfaces, KEY } from './interfaces.js';

/** What a link waits for. */
export type PlaceCause = Extract<
  LinkCause,
  | 'no-ipv6'
  | 'interface-absent'
  | 'address-absent'
  | 'address-duplicate'
  | 'no-carrier'
  | 'path-unknown'
  | 'name-unresolved'
  | 'recursive-route'
  | 'no-route'
>;

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

/** What the place of a link depends on. */
export interface Situation {
  readonly local: LocalWish;
  /** Name of the interface on which a link-local remote end is meant; null: as the local end says. */
  readonly zone: string | null;
  /** The remote end is a host name. */
  readonly isNamed: boolean;
  /** Family of the remote end; 0: it is not known. */
  readonly family: 0 | 4 | 6;
  readonly isLinkLocal: boolean;
  /** Own address that the peer talks to; null: not known. */
  readonly own: Address | null;
  /** Interface by which the peer was heard; 0: not known. */
  readonly ifindex: number;
  readonly route: Route;
  /** The peer was heard by it since the kernel last said anything worse. */
  readonly isHeard: boolean;
}

/** What is known of this host. */
export interface HostFacts {
  readonly interfaces: Interfaces;
  readonly hasIpv6: boolean;
}

type Read = (key: string) => void;

export const IPV6 = 'ipv6';

/** What a heartbeat refutes. That the peer is heard says nothing of the way to it. */
export const REFUTABLE: ReadonlySet<PlaceCause> = new Set([
  'address-absent',
  'address-duplicate',
  'no-carrier',
]);

/** Works a place out. `read` is told the key of each fact that it depends on. */
export function placeOf(situation: Situation, facts: HostFacts, read: Read): Place {
  return new Reasoning(situation, facts, read).place();
}

/** Indexes of the interfaces by which datagrams of a link leave that is bound so, as far as that is known. */
export function exitsOf(situation: Situation, facts: HostFacts, binding: Binding): readonly number[] {
  return new Reasoning(situation, facts, () => {}).exits(binding);
}

class Reasoning {
  private readonly interfaces: Interfaces;

  constructor(
    private readonly situation: Situation,
    private readonly facts: HostFacts,
    private readonly read: Read,
  ) {
    this.interfaces = facts.interfaces;
  }

  place(): Place {
    const { local, isNamed, isLinkLocal, family, isHeard } = this.situation;
    if (this.lacksIpv6()) return { binding: null, cause: 'no-ipv6' };
    const device = this.deviceOf();
    const scope = isLinkLocal ? this.scopeOf(device) : 0;
    if (device === null || scope === null) return { binding: null, cause: 'interface-absent' };
    const isBoundByAddress = local.kind === 'address';
    const binding: Binding = {
      device,
      source: this.source(),
      scope: scope || (isBoundByAddress ? device : 0),
    };
    const unknown = isNamed ? 'name-unresolved' : 'path-unknown';
    const cause = this.localCause(binding) ?? (family === 0 ? unknown : this.routeCause(binding));
    return { binding, cause: cause !== null && isHeard && REFUTABLE.has(cause) ? null : cause };
  }

  private lacksIpv6(): boolean {
    const { local } = this.situation;
    const family = this.situation.family || (local.kind === 'address' ? local.address.family : 0);
    if (family !== 6) return false;
    this.read(IPV6);
    return !this.facts.hasIpv6;
  }

  /** Index of the interface that a link is bound to; 0: none is wanted; null: it is not there. */
  private deviceOf(): number | null {
    const { local } = this.situation;
    if (local.kind === 'interface') return this.named(local.name);
    if (local.kind === 'any' || !isLinkLocal(local.address)) return 0;
    return local.zone === null ? this.holderOf(local.address) : this.named(local.zone);
  }

  private named(name: string): number | null {
    this.read(KEY.name(name));
    return this.interfaces.indexOf(name) || null;
  }

  /** On which interface a link-local remote end is meant; null: nobody says, or the interface is not there. */
  private scopeOf(device: number | null): number | null {
    const { ifindex, zone } = this.situation;
    if (ifindex !== 0) {
      this.read(KEY.index(ifindex));
      if (this.interfaces.isThere(ifindex)) return ifindex;
    }
    if (device) return device;
    return zone === null ? null : this.named(zone);
  }

  /** The interface that has an address, one with carrier rather than one without; 0: none has it. */
  private holderOf(address: Address): number {
    const holders = this.holders(address);
    return holders.find((index) => this.isRunning(index)) ?? holders[0] ?? 0;
  }

  private holders(address: Address): number[] {
    this.read(KEY.address(address));
    return this.interfaces.holdersOf(address);
  }

  /** A link that is not bound to an address keeps the one that the peer talks to, as long as this host has it. */
  private source(): Address | null {
    const { local, own } = this.situation;
    if (local.kind === 'address' || own === null) return null;
    return this.holders(own).length > 0 ? own : null;
  }

  private localCause(binding: Binding): PlaceCause | null {
    const { local } = this.situation;
    const { device } = binding;
    const holders = local.kind === 'address' ? this.holders(local.address) : null;
    const isHeld = device === 0 ? holders?.length !== 0 : (holders?.includes(device) ?? true);
    if (!isHeld) return this.isDuplicate() ? 'address-duplicate' : 'address-absent';
    const runs = this.exits(binding).map((index) => this.isRunning(index));
    return runs.length > 0 && !runs.includes(true) ? 'no-carrier' : null;
  }

  private isDuplicate(): boolean {
    const { local } = this.situation;
    return local.kind === 'address' && this.interfaces.isDuplicate(local.address);
  }

  exits(binding: Binding): readonly number[] {
    const { local } = this.situation;
    const out = this.leavesBy(binding);
    if (out !== 0) return [out];
    return local.kind === 'address' ? this.holders(local.address) : [];
  }

  private routeCause(binding: Binding): PlaceCause | null {
    this.read(KEY.stack);
    if (this.interfaces.leadsToTap(this.leavesBy(binding))) return 'recursive-route';
    return this.situation.route.kind === 'none' ? 'no-route' : null;
  }

  /** Index of the interface by which datagrams leave; 0: not known. */
  private leavesBy({ device, scope }: Binding): number {
    const { route } = this.situation;
    return device || scope || (route.kind === 'via' ? route.ifindex : 0);
  }

  private isRunning(index: number): boolean {
    this.read(KEY.index(index));
    return this.interfaces.isRunning(index);
  }
}

const bytes = new Uint8Array(4);
const word = new Int32Array(bytes.buffer);

/** fe80::/10 (RFC 4291 section 2.5.6). */
export function isLinkLocal(address: Address | null): boolean {
  if (address?.family !== 6) return false;
  word[0] = address.words[0];
  return bytes[0] === 0xfe && (bytes[1] & 0xc0) === 0x80;
}
