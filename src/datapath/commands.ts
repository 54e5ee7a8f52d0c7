/** What the control thread may ask of the engine, command by command. */

import type { MacRow } from '../contract/answers.js';
import type { DatapathCommand } from '../contract/commands.js';
import { PATH } from '../contract/ops.js';
import type { DatapathSettings, LinkSettings } from '../contract/settings.js';
import { INTERFACE, LINK, LINK_WIDTH, PEER, PEER_WIDTH } from '../contract/stats.js';
import { explainFlows } from '../link/lane/explain-flows.js';
import { NO_LINK } from '../state/peers.js';
import { NO_SESSION } from '../state/sessions.js';
import { MAX_LINKS } from '../wire/header.js';
import { RELAY_FAMILY } from '../wire/overhead.js';
import type { Assembly } from './assembly.js';

export class Commands {
  constructor(private readonly parts: Assembly) {}

  run(command: DatapathCommand, now: number): void {
    switch (command.kind) {
      case 'socket':
        return this.parts.sockets.set(command.row, command.settings);
      case 'socket-close':
        return this.parts.sockets.remove(command.row);
      case 'peer':
        return this.addPeer(command, now);
      case 'peer-remove':
        return this.removePeer(command.row, now);
      case 'link':
        return this.setLink(command.peer, command.id, command.row, command.settings, now);
      case 'link-drain':
        if (this.parts.links.has(command.row)) this.parts.monitor.drain(command.row, command.drain, now);
        return this.parts.transmit.flush();
      case 'link-remove':
        return this.removeLink(command.peer, command.id, now);
      case 'route-mtu':
        if (this.parts.links.has(command.row)) this.parts.mtu.routeChanged(command.row, command.mtu, now);
        return;
      case 'session':
        return this.installSession(command);
      case 'session-send':
        return this.useSession(command.peer, command.slot, now);
      case 'session-stop':
        return this.stopSending(command.peer, now);
      case 'session-retire':
        return this.retireSession(command.slot, now);
      case 'send-raw':
        return this.sendRaw(command.bytes, command.path.socket, command.path.words, now);
      case 'send-raw-peer':
        return this.sendRawToPeer(command.peer, command.bytes, now);
      case 'echo':
        return this.echo(command, now);
      case 'carrier':
        this.parts.underlay.carrier(command.ifindex, command.up, now);
        return this.parts.transmit.flush();
      case 'address':
        this.parts.underlay.address(command.family, command.words, command.present, command.ifindex, now);
        return this.parts.transmit.flush();
      case 'settings':
        return this.applySettings(command.settings);
      case 'mac-table':
        return this.parts.io.emit({ kind: 'answer', id: command.id, result: this.macRows(now) });
      case 'explain':
        return this.explain(command.id, command.peer, now);
      case 'explain-flows':
        return this.explainFlows(command.id, command.peer, now);
      case 'clear-counters':
        return this.clearCounters();
      case 'goodbye':
        return this.goodbye(now);
    }
  }

  applySettings(settings: DatapathSettings): void {
    this.parts.macs.setAgeing(settings.macAgeingS * 1e6);
    if (this.parts.macs.limit !== settings.macLimit) this.parts.macs.setLimit(settings.macLimit);
    this.parts.outbound.mssClamp = settings.mssClamp;
    this.parts.mtu.raiseUs = settings.mtuRaiseS * 1e6;
    this.parts.relay.allowed = settings.relay;
    this.parts.transmit.rings.setLimits(settings.resendBytes, settings.resendAgeUs);
    this.parts.delivery.tapChecksum = settings.tapChecksum;
    this.parts.delivery.tapTso = settings.tapTso;
    this.parts.delivery.tapUso = settings.tapUso;
  }

  private addPeer(command: Extract<DatapathCommand, { kind: 'peer' }>, now: number): void {
    const { row, policy, copies, name } = command;
    if (row >= this.parts.stats.shape.peers) this.parts.growStats(row + 1, this.parts.stats.shape.links);
    const fresh = !this.parts.peers.has(row);
    if (fresh) this.parts.stats.clearPeer(row);
    this.parts.peers.add(row, policy, copies, name);
    this.parts.peers.setDuplicates(row, command.duplicate);
    this.parts.monitor.peerChanged(row, fresh, now);
  }

  private removePeer(row: number, now: number): void {
    for (let id = 0; id < MAX_LINKS; id++) this.removeLink(row, id, now);
    this.parts.macs.flushPort(row, true);
    this.parts.reassembly.forgetPeer(row);
    this.parts.transmit.rings.release(row);
    this.parts.adaptive.forgetPeer(row);
    this.parts.peers.remove(row);
  }

  private setLink(peer: number, id: number, row: number, settings: LinkSettings, now: number): void {
    if (!this.parts.peers.has(peer)) return;
    if (row >= this.parts.stats.shape.links) this.parts.growStats(this.parts.stats.shape.peers, row + 1);
    const fresh = !this.parts.links.has(row);
    if (fresh) this.parts.stats.clearLink(row);
    const moved = this.parts.links.configure(row, peer, id, settings);
    this.parts.peers.links[peer * MAX_LINKS + id] = row;
    this.parts.monitor.configure(row, settings, fresh);
    if (moved) this.parts.underlay.lookForCarrier(row);
    if (this.parts.peers.session[peer] >= 0 && this.parts.peers.lastLink[peer] < 0) {
      this.parts.peers.lastLink[peer] = row;
    }
    this.parts.mtu.configure(row, settings.mtu, settings.routeMtu, moved);
    this.parts.stats.links[row * LINK_WIDTH + LINK.holdUs] = settings.holdUs;
    if (settings.shutdown) this.parts.monitor.stop(row, now);
    else {
      if (moved) this.parts.monitor.down(row, 'path-moved', now);
      // Not before: frames shall not come back to a path that is about to go.
      this.parts.monitor.drain(row, settings.drain, now);
      this.parts.monitor.start(row, now);
    }
    this.parts.monitor.reselect(peer, now);
  }

  private removeLink(peer: number, id: number, now: number): void {
    const row = this.parts.peers.has(peer) ? this.parts.peers.linkOf(peer, id) : NO_LINK;
    if (row < 0) return;
    this.parts.monitor.stop(row, now);
    this.parts.mtu.forget(row);
    this.parts.rebuilder.forget(row);
    this.parts.peers.links[peer * MAX_LINKS + id] = NO_LINK;
    if (this.parts.peers.lastLink[peer] === row) {
      const heir = this.anyLink(peer);
      this.parts.peers.lastLink[peer] = heir;
      if (heir >= 0 && this.parts.peers.activeLink[peer] < 0) this.parts.transmit.handOver(row, heir, now);
    }
    this.parts.links.remove(row);
    this.parts.adaptive.forgetLink(row);
    this.parts.monitor.reselect(peer, now);
  }

  /** The first link that a peer is configured with, whether it works or not: frames can wait for it. */
  private anyLink(peer: number): number {
    const { peers } = this.parts;
    for (let id = 0; id < MAX_LINKS; id++) if (peers.linkOf(peer, id) >= 0) return peers.linkOf(peer, id);
    return NO_LINK;
  }

  private installSession(command: Extract<DatapathCommand, { kind: 'session' }>): void {
    const { peer, slot } = command;
    if (!this.parts.peers.has(peer)) return;
    // What was acknowledged of an earlier session in this slot says nothing of the new one.
    for (let id = 0; id < MAX_LINKS; id++) {
      const link = this.parts.peers.linkOf(peer, id);
      if (link >= 0 && this.parts.links.ackSession[link] === slot)
        this.parts.links.ackSession[link] = NO_SESSION;
    }
    this.parts.reorder.close(slot);
    this.parts.rebuilder.forgetSession(slot);
    this.parts.sessions.install(
      slot,
      peer,
      command.localIndex,
      command.remoteIndex,
      command.sealKey,
      command.openKey,
    );
  }

  private useSession(peer: number, slot: number, now: number): void {
    if (!this.parts.peers.has(peer) || !this.parts.sessions.isLive(slot)) return;
    this.parts.peers.session[peer] = slot;
    this.parts.adaptive.sessionChanged(peer);
    this.parts.stats.peers[peer * PEER_WIDTH + PEER.sessionSlot] = slot;
    if (this.parts.peers.lastLink[peer] < 0) this.parts.peers.lastLink[peer] = this.anyLink(peer);
    // A beat on every link, due at once: it confirms the session to the responder and finds the links that work.
    for (let id = 0; id < MAX_LINKS; id++) {
      const link = this.parts.peers.linkOf(peer, id);
      if (link >= 0) this.parts.monitor.start(link, now);
    }
  }

  private retireSession(slot: number, now: number): void {
    if (!this.parts.sessions.isLive(slot)) return;
    const peer = this.parts.sessions.peer[slot];
    this.parts.reorder.close(slot);
    this.parts.sessions.retire(slot);
    if (this.parts.peers.session[peer] === slot) this.stopSending(peer, now);
  }

  private stopSending(peer: number, now: number): void {
    if (!this.parts.peers.has(peer)) return;
    this.parts.peers.session[peer] = NO_SESSION;
    this.parts.peers.lastLink[peer] = NO_LINK;
    this.parts.stats.peers[peer * PEER_WIDTH + PEER.sessionSlot] = NO_SESSION;
    this.parts.monitor.peerLost(peer, 'session-lost', now);
    this.parts.macs.flushPort(peer);
  }

  private sendRaw(bytes: Uint8Array, socket: number, words: readonly number[], now: number): void {
    const offset = this.parts.transmit.reserve(bytes.length);
    this.parts.arena.bytes.set(bytes, offset);
    this.parts.transmit.commit(bytes.length);
    const scratch = this.parts.links.scratchPath * PATH.WORDS;
    this.parts.links.paths.set(words, scratch);
    if (words[PATH.FAMILY] === RELAY_FAMILY) {
      this.parts.relay.sendByPath(this.parts.links.paths, scratch, offset, bytes.length, now);
    } else {
      this.parts.transmit.sendByPath(this.parts.sockets.fd(socket), offset, bytes.length);
    }
    this.parts.transmit.flush();
  }

  private sendRawToPeer(peer: number, bytes: Uint8Array, now: number): void {
    for (let id = 0; id < MAX_LINKS; id++) {
      const link = this.parts.peers.linkOf(peer, id);
      if (link < 0 || !this.parts.links.hasRemote(link) || this.parts.links.shutdown[link]) continue;
      const base = link * PATH.WORDS;
      this.sendRaw(
        bytes,
        this.parts.links.socket[link],
        [...this.parts.links.paths.subarray(base, base + PATH.WORDS)],
        now,
      );
    }
  }

  private echo(command: Extract<DatapathCommand, { kind: 'echo' }>, now: number): void {
    const { peer, id, sequence } = command;
    if (!this.parts.peers.has(peer)) return;
    const link = command.link < 0 ? NO_LINK : this.parts.peers.linkOf(peer, command.link);
    if (command.link >= 0 && link < 0) return;
    this.parts.control.echo(peer, link, id, sequence, command.size, now);
  }

  private goodbye(now: number): void {
    for (const peer of this.parts.peers.rows) this.parts.control.goodbye(peer, now);
    this.parts.transmit.flush();
  }

  private explain(id: number, peer: number, now: number): void {
    const result = this.parts.peers.has(peer) ? this.parts.monitor.explain(peer, now) : null;
    this.parts.io.emit({ kind: 'answer', id, result });
  }

  private explainFlows(id: number, peer: number, now: number): void {
    const { peers, links, flows, adaptive } = this.parts;
    const result = peers.has(peer) ? explainFlows(peers, links, flows, adaptive, peer, now) : null;
    this.parts.io.emit({ kind: 'answer', id, result });
  }

  private macRows(now: number): MacRow[] {
    const rows: MacRow[] = [];
    this.parts.macs.entries(now, (vlan, high, low, port, ageUs) => {
      rows.push({ vlan, high, low: low >>> 0, port, ageUs });
    });
    return rows;
  }

  private clearCounters(): void {
    const counters = this.parts.stats.interface;
    const kept = [INTERFACE.handshakesGiven, INTERFACE.handshakesTaken].map((index) => counters[index]);
    counters.fill(0);
    counters[INTERFACE.handshakesGiven] = kept[0];
    counters[INTERFACE.handshakesTaken] = kept[1];
    this.parts.stats.drops.fill(0);
    this.parts.reassembly.evicted = 0;
    this.parts.reassembly.expired = 0;
    for (const peer of this.parts.peers.rows) {
      const base = peer * PEER_WIDTH;
      this.parts.stats.peers.fill(0, base + PEER.txFrames, base + PEER.rxBytes + 1);
    }
    for (let link = 0; link < this.parts.links.capacity; link++) {
      if (!this.parts.links.has(link)) continue;
      const base = link * LINK_WIDTH;
      this.parts.stats.links.fill(0, base + LINK.txDatagrams, base + LINK.sendErrors + 1);
      this.parts.stats.links[base + LINK.transitions] = 0;
    }
  }
}
