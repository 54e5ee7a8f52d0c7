/** The parts of an engine, made in order: tables, then stages and links; each gets what it needs when it is made. */

import type { DropExamples } from '../contract/drop-examples.js';
import type { DatapathSettings } from '../contract/settings.js';
import { PEER, PEER_WIDTH, SharedStats } from '../contract/stats.js';
import { ReplayWindows } from '../crypto/replay.js';
import { LinkParts } from '../link/life/parts.js';
import type { LinkPorts } from '../link/ports.js';
import { Arena, type ArenaSizes, DEFAULT_ARENA } from '../state/arena.js';
import { Drops } from '../state/drops.js';
import type { DatapathIo } from '../state/io.js';
import { LinkTable } from '../state/links.js';
import { Observer } from '../state/observer.js';
import type { RowOwner } from '../state/owners.js';
import { PeerTable } from '../state/peers.js';
import { SessionTable } from '../state/sessions.js';
import { SocketTable } from '../state/sockets.js';
import type { Tables } from '../state/tables.js';
import { TimerWheel } from '../state/timer-wheel.js';
import { AddressClaims } from '../switch/address-claims.js';
import { Bridge } from '../switch/bridge.js';
import { Guards } from '../switch/guards/guards.js';
import { LOOP, LoopGuard, type LoopReports } from '../switch/loop-guard.js';
import { MacTable } from '../switch/mac-table.js';
import { Snooping } from '../switch/multicast/snooping.js';
import { Ports } from '../switch/ports.js';
import { StormControl, type StormReports } from '../switch/storm.js';
import { Suppression } from '../switch/suppression/suppression.js';
import { Vlans } from '../switch/vlans.js';
import { Announcer } from './frames/announcer.js';
import { Answers } from './frames/answers.js';
import { Delivery } from './frames/delivery.js';
import { Forwarder } from './frames/forwarder.js';
import { Inbound } from './frames/inbound.js';
import { Outbound } from './frames/outbound.js';
import { OwnFlood } from './frames/own-frames.js';
import { Reassembly } from './frames/pieces.js';
import { Rebuilder } from './frames/rebuild.js';
import { Reorder } from './frames/reorder.js';
import { Shares } from './frames/shares.js';
import { Talks } from './frames/talks.js';
import { MOST_HELD, Unpacker } from './frames/unpacker.js';
import { IdleMemory } from './idle-memory.js';
import { LinkMessages } from './send/messages.js';
import { Relay } from './send/relay.js';
import type { SendReports } from './send/send-errors.js';
import { Transmitter } from './send/transmit.js';

/** Frames put together from pieces at once, beside those that are complete and wait for the others of their batch. */
const REASSEMBLY_SLOTS = 128 + MOST_HELD;

export interface EngineOptions {
  nowUs: number;
  settings: DatapathSettings;
  /** Two random words that key the MAC table's hash. */
  seed: readonly [number, number];
  arena?: ArenaSizes;
  /** Index of the TAP's interface. */
  tap: number;
  /** Where examples of what is dropped are kept; made when absent. */
  dropExamples?: DropExamples;
}

/** The arena must exist before the io that works on it. `make` as in {@link Arena}. */
export function makeArena(sizes: ArenaSizes = DEFAULT_ARENA, make?: (bytes: number) => Uint8Array): Arena {
  return new Arena(sizes, Reassembly.bytesFor(REASSEMBLY_SLOTS), make);
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
  readonly drops: Drops;
  /** Shows frames to captures. */
  readonly observer: Observer;
  readonly shares: Shares;
  readonly macs: MacTable;
  readonly bridge: Bridge;
  readonly switchPorts = new Ports();
  readonly guard: LoopGuard;
  readonly wheel: TimerWheel;
  readonly transmit: Transmitter;
  readonly outbound: Outbound;
  private readonly talks: Talks;
  readonly announcer: Announcer;
  readonly snooping: Snooping;
  private readonly claims: AddressClaims;
  readonly guards: Guards;
  readonly storm: StormControl;
  readonly vlans: Vlans;
  readonly suppression: Suppression;
  readonly answers: Answers;
  private readonly ownFlood: OwnFlood;
  readonly inbound: Inbound;
  readonly delivery: Delivery;
  readonly reassembly: Reassembly;
  readonly unpacker: Unpacker;
  readonly relay: Relay;
  readonly reorder: Reorder;
  readonly idleMemory: IdleMemory;
  readonly link: LinkParts;
  /** Index of the TAP's interface. */
  readonly tap: number;
  /** Parts that keep something for rows of the tables. */
  readonly owners: readonly RowOwner[];

  constructor(
    readonly arena: Arena,
    readonly io: DatapathIo,
    options: EngineOptions,
  ) {
    this.now = options.nowUs;
    this.tap = options.tap;
    const { stats, tables } = this;
    const observer = new Observer(arena.bytes, tables, this);
    this.observer = observer;
    const drops = new Drops(stats, arena.bytes, tables.links, observer, options.dropExamples);
    this.drops = drops;
    this.shares = new Shares(options.nowUs, io);
    const { directs } = this.switchPorts;
    this.macs = new MacTable({ limit: options.settings.switch.macLimit, seed: options.seed, directs });
    this.wheel = new TimerWheel(64, options.nowUs);
    this.reassembly = new Reassembly(arena.bytes, arena.pieceBase, { slots: REASSEMBLY_SLOTS });
    this.vlans = new Vlans(arena.bytes);
    this.delivery = new Delivery(arena, io, stats, drops, observer, this.vlans);
    this.transmit = new Transmitter({
      arena,
      io,
      tables,
      reports: this.sendReports(),
      stats,
      drops,
      observer,
    });
    const ownFrames = {
      flood: (bytes: Uint8Array, length: number, now: number) => this.ownFlood.flood(bytes, length, now),
    };
    this.snooping = new Snooping(arena.bytes, this.switchPorts, ownFrames, options.seed);
    this.guards = new Guards(arena.bytes, this.macs);
    this.storm = new StormControl(arena.bytes, this.macs, this.stormReports());
    this.guard = new LoopGuard({
      bytes: arena.bytes,
      ports: this.switchPorts,
      vlans: this.vlans,
      macs: this.macs,
      reports: this.loopReports(),
      seed: options.seed,
    });
    const { guard, snooping, guards, storm, vlans, macs, switchPorts: ports } = this;
    const { bytes } = arena;
    const { peers } = tables;
    const answerPort = {
      reserve: () => this.answers.reserve(),
      add: (port: number, length: number) => this.answers.add(port, length),
    };
    const suppression = new Suppression(bytes, macs, ports, answerPort, options.seed);
    this.suppression = suppression;
    const claims = new AddressClaims(bytes, options.seed, (notice) => io.emit({ kind: 'switch', notice }));
    this.claims = claims;
    const bridge = new Bridge({
      bytes,
      macs,
      peers,
      ports,
      guard,
      snooping,
      guards,
      storm,
      vlans,
      suppression,
      claims,
    });
    this.bridge = bridge;
    const rebuilder = new Rebuilder(arena, tables.sessions, stats, drops);
    this.relay = new Relay(arena, tables.peers, this.transmit, stats, drops, ports);
    const base = { tables, stats, drops, arena, wheel: this.wheel, ports: this.linkPorts() };
    this.link = new LinkParts(base, options.seed, options.tap, directs);
    const { transmit, relay, reassembly, delivery, shares, switchPorts } = this;
    const { adaptive, control, life } = this.link;
    const lower = { arena, tables, bridge, vlans, transmit, adaptive, life, shares, stats, drops, observer };
    const { selected } = snooping;
    this.outbound = new Outbound({ ...lower, ports: switchPorts, probe: guard.probe, selected });
    this.ownFlood = new OwnFlood(arena, this.outbound, delivery, vlans);
    this.answers = new Answers(arena, this.outbound, delivery);
    this.talks = new Talks(directs, io);
    const forwarder = new Forwarder(arena, this.outbound, shares, stats, this.talks);
    this.unpacker = new Unpacker({ ...lower, storm, selected, reassembly, delivery, forwarder });
    this.reorder = new Reorder(arena, this.unpacker, this.link.nacks);
    const { reorder, unpacker } = this;
    const waiting = [reassembly.region(), reorder.region()];
    const regions = [...arena.batchRegions(), ...waiting, ...transmit.rings.regions()];
    this.idleMemory = new IdleMemory(regions, () => stats.interface, io);
    this.announcer = new Announcer(arena, this.macs, this.outbound, vlans);
    this.inbound = new Inbound({
      arena,
      io,
      tables,
      control,
      relay,
      rebuilder,
      reorder,
      unpacker,
      delivery,
      shares,
      stats,
      drops,
      observer,
    });
    this.owners = [
      ...this.link.owners,
      rebuilder,
      reorder,
      this.reassembly,
      transmit.rings,
      this.shares,
      observer,
      this.announcer,
      this.talks,
      this.snooping,
      this.guards,
      this.storm,
      this.vlans,
      this.suppression,
      this.claims,
      this.macs,
      this.guard,
      this.switchPorts,
    ];
  }

  /** What links ask of the stages. */
  private linkPorts(): LinkPorts {
    const { arena, io, tables, transmit } = this;
    return {
      messages: new LinkMessages(arena, tables.links, transmit),
      resends: transmit,
      runs: transmit,
      laneOrder: {
        highestBy: (slot, linkId) => this.reorder.highestBy(slot, linkId),
        broughtBy: (slot, now) => this.reorder.broughtBy(slot, now),
        announced: (heartbeat, links, isAnswering) => this.reorder.announced(heartbeat, links, isAnswering),
      },
      stations: {
        forget: (peer) => this.macs.flushPort(peer),
        left: (peer, vlan, high, low) => this.macs.forget(peer, vlan, high, low),
        fallBack: (peer, server) => this.macs.moveLearned(peer, server),
        announce: (peer) => this.announcer.announce(peer),
        announceOne: (peer, vlan, high, low) =>
          this.announcer.announceOne(peer, { vlan, high, low }, this.now),
        reached: (peer, now) => this.snooping.portOpened(peer, now),
      },
      emit: (event) => io.emit(event),
      random: (into) => io.random(into),
    };
  }

  /** What becomes of errors of sending, which show only when something is sent. */
  private sendReports(): SendReports {
    const { io, tables } = this;
    return {
      sendFailed: (link, errno) => this.link.life.sendFailed(link, errno, this.now),
      tooBig: (link, bytes) => {
        io.emit({ kind: 'path-mtu', peer: tables.links.peer[link], link: tables.links.id[link] });
        this.link.mtu.tooBig(link, bytes, this.now);
      },
      gsoRefused: (link) => this.link.segmentation.refused(link),
    };
  }

  private loopReports(): LoopReports {
    const { io } = this;
    return {
      loopChanged: (peer, vlans, state) => {
        // Stations may have been learned the wrong way round while frames circled.
        if (state === LOOP.HELD || state === LOOP.HELD_ELSEWHERE) this.macs.flushPort(peer);
        if (state !== LOOP.HELD) this.snooping.portOpened(peer, this.now);
        io.emit({ kind: 'loop', peer, vlans, state });
      },
    };
  }

  private stormReports(): StormReports {
    const { io, stats } = this;
    return {
      stats,
      stormChanged: (peer, kind, isOver) => {
        const storms = peer * PEER_WIDTH + PEER.storms;
        if (isOver) stats.peers[storms] &= ~(1 << kind);
        else stats.peers[storms] |= 1 << kind;
        io.emit({ kind: 'switch', notice: { what: 'storm', peer, traffic: kind, isOver } });
      },
    };
  }

  /** Makes room for the statistics of so many peers and links; the control thread gets the larger buffer. */
  growStats(peers: number, links: number): void {
    this.stats.grow({ peers, links });
    this.io.emit({
      kind: 'stats',
      buffer: this.stats.buffer,
      ...this.stats.shape,
    });
  }
}
