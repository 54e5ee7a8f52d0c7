/** Brings the peers and links of an interface from one configuration to the next. */

import type { InterfaceConfig, LinkConfig, PeerConfig } from '../../api/config.js';
import {
  type EffectiveLink,
  effectiveCopies,
  effectiveDuplicate,
  effectiveIntroduce,
  effectiveLink,
  effectivePolicy,
  nameKey,
} from '../../config/defaults.js';
import { ClientTemplates } from '../../config/templates.js';
import { type DirectSettings, NOT_DIRECT, ROLE } from '../../contract/directs.js';
import type { LinkSettings, PeerSettings } from '../../contract/settings.js';
import { parsePublicKey } from '../../crypto/keys.js';
import { RELAY_SOCKET } from '../../datapath/send/relay.js';
import type { Client } from '../../handshake/client.js';
import { PATH, PATH_PLACE_WORDS } from '../../native/ops.js';
import { localWish, relayedPath, relayName } from './addresses.js';
import type { Datapath } from './datapath.js';
import { familiesOf, linkSettings, portSettings, staticMacs, uplinkSettings } from './datapath-settings.js';
import type { Handshakes } from './handshakes.js';
import { forgetIdentity, identityOf } from './interface-keys.js';
import { answerMarks } from './marks.js';
import {
  type Introduction,
  type LinkEntry,
  nameOf,
  type PeerEntries,
  type PeerEntry,
} from './peer-entries.js';
import type { RemoteNames } from './remote-names.js';
import type { Routes } from './routes.js';
import { type LinkSockets, type LocalNeed, NO_SOCKETS, pathWords, type UdpSockets } from './udp-sockets.js';

type Identity = ReturnType<typeof identityOf>;
type SocketsOfLinks = ReadonlyMap<LinkConfig, LinkSockets>;

interface PeerSetupOptions {
  peers: PeerEntries;
  datapath: Datapath;
  handshakes: Handshakes;
  sockets: UdpSockets;
  routes: Routes;
  names: RemoteNames;
  stateFolder: string;
}

export class PeerSetup {
  /** What holds for clients. */
  templates = new ClientTemplates();
  private ofLinks: SocketsOfLinks = new Map();
  /** What follows from a template is worked out once for all its clients: of the links of a template, and of each. */
  private clientPeers = new WeakMap<readonly LinkConfig[], PeerTerms>();
  private clientLinks = new WeakMap<LinkConfig, PlacedLink>();

  constructor(private readonly options: PeerSetupOptions) {}

  /**
   * Makes the peers and links of `next` the running ones. Throws a plain sentence when a key file or a socket cannot be
   * had; then the caller goes back by setting the previous configuration up again.
   */
  setUp(next: InterfaceConfig): void {
    const { peers, datapath, sockets, routes, names, stateFolder } = this.options;
    const identities = new Map(next.peers.map((peer) => [peer, identityOf(peer, stateFolder)]));
    const byName = new Map(next.peers.map((peer) => [peer.name, peer]));
    this.templates = this.templates.following(next);
    this.clientPeers = new WeakMap();
    this.clientLinks = new WeakMap();
    const ofLinks = this.arrangeSockets(next);
    for (const entry of [...peers.values()]) {
      if (entry.client !== null || entry.introduction !== null) continue;
      const kept = byName.get(entry.config.name);
      const identity = kept === undefined ? null : (identities.get(kept) ?? null);
      if (kept === undefined || !this.keepsIdentity(entry, kept, identity)) this.removePeer(entry);
    }
    // Links may lead through other peers: every peer is there before any link is set.
    const entries = next.peers.map((peer) => this.setPeer(peer, next, identities.get(peer) ?? null));
    for (const entry of entries) {
      this.setLinks(entry, next, ofLinks);
      this.admit(entry, identities.get(entry.config) ?? null);
    }
    names.want(namesIn(next));
    sockets.closeUnwanted();
    datapath.send({ kind: 'answer-marks', marks: answerMarks(peers.values()) });
    // A relayed link is as wide as the links of the peer that relays it.
    routes.refresh();
  }

  /** Reads the preshared key of a peer again, for its next handshakes. Throws `KeyFileRefused`; the old one stays then. */
  rereadKey({ row, config, admitted }: PeerEntry): void {
    if (!admitted || config.presharedKeyFile === undefined) return;
    const identity = identityOf(config, this.options.stateFolder);
    this.options.handshakes.setPresharedKey(row, identity?.psk);
    forgetIdentity(identity);
  }

  /** Sockets may be had that could not be had before, or are to be others: their links go over to them. */
  rebind(config: InterfaceConfig): void {
    const { peers, datapath, sockets, routes } = this.options;
    const ofLinks = this.arrangeSockets(config);
    for (const entry of peers.values()) {
      for (const { config: known, sockets: before } of entry.links.values()) {
        const link = entry.config.links.find((one) => one.id === known.id);
        if (link === undefined) continue;
        const now = this.socketsOf(entry, link, ofLinks);
        if (now[0] !== before[0] || now[1] !== before[1]) this.setLink(entry, config, link, now);
      }
    }
    sockets.closeUnwanted();
    datapath.send({ kind: 'answer-marks', marks: answerMarks(peers.values()) });
    routes.refresh();
  }

  /** A host name leads elsewhere now: the links that have it for their remote end follow. Returns them. */
  followName(config: InterfaceConfig, name: string): { peer: PeerEntry; link: LinkEntry }[] {
    const followed: { peer: PeerEntry; link: LinkEntry }[] = [];
    for (const peer of this.options.peers.values()) {
      for (const link of peer.links.values()) {
        const own = nameOf(link.config);
        if (own === null || nameKey(own) !== nameKey(name)) continue;
        this.setLink(peer, config, link.config, link.sockets);
        followed.push({ peer, link });
      }
    }
    this.options.routes.refreshSoon();
    return followed;
  }

  /** Links that peers of a template have, with their sockets; those of the objects of `templates` only. */
  socketsOfTemplate({ links }: PeerConfig): { config: LinkConfig; sockets: LinkSockets }[] {
    return links.map((config) => ({ config, sockets: this.ofLinks.get(config) ?? NO_SOCKETS }));
  }

  /** The sockets of a link. A direct one leaves by that of the link to the server under the same id: its NAT binding is there. */
  private socketsOf(entry: PeerEntry, link: LinkConfig, ofLinks: SocketsOfLinks): LinkSockets {
    if (entry.introduction === null || entry.introduction.server === null)
      return ofLinks.get(link) ?? NO_SOCKETS;
    const server = this.options.peers.get(entry.introduction.server);
    const beside = server?.config.links.find(({ id }) => id === link.id);
    return (beside === undefined ? undefined : ofLinks.get(beside)) ?? NO_SOCKETS;
  }

  private arrangeSockets(next: InterfaceConfig): SocketsOfLinks {
    const owners: LinkConfig[] = [];
    const needs: LocalNeed[] = [];
    for (const peer of [...next.peers, ...this.templates.all()]) {
      for (const link of peer.links) {
        if (peer.shutdown || link.shutdown || link.remote?.kind === 'via') continue;
        for (const family of familiesOf(link)) {
          owners.push(link);
          needs.push({ family, local: effectiveLink(next, link).local });
        }
      }
    }
    const ofLinks = new Map<LinkConfig, LinkSockets>();
    this.options.sockets.arrange(needs).forEach((socket, index) => {
      const [v4, v6] = ofLinks.get(owners[index]) ?? NO_SOCKETS;
      ofLinks.set(owners[index], needs[index].family === 6 ? [v4, socket] : [socket, v6]);
    });
    this.ofLinks = ofLinks;
    return ofLinks;
  }

  // --- clients --------------------------------------------------------------------------------------

  /** Gives a client the rows of its peer and its links. Its session follows. */
  addClient(row: number, client: Client, config: PeerConfig, parent: InterfaceConfig): PeerEntry {
    const entry = this.options.peers.add(config, row, client);
    this.setClient(entry, client, config, parent);
    return entry;
  }

  /** Other settings hold for a client. */
  setClient(entry: PeerEntry, client: Client, config: PeerConfig, parent: InterfaceConfig): void {
    entry.client = client;
    entry.config = config;
    this.sendPeer(entry, parent, Buffer.from(client.key, 'latin1'));
    this.setLinks(entry, parent, this.ofLinks);
  }

  /** Takes its rows from a client that has gone or is to go. */
  removeClient(entry: PeerEntry): void {
    this.removePeer(entry);
  }

  // --- direct peers -----------------------------------------------------------------------------------

  /**
   * Adds a peer that a server has introduced or that was found in the registry, or gives it other settings.
   * @throws RangeError with a sentence when its key is another peer's, or none.
   */
  setIntroduced(config: PeerConfig, introduction: Introduction, parent: InterfaceConfig): PeerEntry {
    const { peers, handshakes, routes } = this.options;
    const publicKey = parsePublicKey(config.publicKey as string);
    const entry = peers.get(config.name) ?? peers.add(config);
    entry.config = config;
    entry.introduction = introduction;
    this.sendPeer(entry, parent, publicKey);
    this.setLinks(entry, parent, this.ofLinks);
    if (!entry.admitted) {
      try {
        handshakes.addPeer({ id: entry.row, publicKey, mayInitiate: true });
      } catch (error) {
        this.removePeer(entry);
        throw error;
      }
    }
    entry.admitted = true;
    routes.refreshSoon();
    return entry;
  }

  removeIntroduced(entry: PeerEntry): void {
    this.removePeer(entry);
  }

  /** Whether a peer is the same as before, at most under another public key that no other peer has. */
  private keepsIdentity(entry: PeerEntry, next: PeerConfig, identity: Identity): boolean {
    const { publicKey, presharedKeyFile } = entry.config;
    if (presharedKeyFile !== next.presharedKeyFile) return false;
    if (publicKey === next.publicKey) return true;
    const { handshakes } = this.options;
    if (!entry.admitted || identity === null || handshakes.hasKey(identity.publicKey)) return false;
    handshakes.setPublicKey(entry.row, identity.publicKey);
    return true;
  }

  private removePeer(entry: PeerEntry): void {
    const { peers, datapath, handshakes } = this.options;
    if (entry.admitted) handshakes.removePeer(entry.row);
    datapath.send({ kind: 'peer-remove', row: entry.row });
    peers.remove(entry);
  }

  private setPeer(config: PeerConfig, next: InterfaceConfig, identity: Identity): PeerEntry {
    const { peers } = this.options;
    const entry = peers.get(config.name) ?? peers.add(config);
    entry.config = config;
    this.sendPeer(entry, next, identity?.publicKey ?? null);
    return entry;
  }

  private sendPeer(entry: PeerEntry, next: InterfaceConfig, publicKey: Uint8Array | null): void {
    const { row, config, client } = entry;
    const made = (): PeerTerms => {
      const port = portSettings(config, client === null ? staticMacs(next, config.name) : []);
      return { ...peerTerms(next, config), port: { ...port, direct: this.directSettings(entry, next) } };
    };
    const isAsTemplate = client !== null && client.vlan === undefined;
    const { policy, copies, duplicate, uplink, port } = isAsTemplate
      ? ofTemplate(this.clientPeers, config.links, made)
      : made();
    const name = publicKey === null ? 0 : relayName(publicKey);
    this.options.datapath.send({ kind: 'peer', row, name, policy, copies, duplicate, uplink, port });
  }

  /** What a peer has to do with other members. */
  private directSettings({ config, introduction }: PeerEntry, parent: InterfaceConfig): DirectSettings {
    const member = parent.registry === undefined ? 0 : ROLE.MEMBER;
    if (introduction !== null && introduction.server !== null) {
      const server = this.options.peers.get(introduction.server)?.row ?? NOT_DIRECT.server;
      return { roles: ROLE.DIRECT | member, server };
    }
    const roles =
      member |
      (config.direct === undefined ? 0 : ROLE.SERVER) |
      (effectiveIntroduce(parent, config) ? ROLE.CLIENT : 0);
    return { roles, server: NOT_DIRECT.server };
  }

  /** Adds a peer that can be talked to to the handshaker, or removes one that was shut down. */
  private admit(entry: PeerEntry, identity: Identity): void {
    const { handshakes } = this.options;
    const wanted = identity !== null && !entry.config.shutdown;
    if (entry.admitted && !wanted) handshakes.removePeer(entry.row);
    const mayInitiate = entry.config.links.some(
      ({ remote }) => remote !== undefined && remote.kind !== 'dynamic',
    );
    if (wanted && entry.admitted) {
      handshakes.setMayInitiate(entry.row, mayInitiate);
      handshakes.setPresharedKey(entry.row, identity.psk);
    } else if (wanted) handshakes.addPeer({ id: entry.row, mayInitiate, ...identity });
    entry.admitted = wanted;
    forgetIdentity(identity);
  }

  private setLinks(entry: PeerEntry, next: InterfaceConfig, ofLinks: SocketsOfLinks): void {
    const { peers, datapath } = this.options;
    const kept = new Set(entry.config.links.map(({ id }) => id));
    for (const id of entry.links.ids()) {
      if (kept.has(id)) continue;
      datapath.send({ kind: 'link-remove', peer: entry.row, id });
      peers.removeLink(entry, id);
    }
    for (const link of entry.config.links) {
      this.setLink(entry, next, link, this.socketsOf(entry, link, ofLinks));
    }
  }

  private setLink(entry: PeerEntry, next: InterfaceConfig, config: LinkConfig, sockets: LinkSockets): void {
    const { peers, datapath, routes } = this.options;
    const isClient = entry.client !== null;
    const made = () => placedLink(next, config, isClient);
    const placed = isClient ? ofTemplate(this.clientLinks, config, made) : made();
    const { place } = placed;
    const path = this.relayedPathOf(entry, config) ?? place.path;
    const link = entry.links.get(config.id) ?? peers.addLink(entry, config, path);
    const isRenamed = nameOf(config) !== nameOf(link.config) || zoneOf(config) !== zoneOf(link.config);
    const moved = path.some((word, index) => index < PATH_PLACE_WORDS && word !== link.configuredPath[index]);
    if (moved || isRenamed) {
      link.otherPath = null;
      link.isLearned = false;
    }
    link.config = config;
    link.sockets = sockets;
    link.configuredPath = path;
    link.routeMtu = routes.mtuOf(link) || link.routeMtu;
    link.routeDevice = null;
    const settings = isClient
      ? this.clientSettings(entry, link, placed)
      : this.settingsOfLink(entry, link, placed);
    datapath.send({ kind: 'link', peer: entry.row, id: config.id, row: link.row, settings });
  }

  /**
   * Settings of a client's link. While it has nothing that others of its template do not have, all get the same object: one that a
   * message to the worker has named before takes two bytes there, and no time.
   */
  private clientSettings(entry: PeerEntry, link: LinkEntry, placed: PlacedLink): LinkSettings {
    const isAsOthers = link.configuredPath === placed.place.path && !link.routeMtu && !link.drained;
    if (!isAsOthers) return this.settingsOfLink(entry, link, placed);
    if (placed.told === null || placed.told.sockets !== link.sockets)
      placed.told = { sockets: link.sockets, settings: this.settingsOfLink(entry, link, placed) };
    return placed.told.settings;
  }

  private settingsOfLink(entry: PeerEntry, link: LinkEntry, { effective, place }: PlacedLink): LinkSettings {
    const { config, sockets } = link;
    const isVia = config.remote?.kind === 'via';
    return linkSettings(effective, {
      sockets: isVia ? [RELAY_SOCKET, RELAY_SOCKET] : [sockets[0]?.row ?? -1, sockets[1]?.row ?? -1],
      local: place.local,
      path: link.configuredPath,
      zone: zoneOf(config),
      named: this.offeredEnds(entry, config, effective) ?? this.namedEnds(effective, link),
      routeMtu: link.routeMtu ?? 0,
      shutdown: config.shutdown === true || entry.config.shutdown === true,
      drain: link.drained || config.drain === true,
      paceByPeer: entry.client !== null,
    });
  }

  /** Where a direct peer may be, by what its server says. */
  private offeredEnds(
    { config: { name }, introduction }: PeerEntry,
    { id }: LinkConfig,
    effective: EffectiveLink,
  ): LinkSettings['named'] {
    const ends = introduction?.ends.get(id);
    return ends === undefined ? null : { name, paths: ends.map((end) => pathWords(end, effective)) };
  }

  /** Where the host name of a link's remote end leads: to ends for which there is a route, if there is one for any. */
  private namedEnds(effective: EffectiveLink, link: LinkEntry): LinkSettings['named'] {
    const { remote } = link.config;
    if (remote?.kind !== 'name') return null;
    const families = familiesOf(link.config);
    const all = this.options.names
      .of(remote.name)
      .addresses.map((address) => pathWords({ address, port: remote.port }, effective))
      .filter((words) => families.includes(words[PATH.FAMILY] === 6 ? 6 : 4));
    const reachable = all.filter((words) => this.options.routes.leadsTo(link, words));
    return { name: remote.name, paths: reachable.length > 0 ? reachable : all };
  }

  /** Null for a link that needs no relay, or whose relay or own key is unknown. */
  private relayedPathOf(entry: PeerEntry, { remote }: LinkConfig): number[] | null {
    const relay = remote?.kind === 'via' ? this.options.peers.get(remote.peer) : undefined;
    if (relay === undefined || entry.config.publicKey === undefined) return null;
    return relayedPath(relay.row, relayName(parsePublicKey(entry.config.publicKey)));
  }
}

/** What a peer's configuration means for the datapath. */
type PeerTerms = Omit<PeerSettings, 'name'>;

function peerTerms(next: InterfaceConfig, config: PeerConfig): Omit<PeerTerms, 'port'> {
  return {
    policy: effectivePolicy(next, config),
    copies: effectiveCopies(next, config),
    duplicate: effectiveDuplicate(next, config),
    uplink: uplinkSettings(config),
  };
}

/** A link's settings as they count, and its ends. */
interface PlacedLink {
  readonly effective: EffectiveLink;
  readonly place: Pick<LinkSettings, 'local' | 'path'>;
  /** What links of clients were told that are as their template says, with the sockets that they had. */
  told: { sockets: LinkSockets; settings: LinkSettings } | null;
}

function placedLink(next: InterfaceConfig, config: LinkConfig, isClient: boolean): PlacedLink {
  const effective = isClient ? clientLink(next, config) : effectiveLink(next, config);
  const path = pathWords(config.remote?.kind === 'address' ? config.remote : null, effective);
  const local = config.remote?.kind === 'via' ? null : localWish(effective.local);
  return { effective, place: { local, path }, told: null };
}

/** What is known under a key, or is made now. */
function ofTemplate<Key extends object, Value>(
  known: WeakMap<Key, Value>,
  key: Key,
  make: () => Value,
): Value {
  const found = known.get(key);
  if (found !== undefined) return found;
  const made = make();
  known.set(key, made);
  return made;
}

/** The interface that is named with a link-local remote end; null: none. */
function zoneOf({ remote }: LinkConfig): string | null {
  return (remote?.kind === 'address' ? remote.zone : undefined) ?? null;
}

/** The host names that links in service have for remote ends. */
function namesIn({ peers }: InterfaceConfig): string[] {
  return peers
    .filter(({ shutdown }) => !shutdown)
    .flatMap(({ links }) => links.filter(({ shutdown }) => !shutdown).map(nameOf))
    .filter((name) => name !== null);
}

/** A link of a client: its template says the shortest interval that the client may ask for, or it may ask for any. */
function clientLink(parent: InterfaceConfig, link: LinkConfig): EffectiveLink {
  const effective = effectiveLink(parent, link);
  return link.timers === undefined ? { ...effective, interval: 0 } : effective;
}
