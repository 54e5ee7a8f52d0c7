/** What the control thread may ask of the engine, command by command. */

import type { DataSent } from '../contract/answers.js';
import type { DatapathCommand } from '../contract/commands.js';
import { isAlive } from '../contract/link-states.js';
import type { KernelFact } from '../contract/place.js';
import type { DatapathSettings } from '../contract/settings.js';
import { IS_AT_REST } from '../contract/uplinks.js';
import { explainPeer } from '../link/choice/explain.js';
import { explainFlows } from '../link/lane/explain-flows.js';
import { NOTHING_SENT } from '../link/life/bandwidth-tests.js';
import { PATH } from '../native/ops.js';
import { NO_LINK } from '../state/peers.js';
import { recallStations } from '../switch/known-stations.js';
import { clearMacs, macStretch, vlanRows } from '../switch/mac-rows.js';
import { LOCAL_PORT } from '../switch/mac-table.js';
import { recallMulticast } from '../switch/multicast/known-multicast.js';
import { multicastStretch } from '../switch/multicast/state.js';
import { RELAY_FAMILY } from '../wire/overhead.js';
import type { Assembly } from './assembly.js';
import { clearCounters } from './clear-counters.js';
import { Rows } from './rows.js';
import { rowsHeld } from './rows-held.js';

export class Commands {
  private readonly rows: Rows;
  /** Whether the operator wants the loop guard; null: while the TAP is in a bridge. */
  private loopGuard: boolean | null = null;
  private isBridged = false;

  constructor(private readonly parts: Assembly) {
    this.rows = new Rows(parts);
  }

  run(command: DatapathCommand, now: number): void {
    const { tables, link, transmit } = this.parts;
    switch (command.kind) {
      case 'socket':
        return tables.sockets.set(command.row, command.settings);
      case 'socket-close':
        return tables.sockets.remove(command.row);
      case 'peer':
        return this.rows.addPeer(command, now);
      case 'peer-remove':
        return this.rows.removePeer(command.row, now);
      case 'link':
        return this.rows.setLink(command, now);
      case 'link-drain':
        if (tables.links.has(command.row)) link.life.drain(command.row, command.drain, now);
        return transmit.flush();
      case 'link-remove':
        return this.rows.removeLink(command.peer, command.id, now);
      case 'route':
        return this.routeChanged(command, now);
      case 'session':
        return this.rows.installSession(command);
      case 'session-send':
        return this.rows.useSession(command.peer, command.slot, now);
      case 'session-stop':
        return this.rows.stopSending(command.peer, now);
      case 'session-retire':
        return this.rows.retireSession(command.slot, now);
      case 'send-raw':
        return this.sendRaw(command.bytes, command.path.socket, command.path.words, now);
      case 'send-raw-peer':
        return this.sendRawToPeer(command.peer, command.bytes, now);
      case 'echo':
        return this.echo(command, now);
      case 'trace':
        return this.trace(command, now);
      case 'bandwidth-message':
        return link.bandwidth.send(command.peer, command.bytes, now);
      case 'bandwidth-data':
        return this.answer(command.id, this.bandwidthData(command, now));
      case 'bandwidth-receive':
        return link.bandwidth.receive(command.peer, command.test);
      case 'bandwidth-reception':
        return this.answer(command.id, link.bandwidth.reception(command.peer));
      case 'kernel':
        for (const fact of command.facts) {
          link.placement.fact(fact, now);
          this.noteBridge(fact, now);
        }
        link.life.settle(now);
        return transmit.flush();
      case 'ipv6':
        link.placement.ipv6(command.isThere);
        link.life.settle(now);
        return transmit.flush();
      case 'settings':
        return this.settingsChanged(command.settings, now);
      case 'memory':
        return this.answer(command.id, rowsHeld(this.parts, command.links));
      case 'guards':
        return this.answer(command.id, this.parts.guards.stretch(command.from, command.ports, now));
      case 'multicast':
        return this.answer(
          command.id,
          multicastStretch(this.parts.snooping, command.from, command.rows, now),
        );
      case 'vlans':
        return this.answer(command.id, vlanRows(this.parts.macs));
      case 'mac-table':
        return this.answer(command.id, macStretch(this.parts.macs, command, now));
      case 'mac-clear':
        return this.answer(command.id, clearMacs(this.parts.macs, command, now));
      case 'neighbours':
        return this.answer(command.id, this.parts.suppression.stretch(command.from, command.rows, now));
      case 'explain':
        return this.answer(command.id, this.explain(command.peer, now));
      case 'explain-flows':
        return this.answer(command.id, this.explainFlows(command.peer, now));
      case 'uplinks':
        return this.answer(command.id, link.uplinks.status(now));
      case 'capture':
        return this.parts.observer.start(command.id, command);
      case 'capture-end':
        return this.parts.observer.stop(command.id);
      case 'clear-counters':
        return this.answer(command.id, clearCounters(this.parts, command));
      case 'member':
        link.members.send(command.peer, command.bytes, now);
        return transmit.flush();
      case 'announce':
        return command.isAgain ? link.directs.announce(command.peer) : this.announce(command.peer);
      case 'found-before':
        return link.life.foundBefore(command.row, command.words, now);
      case 'stations':
        return recallStations(this.parts.macs, command.stations, (port) => this.mayLearn(port), now);
      case 'stations-forget':
        if (tables.peers.has(command.peer) && tables.peers.session[command.peer] < 0)
          this.parts.macs.flushPort(command.peer);
        return;
      case 'multicast-recall':
        return recallMulticast(this.parts.snooping, command.known, (port) => this.mayLearn(port), now);
      case 'goodbye':
        if (command.peer !== undefined) this.leave(command.peer, now);
        else for (let at = 0; at < tables.peers.count; at++) link.notices.goodbye(tables.peers.rows[at], now);
        return transmit.flush();
    }
  }

  /** A peer will be removed: from now on its stations are reached by the server that introduced it, if one did. */
  private leave(peer: number, now: number): void {
    if (!this.parts.tables.peers.has(peer)) return;
    this.parts.link.directs.leave(peer);
    this.parts.link.notices.goodbye(peer, now);
  }

  /** Whether stations are learned at a port: not at a peer that is gone or stands by. */
  private mayLearn(port: number): boolean {
    const { peers } = this.parts.tables;
    return port === LOCAL_PORT || (peers.has(port) && (peers.rests[port] & IS_AT_REST) === 0);
  }

  private announce(peer: number): void {
    if (this.mayLearn(peer)) this.parts.announcer.announce(peer);
  }

  private settingsChanged(settings: DatapathSettings, now: number): void {
    this.applySettings(settings, now);
    this.parts.link.uplinks.sweep(now);
    this.parts.transmit.flush();
  }

  /** The TAP joined a bridge, or left it. */
  private noteBridge(fact: KernelFact, now: number): void {
    if (fact.what !== 'interface' || fact.index !== this.parts.tap) return;
    this.isBridged = fact.facts.master !== 0;
    this.setGuard(now);
  }

  private setGuard(now: number): void {
    this.parts.guard.set(this.loopGuard ?? this.isBridged, now);
  }

  applySettings(settings: DatapathSettings, now: number): void {
    const { macs, bridge, vlans, outbound, link, relay, transmit, delivery } = this.parts;
    const { macAgeingS, macLimit, statics, loopGuard, arpSuppression, reserved, vlan } = settings.switch;
    bridge.reserved = reserved;
    this.loopGuard = loopGuard;
    this.setGuard(now);
    macs.setAgeing(macAgeingS * 1e6, now);
    this.parts.suppression.set(arpSuppression ? macAgeingS * 1e6 : 0);
    if (macs.limit !== macLimit) macs.setLimit(macLimit);
    if (vlans.set(LOCAL_PORT, vlan)) macs.flushPort(LOCAL_PORT);
    macs.setStatics(LOCAL_PORT, statics);
    outbound.mssClamp = settings.mssClamp;
    link.beats.tapMtu = settings.tapMtu;
    link.echoes.version = settings.version;
    link.uplinks.setGroups(settings.uplinkGroups);
    link.pace.setBudget(settings.heartbeatBudget);
    link.mtu.raiseUs = settings.mtuRaiseS * 1e6;
    relay.allowed = settings.relay;
    this.parts.snooping.configure(settings.multicast, now);
    transmit.setGso(settings.udpGso);
    transmit.rings.setLimits(settings.resendBytes, settings.resendAgeUs);
    delivery.tapChecksum = settings.tapChecksum;
    delivery.tapTso = settings.tapTso;
    delivery.tapUso = settings.tapUso;
    delivery.tapTunnel = settings.tapTunnel;
  }

  private routeChanged({ row, mtu, route }: Extract<DatapathCommand, { kind: 'route' }>, now: number): void {
    const { tables, link, transmit } = this.parts;
    if (!tables.links.has(row)) return;
    if (mtu > 0) link.mtu.routeChanged(row, mtu, now);
    link.placement.route(row, route);
    link.life.settle(now);
    transmit.flush();
  }

  // --- sending --------------------------------------------------------------------------------------

  private sendRaw(bytes: Uint8Array, socket: number, words: ArrayLike<number>, now: number): void {
    const { arena, tables, relay, transmit } = this.parts;
    const { links, sockets } = tables;
    const offset = transmit.reserve(bytes.length);
    arena.bytes.set(bytes, offset);
    transmit.commit(bytes.length);
    const scratch = links.pathOf(links.scratchPath);
    links.paths.set(words, scratch);
    if (words[PATH.FAMILY] === RELAY_FAMILY) {
      relay.sendByPath(links.paths, scratch, offset, bytes.length, now);
    } else {
      transmit.sendByPath(sockets.fd(socket), offset, bytes.length);
    }
    transmit.flush();
  }

  private sendRawToPeer(peer: number, bytes: Uint8Array, now: number): void {
    const { peers, links } = this.parts.tables;
    for (let link = peers.nextLink(peer); link >= 0; link = peers.nextLink(peer, link)) {
      if (!links.hasPath(link)) continue;
      const path = links.pathOf(link);
      this.sendRaw(bytes, links.socket[link], links.paths.slice(path, path + PATH.WORDS), now);
      if (isAlive(links.state[link])) continue;
      for (const { socket, words } of this.parts.link.placement.othersOf(link)) {
        if (socket >= 0) this.sendRaw(bytes, socket, words, now);
      }
    }
  }

  private echo(command: Extract<DatapathCommand, { kind: 'echo' }>, now: number): void {
    const { peer } = command;
    const { peers } = this.parts.tables;
    if (!peers.has(peer)) return;
    const link = command.link < 0 ? NO_LINK : peers.linkOf(peer, command.link);
    if (command.link >= 0 && link < 0) return;
    this.parts.link.echoes.ask(peer, link, command, now);
  }

  private trace(command: Extract<DatapathCommand, { kind: 'trace' }>, now: number): void {
    const { peers } = this.parts.tables;
    if (!peers.has(command.peer)) return;
    const link = peers.linkOf(command.peer, command.link);
    if (link >= 0) this.parts.link.traces.ask(link, command, now);
  }

  private bandwidthData(
    command: Extract<DatapathCommand, { kind: 'bandwidth-data' }>,
    now: number,
  ): DataSent {
    const { peers } = this.parts.tables;
    const { peer } = command;
    if (!peers.has(peer)) return NOTHING_SENT;
    const link = command.link < 0 ? peers.activeLink[peer] : peers.linkOf(peer, command.link);
    return link < 0 ? NOTHING_SENT : this.parts.link.bandwidth.sendData(peer, link, command, now);
  }

  // --- questions ------------------------------------------------------------------------------------

  private answer(id: number, result: unknown): void {
    this.parts.io.emit({ kind: 'answer', id, result });
  }

  private explain(peer: number, now: number): unknown {
    const { tables, link } = this.parts;
    return tables.peers.has(peer) ? explainPeer(link.deciders, peer, now) : null;
  }

  private explainFlows(peer: number, now: number): unknown {
    const { tables, link } = this.parts;
    return tables.peers.has(peer) ? explainFlows(tables, link.flows, link.lanes, peer, now) : null;
  }
}
