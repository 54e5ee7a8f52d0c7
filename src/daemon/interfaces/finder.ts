/** Finds running interfaces, peers and links by the names of a request, or says what is missing. */
import type { LinkParams } from '../../api/index.js';
import { RequestError } from '../base/request-errors.js';
import type { LinkEntry, PeerEntry } from './peer-entries.js';
import type { InterfaceRuntime } from './runtime.js';

/** Answers about more peers than this are given in pages only. */
export const MAX_UNPAGED_PEERS = 4096;

/** Names in a request; an absent one means all. */
interface PeerFilter {
  interface?: string;
  peer?: string;
}

export interface FoundPeer {
  runtime: InterfaceRuntime;
  peer: PeerEntry;
}

/** Every method throws `RequestError` when a name that was given does not exist. */
export class Finder {
  /** `runtimes`: the running interfaces by name. */
  constructor(private readonly runtimes: ReadonlyMap<string, InterfaceRuntime>) {}

  /** The interface of this name; undefined while it does not run. */
  interface(name: string): InterfaceRuntime | undefined {
    return this.runtimes.get(name);
  }

  /** The interface of this name; without a name all that run. */
  interfaces(name?: string): InterfaceRuntime[] {
    if (name === undefined) return [...this.runtimes.values()];
    const runtime = this.runtimes.get(name);
    if (runtime === undefined) throw noInterface(name);
    return [runtime];
  }

  peers({ interface: name, peer }: PeerFilter): FoundPeer[] {
    const runtimes = this.interfaces(name);
    if (peer === undefined) {
      return runtimes.flatMap((runtime) =>
        [...runtime.peers.values()].map((entry) => ({ runtime, peer: entry })),
      );
    }
    const found = runtimes.flatMap((runtime) => {
      const entry = runtime.peers.get(peer);
      return entry === undefined ? [] : [{ runtime, peer: entry }];
    });
    if (found.length === 0) throw missingPeer(runtimes, peer);
    return found;
  }

  /** As `peers`, but throws when they are too many for one answer. */
  fewPeers(filter: PeerFilter): FoundPeer[] {
    const all = this.interfaces(filter.interface).reduce((sum, { peers }) => sum + peers.size, 0);
    if (filter.peer === undefined && all > MAX_UNPAGED_PEERS) throw tooManyPeers();
    return this.peers(filter);
  }

  /** Whether an interface admits a client of this name, connected or not. */
  hasClient({ peer, interface: name }: { peer: string; interface?: string }): boolean {
    return this.interfaces(name).some(({ clients }) => clients.named(peer) !== undefined);
  }

  /** The one peer of this name. */
  peer({ peer, interface: name }: { peer: string; interface?: string }): FoundPeer {
    const found = this.peers({ peer, ...(name !== undefined && { interface: name }) });
    if (found.length > 1) {
      throw severalInterfaces(
        peer,
        found.map(({ runtime }) => runtime.name),
      );
    }
    return found[0];
  }

  link(params: LinkParams): FoundPeer & { link: LinkEntry } {
    const found = this.peer(params);
    return { ...found, link: linkOf(found.peer, params.link) };
  }
}

/** The link of a peer with this id; throws `RequestError` when there is none. */
export function linkOf(peer: PeerEntry, id: number): LinkEntry {
  const link = peer.links.get(id);
  if (link === undefined) throw new RequestError(`link ${id} of peer ${peer.config.name} not found`);
  return link;
}

export function severalInterfaces(peer: string, interfaces: readonly string[]): RequestError {
  return new RequestError(`peer ${peer} exists on several interfaces (${interfaces.join(', ')}); name one`);
}

/** Says of a client that it is not connected; it has rows only while it is. */
export function missingPeer(runtimes: readonly InterfaceRuntime[], name: string): RequestError {
  const isClient = runtimes.some(({ clients }) => clients.named(name) !== undefined);
  return new RequestError(isClient ? `client ${name} is not connected` : `peer ${name} not found`);
}

export function noInterface(name: string): RequestError {
  return new RequestError(`interface ${name} not found`);
}

export function tooManyPeers(): RequestError {
  return new RequestError(`more than ${MAX_UNPAGED_PEERS} peers are too many for one answer: ask for pages`);
}
