/** Peers, links and sessions come and go: their rows, and whoever keeps something for them. */
import type { DatapathCommand } from '../contract/commands.js';
import { PEER, PEER_WIDTH } from '../contract/stats.js';
import { NO_LINK } from '../state/peers.js';
import { NO_SESSION } from '../state/sessions.js';
import { MAX_LINKS } from '../wire/header.js';
import type { Assembly } from './assembly.js';

type CommandOf<Kind extends DatapathCommand['kind']> = Extract<DatapathCommand, { kind: Kind }>;

export class Rows {
  constructor(private readonly parts: Assembly) {}

  // --- peers ----------------------------------------------------------------------------------------

  addPeer(command: CommandOf<'peer'>, now: number): void {
    const { row, policy, copies, name } = command;
    const { stats, tables, link } = this.parts;
    if (row >= stats.shape.peers) this.parts.growStats(row + 1, stats.shape.links);
    const fresh = !tables.peers.has(row);
    if (fresh) stats.clearPeer(row);
    tables.peers.add(row, policy, copies, name);
    tables.peers.setDuplicates(row, command.duplicate);
    this.parts.guards.set(row, command.port.guard);
    this.parts.snooping.setPeer(row, command.port.multicastRouter, now);
    if (command.port.guard?.multicastRouter) this.parts.snooping.disbelieve(row);
    this.parts.switchPorts.set(row, command.port);
    this.parts.switchPorts.directs.set(row, command.port.direct);
    this.parts.storm.set(row, command.port.storm, now);
    // What was learned of other VLANs there is out of date.
    if (this.parts.vlans.set(row, command.port.vlan)) this.parts.macs.flushPort(row);
    this.parts.macs.limits.set(row, command.port.macLimit);
    this.parts.macs.setStatics(row, command.port.statics);
    link.uplinks.configure(row, command.uplink, now);
    link.life.peerChanged(row, fresh, now);
  }

  removePeer(peer: number, now: number): void {
    for (let id = 0; id < MAX_LINKS; id++) this.removeLink(peer, id, now);
    for (const owner of this.parts.owners) owner.peerRemoved?.(peer);
    this.parts.tables.peers.remove(peer);
  }

  // --- links ----------------------------------------------------------------------------------------

  setLink(command: CommandOf<'link'>, now: number): void {
    const { peer, id, row, settings } = command;
    const { stats, tables, link } = this.parts;
    const { peers, links } = tables;
    if (!peers.has(peer)) return;
    if (row >= stats.shape.links) this.parts.growStats(stats.shape.peers, row + 1);
    const fresh = !links.has(row);
    if (fresh) stats.clearLink(row);
    const isRenamed = link.placement.isRenamed(row, settings);
    const moved = links.configure(row, peer, id, settings) || isRenamed;
    peers.setLink(peer, id, row);
    link.life.configure(row, settings, fresh);
    link.pace.configure(row, settings);
    link.placement.configure(row, settings, moved);
    link.life.settle(now);
    if (peers.session[peer] >= 0 && peers.lastLink[peer] < 0) peers.lastLink[peer] = row;
    link.mtu.configure(row, settings.mtu, settings.routeMtu, moved);
    if (settings.shutdown) link.life.stop(row, 'administratively-down', now);
    else {
      if (moved) link.life.down(row, 'path-moved', now);
      // Not before: frames shall not come back to a path that is about to go.
      link.life.drain(row, settings.drain, now);
      link.life.start(row, now);
    }
    link.changes.reselect(peer, now);
  }

  removeLink(peer: number, id: number, now: number): void {
    const { peers, links } = this.parts.tables;
    const row = peers.has(peer) ? peers.linkOf(peer, id) : NO_LINK;
    if (row < 0) return;
    this.parts.link.life.stop(row, 'removed', now);
    peers.setLink(peer, id, NO_LINK);
    if (peers.lastLink[peer] === row) {
      // Frames can wait for any link that is configured, whether it works or not.
      const heir = peers.nextLink(peer);
      peers.lastLink[peer] = heir;
      if (heir >= 0 && peers.activeLink[peer] < 0) this.parts.transmit.handOver(row, heir, now);
    }
    links.remove(row);
    for (const owner of this.parts.owners) owner.linkRemoved?.(row);
    this.parts.link.changes.reselect(peer, now);
  }

  // --- sessions -------------------------------------------------------------------------------------

  installSession(command: CommandOf<'session'>): void {
    const { peer, slot } = command;
    const { peers, links, sessions } = this.parts.tables;
    if (!peers.has(peer)) return;
    // What was acknowledged of an earlier session in this slot says nothing of the new one.
    for (let link = peers.nextLink(peer); link >= 0; link = peers.nextLink(peer, link)) {
      if (links.ackSession[link] === slot) links.setAcknowledged(link, NO_SESSION, -1, -1);
    }
    for (const owner of this.parts.owners) owner.sessionRetired?.(slot);
    sessions.install(slot, command);
  }

  useSession(peer: number, slot: number, now: number): void {
    const { peers, sessions } = this.parts.tables;
    if (!peers.has(peer) || !sessions.isLive(slot)) return;
    if (peers.session[peer] < 0) this.parts.guard.cameUp(peer, now);
    peers.session[peer] = slot;
    this.parts.link.lanes.sessionChanged(peer);
    this.parts.link.uplinks.sessionChanged(peer);
    this.parts.stats.peers[peer * PEER_WIDTH + PEER.sessionSlot] = slot;
    if (peers.lastLink[peer] < 0) peers.lastLink[peer] = peers.nextLink(peer);
    // A heartbeat on every link, due at once: it confirms the session to the responder and finds the links that work.
    this.parts.link.life.startAll(peer, now);
    this.parts.link.roaming.sessionCame(peer, now);
  }

  retireSession(slot: number, now: number): void {
    const { peers, sessions } = this.parts.tables;
    if (!sessions.isLive(slot)) return;
    const peer = sessions.peer[slot];
    for (const owner of this.parts.owners) owner.sessionRetired?.(slot);
    sessions.retire(slot);
    if (peers.session[peer] === slot) this.stopSending(peer, now);
  }

  stopSending(peer: number, now: number): void {
    const { peers } = this.parts.tables;
    if (!peers.has(peer)) return;
    peers.session[peer] = NO_SESSION;
    peers.lastLink[peer] = NO_LINK;
    this.parts.stats.peers[peer * PEER_WIDTH + PEER.sessionSlot] = NO_SESSION;
    this.parts.link.life.peerLost(peer, 'session-lost', now);
    this.parts.link.directs.fallBack(peer);
    this.parts.macs.flushPort(peer);
  }
}
