/**
 * Direct peers: clients of our server that it has introduced. When a direct link comes up, our stations are announced by it,
 * so that frames for them come that way; when nothing leads to a direct peer any more, its stations are reached by the server
 * again, in the same turn.
 */
import { readU16, readU32, writeU16, writeU32 } from '../../base/bytes.js';
import { Columns, uint8 } from '../../base/columns.js';
import { ROLE } from '../../contract/directs.js';
import { DROP } from '../../contract/drops.js';
import { AT_REST, IS_AT_REST } from '../../contract/uplinks.js';
import type { Datagram } from '../../state/datagram.js';
import { type Directs, STATION } from '../../switch/directs.js';
import { KIND } from '../../wire/header.js';
import { STATION_LEFT } from '../../wire/station-left.js';
import type { LinkBase, PeerWatch } from '../ports.js';
import type { Reader } from './control.js';

const NO_PEER = -1;

export class DirectWays implements PeerWatch, Reader {
  /** 1 for direct peers to which our stations were announced since a direct link came up. */
  told = uint8();
  private readonly columns = new Columns(this, 'peers');

  /** `next` hears of everything as well. */
  constructor(
    private readonly base: LinkBase,
    private readonly directs: Directs,
    private readonly next: PeerWatch,
  ) {}

  changed(peer: number, now: number): void {
    this.next.changed(peer, now);
    if (!this.directs.isOn) return;
    const roles = this.directs.rolesOf(peer);
    if ((roles & ROLE.DIRECT) !== 0) this.directChanged(peer);
    if ((roles & ROLE.SERVER) !== 0) this.serverChanged();
  }

  silent(peer: number, now: number): void {
    this.next.silent(peer, now);
    this.fallBack(peer);
  }

  peerRemoved(peer: number): void {
    if (peer < this.columns.capacity) this.columns.reset(peer);
  }

  /** Reaches the stations of a direct peer by a server from now on, if there is one that can be reached. */
  fallBack(peer: number): void {
    if (!this.directs.isOn || !this.directs.isDirect(peer)) return;
    const server = this.serverFor(peer);
    if (server >= 0) this.base.ports.stations.fallBack(peer, server);
  }

  /** A direct peer will be removed: its stations are reached by the server, whatever still comes from it. */
  leave(peer: number): void {
    this.fallBack(peer);
    this.base.tables.peers.rests[peer] |= AT_REST.UPLINK;
  }

  /** Announces our stations to a direct peer once more, if it is reached directly. */
  announce(peer: number): void {
    const { peers } = this.base.tables;
    if (!peers.has(peer) || !this.directs.isDirect(peer) || peer >= this.columns.capacity) return;
    if (this.told[peer] === 1) this.base.ports.stations.announce(peer);
  }

  /** Tells direct peers of stations that have come to us or left. */
  tellStations(now: number): void {
    const { directs } = this;
    if (directs.changeCount === 0) return;
    for (let at = 0; at < directs.changeCount * STATION.WORDS; at += STATION.WORDS) {
      for (const peer of directs.rows) this.tellOf(peer, at, now);
    }
    directs.changeCount = 0;
  }

  /** Tells a direct peer of one. What it does not know to be here, it has from the server. */
  private tellOf(peer: number, at: number, now: number): void {
    const { changes } = this.directs;
    const vlan = changes[at + STATION.VLAN];
    const high = changes[at + STATION.HIGH];
    const low = changes[at + STATION.LOW];
    if (changes[at + STATION.IS_HERE] === 0) this.tellLeft(peer, vlan, high, low, now);
    else if (this.told[peer] === 1) this.base.ports.stations.announceOne(peer, vlan, high, low);
  }

  private tellLeft(peer: number, vlan: number, high: number, low: number, now: number): void {
    const { peers } = this.base.tables;
    const by = peers.activeLink[peer];
    const slot = peers.session[peer];
    if (by < 0 || slot < 0) return;
    const { messages } = this.base.ports;
    const body = messages.open(KIND.STATION_LEFT, STATION_LEFT.BYTES);
    const { bytes } = this.base.arena;
    writeU16(bytes, body + STATION_LEFT.VLAN, vlan);
    writeU16(bytes, body + STATION_LEFT.STATION, high);
    writeU32(bytes, body + STATION_LEFT.STATION + 2, low);
    messages.send(slot, by, now);
  }

  /** A station has left a direct peer: it is reached by the server until it is heard. */
  heard(datagram: Datagram): void {
    const { peer, body } = datagram;
    if (!this.directs.isDirect(peer)) return this.base.drops.message(DROP['member-unasked'], datagram);
    const { bytes } = this.base.arena;
    const at = body + STATION_LEFT.STATION;
    const vlan = readU16(bytes, body + STATION_LEFT.VLAN) & 0xfff;
    this.base.ports.stations.left(peer, vlan, readU16(bytes, at), readU32(bytes, at + 2));
  }

  private directChanged(peer: number): void {
    const { peers, links } = this.base.tables;
    this.columns.ensure(peer + 1);
    const active = peers.activeLink[peer];
    if (active < 0) {
      this.told[peer] = 0;
      this.fallBack(peer);
    } else if (this.told[peer] === 0 && !links.isRelayed(active)) {
      this.told[peer] = 1;
      this.base.ports.stations.announce(peer);
    }
  }

  private serverChanged(): void {
    for (const peer of this.directs.rows) {
      if (this.base.tables.peers.activeLink[peer] < 0) this.fallBack(peer);
    }
  }

  /** The server that introduced a peer, or another one that can be reached. */
  private serverFor(peer: number): number {
    const own = this.directs.serverOf(peer);
    if (this.carries(own)) return own;
    return this.directs.serverRows.find((server) => this.carries(server)) ?? NO_PEER;
  }

  private carries(server: number): boolean {
    const { peers } = this.base.tables;
    if (!peers.has(server) || peers.session[server] < 0 || peers.activeLink[server] < 0) return false;
    return (peers.rests[server] & IS_AT_REST) === 0;
  }
}
