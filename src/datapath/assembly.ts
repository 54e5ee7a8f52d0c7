/** The parts of an engine, and how they know each other. */

import type { DatapathSettings } from '../contract/settings.js';
import { SharedStats } from '../contract/stats.js';
import { ReplayWindows } from '../crypto/replay.js';
import { Adaptive } from '../link/lane/adaptive.js';
import { FlowTable } from '../link/lane/flows.js';
import { LinkControl } from '../link/life/control.js';
import { LinkMonitor } from '../link/life/monitor.js';
import { MtuControl } from '../link/life/mtu-control.js';
import { Roaming } from '../link/life/roaming.js';
import { Underlay } from '../link/life/underlay.js';
import { Arena, type ArenaSizes, DEFAULT_ARENA } from '../state/arena.js';
import type { DatapathIo } from '../state/io.js';
import { LinkTable } from '../state/links.js';
import { PeerTable } from '../state/peers.js';
import { SessionTable } from '../state/sessions.js';
import { SocketTable } from '../state/sockets.js';
import type { Tables } from '../state/tables.js';
import { TimerWheel } from '../state/timer-wheel.js';
import { Bridge } from '../switch/bridge.js';
import { MacTable } from '../switch/mac-table.js';
import { Delivery } from './frames/delivery.js';
import { Inbound } from './frames/inbound.js';
import { Outbound } from './frames/outbound.js';
import { Reassembly } from './frames/pieces.js';
import { Rebuilder } from './frames/rebuild.js';
import { Reorder } from './frames/reorder.js';
import { Unpacker } from './frames/unpacker.js';
import { Relay } from './send/relay.js';
import type { Sealer } from './send/seal.js';
import type { SendReports } from './send/send-errors.js';
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
  readonly sockets = new SocketTable();
  readonly peers = new PeerTable();
  readonly links = new LinkTable();
  readonly sessions = new SessionTable(new ReplayWindows());
  readonly macs: MacTable;
  readonly wheel: TimerWheel;
  readonly transmit: Transmitter;
  readonly outbound: Outbound;
  readonly inbound: Inbound;
  readonly delivery: Delivery;
  readonly reassembly: Reassembly;
  readonly relay: Relay;
  readonly rebuilder: Rebuilder;
  readonly reorder: Reorder;
  readonly flows: FlowTable;
  readonly adaptive: Adaptive;
  readonly sealer: Sealer;
  readonly control: LinkControl;
  readonly monitor: LinkMonitor;
  readonly mtu: MtuControl;
  readonly underlay: Underlay;

  constructor(
    readonly arena: Arena,
    readonly io: DatapathIo,
    options: EngineOptions,
  ) {
    this.now = options.nowUs;
    const { stats, sockets, peers, links, sessions } = this;
    this.macs = new MacTable({ limit: options.settings.macLimit, seed: options.seed });
    this.wheel = new TimerWheel(64, options.nowUs);
    this.reassembly = new Reassembly(arena.bytes, arena.pieceBase, { slots: REASSEMBLY_SLOTS });
    this.delivery = new Delivery(arena, io, stats);
    const tables: Tables = { peers, links, sessions, sockets };
    this.transmit = new Transmitter(arena, io, tables, this.sendReports(), stats);
    this.transmit.setGso(options.udpGso ?? true);
    this.sealer = this.transmit.sealer;
    const bridge = new Bridge(arena.bytes, this.macs);
    const unpacker = new Unpacker(arena, bridge, this.reassembly, this.delivery, stats);
    this.reorder = new Reorder(arena, unpacker);
    this.flows = new FlowTable(options.seed);
    this.adaptive = new Adaptive(peers, links, this.transmit, this.flows, stats);
    this.rebuilder = new Rebuilder(arena, sessions, stats);
    this.relay = new Relay(arena, peers, this.transmit, stats);
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
        resend: (from, to, at) => this.transmit.resend(from, to, at),
        emit: (event) => io.emit(event),
      },
      stats,
    );
    this.mtu = new MtuControl(
      arena,
      peers,
      links,
      this.sealer,
      this.transmit,
      this.wheel,
      (link, at) => this.monitor.reselect(links.peer[link], at),
      (event) => io.emit(event),
      stats,
    );
    this.underlay = new Underlay(links, sockets, this.monitor);
    this.control.monitor = this.monitor;
    this.control.adaptive = this.adaptive;
    this.adaptive.beat = (link, at) => this.control.beat(link, at);
    this.control.reorder = this.reorder;
    this.control.mtu = this.mtu;
    this.control.roaming = new Roaming(links, sockets, this.control, this.monitor, io);
    const { transmit, adaptive, monitor, control, relay, rebuilder, reorder, delivery } = this;
    this.outbound = new Outbound({ arena, tables, bridge, transmit, adaptive, stats });
    this.inbound = new Inbound({
      arena,
      io,
      tables,
      monitor,
      control,
      relay,
      rebuilder,
      reorder,
      unpacker,
      delivery,
      stats,
    });
  }

  /** What becomes of errors of sending. */
  private sendReports(): SendReports {
    const { io, links } = this;
    return {
      sendFailed: (link) => this.monitor.sendFailed(link, this.now),
      tooBig: (link, bytes) => {
        io.emit({ kind: 'path-mtu', peer: links.peer[link], link: links.id[link] });
        this.mtu.tooBig(link, bytes, this.now);
      },
      gsoRefused: () => io.emit({ kind: 'gso-refused' }),
    };
  }

  /** Makes room for so many rows of statistics; the control thread is told of the larger buffer. */
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
