/** The parts of an engine, and how they know each other. */

import type { DatapathSettings } from '../contract/settings.js';
import { SharedStats } from '../contract/stats.js';
import { ReplayWindows } from '../crypto/replay.js';
import { LinkParts } from '../link/life/parts.js';
import { Arena, type ArenaSizes, DEFAULT_ARENA } from '../state/arena.js';
import { LinkTable } from '../state/links.js';
import type { RowOwner } from '../state/owners.js';
import { PeerTable } from '../state/peers.js';
import { SessionTable } from '../state/sessions.js';
import { SocketTable } from '../state/sockets.js';
import type { Tables } from '../state/tables.js';
import { TimerWheel } from '../state/timer-wheel.js';
import { MacTable } from '../switch/mac-table.js';
import { Delivery } from './frames/delivery.js';
import { Inbound } from './frames/inbound.js';
import { Outbound } from './frames/outbound.js';
import { Reassembly } from './frames/pieces.js';
import { Reorder } from './frames/reorder.js';
import { Repair } from './frames/repair.js';
import type { DatapathIo } from './io.js';
import { LinkMessages } from './send/messages.js';
import { Parity } from './send/parity.js';
import { Relay } from './send/relay.js';
import { Sealer } from './send/seal.js';
import { Transmitter } from './send/transmit.js';

/** Frames put together from pieces at once. */
const REASSEMBLY_SLOTS = 128;

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

export class Assembly {
  readonly stats = new SharedStats({ peers: 16, links: 64 });
  /** Time of the call that is being worked on, in µs. */
  now: number;
  readonly tables: Tables = {
    peers: new PeerTable(),
    links: new LinkTable(),
    sessions: new SessionTable(new ReplayWindows()),
    sockets: new SocketTable(),
  };
  readonly macs: MacTable;
  readonly wheel: TimerWheel;
  readonly transmit: Transmitter;
  readonly outbound: Outbound;
  readonly inbound: Inbound;
  readonly delivery: Delivery;
  readonly reassembly: Reassembly;
  readonly relay: Relay;
  readonly reorder: Reorder;
  readonly link: LinkParts;
  /** Told when rows of the tables go. */
  readonly owners: readonly RowOwner[];

  constructor(
    readonly arena: Arena,
    readonly io: DatapathIo,
    options: EngineOptions,
  ) {
    this.now = options.nowUs;
    const { stats, tables } = this;
    const { peers, links, sessions, sockets } = tables;
    this.macs = new MacTable({ limit: options.settings.macLimit, seed: options.seed });
    this.wheel = new TimerWheel(64, options.nowUs);
    this.reassembly = new Reassembly(arena.bytes, arena.pieceBase, { slots: REASSEMBLY_SLOTS });
    this.delivery = new Delivery(arena, io, stats);
    this.transmit = new Transmitter(arena, io, sessions, links, sockets, stats);
    this.transmit.gso = options.udpGso ?? true;
    this.reorder = new Reorder(arena);
    const sealer = new Sealer(sessions, this.transmit, stats);
    this.transmit.parity = new Parity(arena, links, sessions, sealer, this.transmit, stats);
    const repair = new Repair(arena, sessions, stats);
    this.relay = new Relay(arena, peers, links, sealer, this.transmit, stats);
    this.transmit.relay = (link, offset, length, segment, at) =>
      this.relay.send(link, offset, length, segment, at);
    this.link = new LinkParts(
      {
        tables,
        stats,
        arena,
        wheel: this.wheel,
        ports: {
          messages: new LinkMessages(arena, links, sealer, this.transmit),
          resends: this.transmit,
          runs: this.transmit,
          laneOrder: this.reorder,
          emit: (event) => io.emit(event),
          random: (into) => io.random(into),
        },
      },
      options.seed,
    );
    this.outbound = new Outbound(
      arena,
      peers,
      links,
      this.macs,
      sealer,
      this.transmit,
      this.link.adaptive,
      stats,
    );
    this.inbound = new Inbound(
      arena,
      io,
      peers,
      links,
      sessions,
      this.macs,
      this.reassembly,
      this.delivery,
      this.link.control,
      this.relay,
      this.reorder,
      repair,
      stats,
    );
    this.owners = [
      ...this.link.owners,
      {
        linkRemoved: (link) => repair.forget(link),
        sessionRetired: (slot) => repair.forgetSession(slot),
      },
      { sessionRetired: (slot) => this.reorder.close(slot) },
      { peerRemoved: (peer) => this.macs.flushPort(peer, true) },
      { peerRemoved: (peer) => this.reassembly.forgetPeer(peer) },
      { peerRemoved: (peer) => this.transmit.rings.release(peer) },
    ];
    this.transmit.onSendFailure = (link) => this.link.life.sendFailed(link, this.now);
    this.transmit.onTooBig = (link, bytes) => {
      io.emit({ kind: 'path-mtu', peer: links.peer[link], link: links.id[link] });
      this.link.mtu.tooBig(link, bytes, this.now);
    };
    this.transmit.onGsoRefused = () => io.emit({ kind: 'gso-refused' });
    sealer.onCounterHigh = (slot, peer) => io.emit({ kind: 'counter-high', slot, peer });
    this.inbound.onConfirmed = (slot, peer) => io.emit({ kind: 'session-confirmed', slot, peer });
  }

  /** Makes room for this many rows of statistics; the control thread gets the larger buffer. */
  growStats(peers: number, links: number): void {
    const shape = this.stats.shape;
    this.stats.grow({
      peers: Math.max(shape.peers, 2 ** Math.ceil(Math.log2(peers))),
      links: Math.max(shape.links, 2 ** Math.ceil(Math.log2(links))),
    });
    this.io.emit({
      kind: 'stats',
      buffer: this.stats.buffer,
      ...this.stats.shape,
    });
  }
}
