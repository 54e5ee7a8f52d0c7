/** The configured peers of an interface and their links, with their rows in the datapath. */
import type { LinkConfig, PeerConfig } from '../../api/config.js';
import { LINK_STATES, type LinkCause, type LinkState } from '../../api/link-states.js';
import { ByRow } from '../../base/by-row.js';
import type { Client } from '../../handshake/client.js';
import { Loops } from './loops.js';
import { Rows } from './rows.js';
import { type LinkSockets, NO_SOCKETS } from './udp-sockets.js';

export interface LinkEntry {
  row: number;
  config: LinkConfig;
  sockets: LinkSockets;
  /** Words of the configured path, and of the path that is taken instead of it: learned, or found by the name. */
  configuredPath: number[];
  otherPath: number[] | null;
  /** The path in use was learned from the peer's datagrams. */
  isLearned: boolean;
  /** What the kernel says of the path's MTU, in bytes; null while it cannot tell. */
  routeMtu: number | null;
  /** Device that the datapath was told its route leaves by; 0: there is no way; null: nothing was told. */
  routeDevice: number | null;
  /** Drained by an operator's command rather than by the configuration. */
  drained: boolean;
  state: LinkState;
  cause: LinkCause | null;
  /** The last change in words, with what was measured then. */
  detail: string | null;
}

/** Words of the path that a link takes. */
export function pathOf({ otherPath, configuredPath }: LinkEntry): number[] {
  return otherPath ?? configuredPath;
}

/** The host name of a link's remote end; null: it has none. */
export function nameOf({ remote }: LinkConfig): string | null {
  return remote?.kind === 'name' ? remote.name : null;
}

/** Of a peer that a server has introduced, or that was found in the registry. */
export interface Introduction {
  /** Name of the server; null: it was found in the registry. */
  server: string | null;
  /** By link id: where the peer may be, the likeliest place first. */
  ends: ReadonlyMap<number, readonly { address: string; port: number }[]>;
}

/** The links of a peer by id, mostly one: a list, as a map for each of thousands of peers takes ten times the memory. */
export class PeerLinks {
  private all: readonly LinkEntry[] = [];

  get size(): number {
    return this.all.length;
  }

  get(id: number): LinkEntry | undefined {
    for (const link of this.all) if (link.config.id === id) return link;
    return undefined;
  }

  /** Adds a link whose id is not there yet. */
  add(link: LinkEntry): void {
    this.all = [...this.all, link];
  }

  delete(link: LinkEntry): void {
    this.all = this.all.filter((other) => other !== link);
  }

  values(): readonly LinkEntry[] {
    return this.all;
  }

  ids(): number[] {
    return this.all.map(({ config }) => config.id);
  }
}

export interface PeerEntry {
  row: number;
  /** Its settings, with those that it leaves to its template. */
  config: PeerConfig;
  /** Whom it was admitted as; null for a peer with a block in the configuration. */
  client: Client | null;
  /** How it was introduced; null: it was not. */
  introduction: Introduction | null;
  links: PeerLinks;
  /** Known to the handshaker. */
  admitted: boolean;
  up: boolean;
  /** Since when it is up or down, in µs since boot; null: it was never up. */
  changedUs: number | null;
  /** Why it last went down; null: it never did. */
  lostBy: LinkCause | null;
  /** MTU of its TAP in bytes, as it says; 0: it does not. */
  tapMtu: number;
}

export class PeerEntries {
  /** Hears of each peer that has been removed. */
  onRemoved: (entry: PeerEntry) => void = () => {};
  readonly loops = new Loops();
  private readonly byName = new Map<string, PeerEntry>();
  private readonly byRow = new ByRow<PeerEntry>();
  private readonly rows = new Rows();
  private readonly linkRows = new Rows();
  /** Peers that are up. */
  up = 0;
  /** Links of each state. */
  readonly links: Record<LinkState, number> = Object.fromEntries(
    LINK_STATES.map((state) => [state, 0]),
  ) as Record<LinkState, number>;

  get size(): number {
    return this.byName.size;
  }

  values(): IterableIterator<PeerEntry> {
    return this.byName.values();
  }

  get(name: string): PeerEntry | undefined {
    return this.byName.get(name);
  }

  atRow(row: number): PeerEntry | undefined {
    return this.byRow.get(row);
  }

  /** Up to `limit` peers at row `from` and above, and the next row to continue at; null when no peer is left. */
  from(from: number, limit: number): { peers: PeerEntry[]; nextRow: number | null } {
    const peers: PeerEntry[] = [];
    for (let row = from; row < this.rows.end; row++) {
      if (peers.length === limit) return { peers, nextRow: row };
      const entry = this.byRow.get(row);
      if (entry !== undefined) peers.push(entry);
    }
    return { peers, nextRow: null };
  }

  /** A row for a client that is about to be added. */
  takeRow(): number {
    return this.rows.take();
  }

  add(config: PeerConfig, row = this.rows.take(), client: Client | null = null): PeerEntry {
    const entry: PeerEntry = {
      row,
      config,
      client,
      introduction: null,
      links: new PeerLinks(),
      admitted: client !== null,
      up: false,
      changedUs: null,
      lostBy: null,
      tapMtu: 0,
    };
    this.byName.set(config.name, entry);
    this.byRow.set(entry.row, entry);
    return entry;
  }

  /** Removes a peer with its links. */
  remove(entry: PeerEntry): void {
    for (const id of entry.links.ids()) this.removeLink(entry, id);
    this.setUp(entry, false);
    this.byName.delete(entry.config.name);
    this.byRow.delete(entry.row);
    this.loops.peerRemoved(entry.row);
    this.rows.release(entry.row);
    this.onRemoved(entry);
  }

  /** A new link of a peer, down until the datapath reports otherwise. */
  addLink(peer: PeerEntry, config: LinkConfig, path: number[]): LinkEntry {
    const link: LinkEntry = {
      row: this.linkRows.take(),
      config,
      sockets: NO_SOCKETS,
      configuredPath: path,
      otherPath: null,
      isLearned: false,
      routeMtu: null,
      routeDevice: null,
      drained: false,
      state: 'down',
      cause: null,
      detail: null,
    };
    peer.links.add(link);
    this.links[link.state]++;
    return link;
  }

  setState(link: LinkEntry, state: LinkState): void {
    this.links[link.state]--;
    this.links[state]++;
    link.state = state;
  }

  setUp(peer: PeerEntry, up: boolean): void {
    if (peer.up !== up) this.up += up ? 1 : -1;
    peer.up = up;
  }

  removeLink(peer: PeerEntry, id: number): void {
    const link = peer.links.get(id);
    if (link === undefined) return;
    this.linkRows.release(link.row);
    this.links[link.state]--;
    peer.links.delete(link);
  }
}
