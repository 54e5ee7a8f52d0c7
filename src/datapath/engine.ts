/**
 * The datapath of one interface as a pure machine: frames, datagrams, commands and the time go in; through
 * `DatapathIo` sealed datagrams, frames and events come out. It reads no clock and no randomness, so the same
 * code runs in the worker thread and in the simulator.
 */
import { ReplayWindows } from '../crypto/replay.js';
import { LinkControl } from '../link/control.js';
import { LinkTable } from '../link/links.js';
import { LinkMonitor } from '../link/monitor.js';
import { Roaming } from '../link/roaming.js';
import { Underlay } from '../link/underlay.js';
import { PATH } from '../native/ops.js';
import { MacTable } from '../switch/mac-table.js';
import { Arena, type ArenaSizes, DEFAULT_ARENA } from './arena.js';
import { Delivery } from './delivery.js';
import { DROP } from './drops.js';
import type { DatapathCommand, DatapathSettings, LinkSettings, MacRow } from './events.js';
import { Inbound } from './inbound.js';
import type { DatapathIo } from './io.js';
import { Outbound } from './outbound.js';
import { NO_LINK, PeerTable } from './peers.js';
import { Reassembly } from './pieces.js';
import { Relay } from './relay.js';
import { Sealer } from './seal.js';
import { NO_SESSION, SessionTable } from './sessions.js';
import { SocketTable } from './sockets.js';
import { INTERFACE, LINK, LINK_WIDTH, PEER, PEER_WIDTH, SharedStats } from './stats.js';
import { TimerWheel } from './timer-wheel.js';
import { Transmitter } from './transmit.js';
import { MAX_LINKS, RELAY_FAMILY } from './wire.js';

/** How often old MAC entries and incomplete frames are looked for. */
const SWEEP_INTERVAL_US = 100_000;
const SWEEP_BUDGET = 256;
/** Frames put together from pieces at once. */
const REASSEMBLY_SLOTS = 128;
/** This much later than asked for, and the thread itself was stalled. */
const STALL_US = 5_000;
const DUE_TIMERS = 1024;

export interface EngineOptions {
  nowUs: number;
  settings: DatapathSettings;
  /** Two random words that key the MAC table's hash. */
  seed: readonly [number, number];
  arena?: ArenaSizes;
  udpGso?: boolean;
}

/** The arena must exist before the io that works on it. */
export function makeArena(sizes: ArenaSizes = DEFAULT_ARENA): Arena {
  return new Arena(sizes, Reassembly.bytesFor(REASSEMBLY_SLOTS));
}

export class Engine {
  stats = new SharedStats({ peers: 16, links: 64 });
  private readonly sockets = new SocketTable();
  private readonly peers = new PeerTable();
  private readonly links = new LinkTable();
  private readonly sessions = new SessionTable(new ReplayWindows());
  private readonly macs: MacTable;
  private readonly wheel: TimerWheel;
  private readonly transmit: Transmitter;
  private readonly outbound: Outbound;
  private readonly inbound: Inbound;
  private readonly delivery: Delivery;
  private readonly reassembly: Reassembly;
  private readonly relay: Relay;
  private readonly sealer: Sealer;
  private readonly control: LinkControl;
  private readonly monitor: LinkMonitor;
  private readonly underlay: Underlay;
  private readonly due = new Int32Array(DUE_TIMERS);
  private nextSweep: number;
  private now: number;

  constructor(
    private readonly arena: Arena,
    private readonly io: DatapathIo,
    options: EngineOptions,
  ) {
    const now = options.nowUs;
    const { stats, sockets, peers, links, sessions } = this;
    this.now = now;
    this.nextSweep = now + SWEEP_INTERVAL_US;
    this.macs = new MacTable({ limit: options.settings.macLimit, seed: options.seed });
    this.wheel = new TimerWheel(64, now);
    this.reassembly = new Reassembly(arena.bytes, arena.pieceBase, { slots: REASSEMBLY_SLOTS });
    this.delivery = new Delivery(arena, io, stats);
    this.transmit = new Transmitter(arena, io, sessions, links, sockets, stats);
    this.transmit.gso = options.udpGso ?? true;
    this.sealer = new Sealer(sessions, this.transmit, stats);
    this.relay = new Relay(arena, peers, links, this.sealer, this.transmit, stats);
    this.transmit.relay = (link, offset, length, segment, at) =>
      this.relay.send(link, offset, length, segment, at);
    this.control = new LinkControl(
      arena,
      peers,
      links,
      sessions,
      this.sealer,
      this.transmit,
      (event) => io.emit(event),
      stats,
    );
    this.monitor = new LinkMonitor(
      peers,
      links,
      this.wheel,
      {
        beat: (link, at) => this.control.beat(link, at),
        reportDown: (peer, link, at) => this.control.reportDown(peer, link, at),
        strand: (link) => this.transmit.strand(link),
        distrust: (link) => this.transmit.distrust(link),
        resend: (from, to, at) => this.transmit.resend(from, to, at),
        emit: (event) => io.emit(event),
      },
      stats,
    );
    this.underlay = new Underlay(links, sockets, this.monitor);
    this.control.monitor = this.monitor;
    this.control.roaming = new Roaming(links, sockets, this.control, this.monitor, io);
    this.outbound = new Outbound(arena, peers, links, this.macs, this.sealer, this.transmit, stats);
    this.inbound = new Inbound(
      arena,
      io,
      peers,
      links,
      sessions,
      this.macs,
      this.reassembly,
      this.delivery,
      this.control,
      this.relay,
      stats,
    );
    this.transmit.onSendFailure = (link) => this.monitor.sendFailed(link, this.now);
    this.transmit.onTooBig = (link) =>
      io.emit({ kind: 'path-mtu', peer: links.peer[link], link: links.id[link] });
    this.transmit.onGsoRefused = () => io.emit({ kind: 'gso-refused' });
    this.sealer.onCounterHigh = (slot, peer) => io.emit({ kind: 'counter-high', slot, peer });
    this.inbound.onConfirmed = (slot, peer) => io.emit({ kind: 'session-confirmed', slot, peer });
    this.applySettings(options.settings);
  }

  /** Frames read from the TAP: rows of `READ`. */
  frames(rows: Int32Array, count: number, now: number): void {
    this.now = now;
    this.outbound.handleFrames(rows, count, now);
  }

  /** Messages received: rows of `RECV`, and the socket row of each. Frames wait for `deliver`. */
  messages(rows: Int32Array, sockets: Int32Array, count: number, now: number): void {
    this.now = now;
    this.inbound.handleMessages(rows, sockets, count, now);
  }

  /** Writes what `messages` queued for the TAP and sends answers; the receive slots are free afterwards. */
  deliver(): void {
    this.delivery.flush();
    this.transmit.flush();
  }

  /** When `expire` wants to be called next, in µs of the caller's clock. */
  nextDeadline(): number {
    return Math.min(this.wheel.next(), this.nextSweep);
  }

  /**
   * The owner woke up, meaning to at `asked`; tell before anything else. Being much later means that the thread
   * was stalled or the machine suspended: that much silence is nobody's fault.
   */
  woke(now: number, asked: number): void {
    this.now = now;
    const late = now - asked;
    if (late <= 0) return;
    const counters = this.stats.interface;
    counters[INTERFACE.latenessLastUs] = late;
    if (late > counters[INTERFACE.latenessMaxUs]) counters[INTERFACE.latenessMaxUs] = late;
    if (late > STALL_US) this.monitor.stalled(late);
  }

  /** Runs what is due. Call it only with the sockets drained: a late wake-up is not silence. */
  expire(now: number): void {
    this.now = now;
    for (;;) {
      const count = this.wheel.advance(now, this.due);
      for (let index = 0; index < count; index++) this.timer(this.due[index], now);
      if (count < this.due.length) break;
    }
    if (now >= this.nextSweep) this.sweep(now);
    this.transmit.flush();
  }

  private timer(id: number, now: number): void {
    const link = id >> 1;
    if (!this.links.has(link)) return;
    if (id === LinkMonitor.beatTimer(link)) this.monitor.beatDue(link, now);
    else this.monitor.holdDue(link, now);
  }

  private sweep(now: number): void {
    this.nextSweep = now + SWEEP_INTERVAL_US;
    this.macs.sweep(now, SWEEP_BUDGET);
    this.transmit.rings.sweep(now);
    this.stats.drops[DROP['piece-evicted']] = this.reassembly.evicted;
    this.stats.drops[DROP['piece-expired']] = this.reassembly.expired;
    const counters = this.stats.interface;
    counters[INTERFACE.macEntries] = this.macs.size;
    counters[INTERFACE.macMoves] = this.macs.moves;
  }

  // --- commands -------------------------------------------------------------------------------------

  /** Carries out a command of the control thread. */
  command(command: DatapathCommand, now: number): void {
    this.now = now;
    switch (command.kind) {
      case 'socket':
        return this.sockets.set(command.row, command.settings);
      case 'socket-close':
        return this.sockets.remove(command.row);
      case 'peer':
        return this.addPeer(command, now);
      case 'peer-remove':
        return this.removePeer(command.row, now);
      case 'link':
        return this.setLink(command.peer, command.id, command.row, command.settings, now);
      case 'link-remove':
        return this.removeLink(command.peer, command.id, now);
      case 'link-mtu':
        return this.setMtu(command.row, command.mtu, now);
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
        this.underlay.carrier(command.ifindex, command.up, now);
        return this.transmit.flush();
      case 'address':
        this.underlay.address(command.family, command.words, command.present, command.ifindex, now);
        return this.transmit.flush();
      case 'settings':
        return this.applySettings(command.settings);
      case 'mac-table':
        return this.io.emit({ kind: 'answer', id: command.id, result: this.macRows(now) });
      case 'clear-counters':
        return this.clearCounters();
      case 'goodbye':
        return this.goodbye(now);
    }
  }

  private applySettings(settings: DatapathSettings): void {
    this.macs.setAgeing(settings.macAgeingS * 1e6);
    if (this.macs.limit !== settings.macLimit) this.macs.setLimit(settings.macLimit);
    this.outbound.mssClamp = settings.mssClamp;
    this.relay.allowed = settings.relay;
    this.transmit.rings.setLimits(settings.resendBytes, settings.resendAgeUs);
    this.delivery.tapChecksum = settings.tapChecksum;
    this.delivery.tapTso = settings.tapTso;
    this.delivery.tapUso = settings.tapUso;
  }

  private addPeer(command: Extract<DatapathCommand, { kind: 'peer' }>, now: number): void {
    const { row, policy, name } = command;
    if (row >= this.stats.shape.peers) this.growStats(row + 1, this.stats.shape.links);
    if (!this.peers.has(row)) this.stats.clearPeer(row);
    this.peers.add(row, policy, name);
    this.monitor.expectCopies(row);
    this.monitor.reselect(row, now);
  }

  private removePeer(row: number, now: number): void {
    for (let id = 0; id < MAX_LINKS; id++) this.removeLink(row, id, now);
    this.macs.flushPort(row, true);
    this.reassembly.forgetPeer(row);
    this.transmit.rings.release(row);
    this.peers.remove(row);
  }

  private setLink(peer: number, id: number, row: number, settings: LinkSettings, now: number): void {
    if (!this.peers.has(peer)) return;
    if (row >= this.stats.shape.links) this.growStats(this.stats.shape.peers, row + 1);
    if (!this.links.has(row)) this.stats.clearLink(row);
    const moved = this.links.configure(row, peer, id, settings);
    this.peers.links[peer * MAX_LINKS + id] = row;
    if (moved) this.underlay.lookForCarrier(row);
    this.stats.links[row * LINK_WIDTH + LINK.mtu] = settings.mtu;
    this.stats.links[row * LINK_WIDTH + LINK.holdUs] = settings.holdUs;
    if (settings.shutdown) this.monitor.stop(row, now);
    else {
      if (moved) this.monitor.down(row, 'path-moved', now);
      this.monitor.start(row, now);
    }
    this.monitor.reselect(peer, now);
  }

  private removeLink(peer: number, id: number, now: number): void {
    const row = this.peers.has(peer) ? this.peers.linkOf(peer, id) : NO_LINK;
    if (row < 0) return;
    this.monitor.stop(row, now);
    this.peers.links[peer * MAX_LINKS + id] = NO_LINK;
    if (this.peers.lastLink[peer] === row) this.peers.lastLink[peer] = NO_LINK;
    this.links.remove(row);
    this.monitor.reselect(peer, now);
  }

  private setMtu(row: number, mtu: number, now: number): void {
    if (!this.links.has(row)) return;
    this.links.setMtu(row, mtu);
    this.stats.links[row * LINK_WIDTH + LINK.mtu] = mtu;
    this.monitor.reselect(this.links.peer[row], now);
  }

  private installSession(command: Extract<DatapathCommand, { kind: 'session' }>): void {
    const { peer, slot } = command;
    if (!this.peers.has(peer)) return;
    // What was acknowledged of an earlier session in this slot says nothing of the new one.
    for (let id = 0; id < MAX_LINKS; id++) {
      const link = this.peers.linkOf(peer, id);
      if (link >= 0 && this.links.ackSession[link] === slot) this.links.ackSession[link] = NO_SESSION;
    }
    this.sessions.install(
      slot,
      peer,
      command.localIndex,
      command.remoteIndex,
      command.sealKey,
      command.openKey,
    );
  }

  private useSession(peer: number, slot: number, now: number): void {
    if (!this.peers.has(peer) || !this.sessions.isLive(slot)) return;
    this.peers.session[peer] = slot;
    this.stats.peers[peer * PEER_WIDTH + PEER.sessionSlot] = slot;
    // A beat on every link, due at once: it confirms the session to the responder and finds the links that work.
    for (let id = 0; id < MAX_LINKS; id++) {
      const link = this.peers.linkOf(peer, id);
      if (link >= 0) this.monitor.start(link, now);
    }
  }

  private retireSession(slot: number, now: number): void {
    if (!this.sessions.isLive(slot)) return;
    const peer = this.sessions.peer[slot];
    this.sessions.retire(slot);
    if (this.peers.session[peer] === slot) this.stopSending(peer, now);
  }

  private stopSending(peer: number, now: number): void {
    if (!this.peers.has(peer)) return;
    this.peers.session[peer] = NO_SESSION;
    this.peers.lastLink[peer] = NO_LINK;
    this.stats.peers[peer * PEER_WIDTH + PEER.sessionSlot] = NO_SESSION;
    this.monitor.peerLost(peer, 'session-lost', now);
    this.macs.flushPort(peer);
  }

  private sendRaw(bytes: Uint8Array, socket: number, words: readonly number[], now: number): void {
    const offset = this.transmit.reserve(bytes.length);
    this.arena.bytes.set(bytes, offset);
    this.transmit.commit(bytes.length);
    const scratch = this.links.scratchPath * PATH.WORDS;
    this.links.paths.set(words, scratch);
    if (words[PATH.FAMILY] === RELAY_FAMILY) {
      this.relay.sendByPath(this.links.paths, scratch, offset, bytes.length, bytes.length, now);
    } else {
      this.transmit.sendByPath(this.sockets.fd(socket), offset, bytes.length);
    }
    this.transmit.flush();
  }

  private sendRawToPeer(peer: number, bytes: Uint8Array, now: number): void {
    for (let id = 0; id < MAX_LINKS; id++) {
      const link = this.peers.linkOf(peer, id);
      if (link < 0 || !this.links.hasRemote(link) || this.links.shutdown[link]) continue;
      const base = link * PATH.WORDS;
      this.sendRaw(
        bytes,
        this.links.socket[link],
        [...this.links.paths.subarray(base, base + PATH.WORDS)],
        now,
      );
    }
  }

  private echo(command: Extract<DatapathCommand, { kind: 'echo' }>, now: number): void {
    const { peer, id, sequence } = command;
    if (!this.peers.has(peer)) return;
    const link = command.link < 0 ? NO_LINK : this.peers.linkOf(peer, command.link);
    if (command.link >= 0 && link < 0) return;
    this.control.echo(peer, link, id, sequence, command.size, now);
  }

  private goodbye(now: number): void {
    for (const peer of this.peers.rows) this.control.goodbye(peer, now);
    this.transmit.flush();
  }

  private macRows(now: number): MacRow[] {
    const rows: MacRow[] = [];
    this.macs.entries(now, (vlan, high, low, port, ageUs) => {
      rows.push({ vlan, high, low: low >>> 0, port, ageUs });
    });
    return rows;
  }

  private clearCounters(): void {
    const counters = this.stats.interface;
    const kept = [INTERFACE.handshakesGiven, INTERFACE.handshakesTaken].map((index) => counters[index]);
    counters.fill(0);
    counters[INTERFACE.handshakesGiven] = kept[0];
    counters[INTERFACE.handshakesTaken] = kept[1];
    this.stats.drops.fill(0);
    this.reassembly.evicted = 0;
    this.reassembly.expired = 0;
    for (const peer of this.peers.rows) {
      const base = peer * PEER_WIDTH;
      this.stats.peers.fill(0, base + PEER.txFrames, base + PEER.rxBytes + 1);
    }
    for (let link = 0; link < this.links.capacity; link++) {
      if (!this.links.has(link)) continue;
      const base = link * LINK_WIDTH;
      this.stats.links.fill(0, base + LINK.txDatagrams, base + LINK.sendErrors + 1);
      this.stats.links[base + LINK.transitions] = 0;
    }
  }

  private growStats(peers: number, links: number): void {
    const shape = this.stats.shape;
    const larger = this.stats.grown({
      peers: Math.max(shape.peers, 2 ** Math.ceil(Math.log2(peers))),
      links: Math.max(shape.links, 2 ** Math.ceil(Math.log2(links))),
    });
    this.stats = larger;
    const users = [
      this.transmit,
      this.sealer,
      this.outbound,
      this.inbound,
      this.delivery,
      this.control,
      this.monitor,
      this.relay,
    ];
    for (const part of users) part.useStats(larger);
    this.io.emit({
      kind: 'stats',
      buffer: larger.buffer,
      peers: larger.shape.peers,
      links: larger.shape.links,
    });
  }
}
