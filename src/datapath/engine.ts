/**
 * The datapath of one interface as a pure machine: frames, datagrams, commands and the time go in; through
 * `DatapathIo` sealed datagrams, frames and events come out. It reads no clock and no randomness, so the same
 * code runs in the worker thread and in the simulator.
 */

import type { DatapathCommand } from '../contract/commands.js';
import { DROP } from '../contract/drops.js';
import { INTERFACE, type SharedStats } from '../contract/stats.js';
import { kindOfTimer, linkOfTimer, TIMER } from '../link/life/timers.js';
import type { Arena } from '../state/arena.js';
import type { Drops } from '../state/drops.js';
import type { DatapathIo } from '../state/io.js';
import { Frame } from '../switch/frame.js';
import { PROBE_BYTES } from '../switch/loop-probe.js';
import { Assembly, type EngineOptions } from './assembly.js';
import { Commands } from './commands.js';

export { type EngineOptions, makeArena } from './assembly.js';

/** How often old MAC entries and incomplete frames are looked for. */
const SWEEP_INTERVAL_US = 100_000;
const SWEEP_BUDGET = 1024;
/** This much later than asked for, and the thread itself was stalled. */
const STALL_US = 5_000;
const DUE_TIMERS = 1024;

export class Engine {
  private readonly parts: Assembly;
  private readonly commands: Commands;
  private readonly due = new Int32Array(DUE_TIMERS);
  private readonly probeInHand = new Frame();
  private nextSweep: number;

  constructor(arena: Arena, io: DatapathIo, options: EngineOptions) {
    this.parts = new Assembly(arena, io, options);
    this.commands = new Commands(this.parts);
    this.nextSweep = options.nowUs + SWEEP_INTERVAL_US;
    this.commands.applySettings(options.settings, options.nowUs);
  }

  get stats(): SharedStats {
    return this.parts.stats;
  }

  get drops(): Drops {
    return this.parts.drops;
  }

  /** Whether a path (words at `at`) leads to a remote end of some link, configured or in use. */
  isRemoteEnd(words: Int32Array, at: number): boolean {
    return this.parts.tables.links.isRemoteEnd(words, at);
  }

  /** Frames read from the TAP: rows of `READ`. */
  frames(rows: Int32Array, count: number, now: number): void {
    this.parts.now = now;
    this.parts.outbound.handleFrames(rows, count, now);
    this.parts.answers.run(now);
  }

  /** Messages received: rows of `RECV`, and the socket row of each. Frames wait for `deliver`. */
  messages(rows: Int32Array, sockets: Int32Array, count: number, now: number): void {
    this.parts.now = now;
    this.parts.inbound.handleMessages(rows, sockets, count, now);
  }

  /** Writes what `messages` queued for the TAP and sends answers; the receive slots are free afterwards. */
  deliver(): void {
    this.parts.reorder.settle(this.parts.now);
    this.parts.unpacker.finish();
    this.parts.answers.run(this.parts.now);
    this.parts.reorder.recycle();
    this.parts.link.directs.tellStations(this.parts.now);
    this.parts.announcer.run(this.parts.now);
    this.parts.transmit.flush();
  }

  /** Answers by ICMP to what was sent by a socket: rows of `SOCKET_ERROR`. */
  socketErrors(rows: Int32Array, count: number, socket: number, now: number): void {
    const { traces, refusals, unreachable } = this.parts.link;
    traces.heardOnTheWay(rows, count, socket, now);
    refusals.take(rows, count, socket, now);
    unreachable.take(rows, count, now);
  }

  /** When `expire` wants to be called next, in µs of the caller's clock. */
  nextDeadline(): number {
    return Math.min(
      this.parts.wheel.next(),
      this.nextSweep,
      this.parts.reorder.nextDeadline(),
      this.parts.transmit.parity.nextDeadline(),
      this.parts.guard.nextDeadline(),
    );
  }

  /**
   * The owner woke up, meaning to at `asked`; tell before anything else. Being much later means that the thread
   * was stalled or the machine suspended: that much silence is nobody's fault. For the last `idleUs` it had waited.
   */
  woke(now: number, asked: number, idleUs: number): void {
    this.parts.shares.passed(idleUs, now);
    this.parts.now = now;
    const late = now - asked;
    if (late <= 0) return;
    const counters = this.parts.stats.interface;
    counters[INTERFACE.latenessLastUs] = late;
    if (late > counters[INTERFACE.latenessMaxUs]) counters[INTERFACE.latenessMaxUs] = late;
    if (late > STALL_US) this.parts.link.liveness.stalled(late);
  }

  /** Runs what is due. Call it only with the sockets drained: a late wake-up is not silence. */
  expire(now: number): void {
    this.parts.now = now;
    this.parts.link.liveness.caughtUp();
    for (;;) {
      const count = this.parts.wheel.advance(now, this.due);
      for (let index = 0; index < count; index++) this.timer(this.due[index], now);
      if (count < this.due.length) break;
    }
    const isSweep = now >= this.nextSweep;
    if (isSweep) this.sweep(now);
    this.parts.transmit.expireParity(now);
    if (now >= this.parts.guard.nextDeadline()) this.probe(now);
    this.deliver();
    // Only here does nothing refer to a batch any more.
    if (isSweep) this.parts.idleMemory.sweep(now);
  }

  /** Lets the loop guard decide, and sends its next probes to the LAN. */
  private probe(now: number): void {
    const { arena, guard, delivery } = this.parts;
    const { probeInHand } = this;
    guard.run(now);
    for (let row = 0; guard.next(probeInHand.place(arena.probeOf(row), PROBE_BYTES)); row++) {
      delivery.frame(probeInHand);
    }
  }

  private timer(id: number, now: number): void {
    const { tables, link: parts } = this.parts;
    const link = linkOfTimer(id);
    if (!tables.links.has(link)) return;
    const kind = kindOfTimer(id);
    if (kind === TIMER.BEAT) parts.life.beatDue(link, now);
    else if (kind === TIMER.HOLD) parts.life.holdDue(link, now);
    else if (kind === TIMER.REFUSED) parts.refusals.due(link, now);
    else parts.mtu.due(link, now);
  }

  private sweep(now: number): void {
    this.nextSweep = now + SWEEP_INTERVAL_US;
    this.parts.drops.sweep();
    this.parts.macs.sweep(now, SWEEP_BUDGET);
    this.parts.snooping.sweep(now);
    this.tellFrozen();
    this.parts.storm.sweep(now);
    this.parts.transmit.rings.sweep(now);
    this.parts.link.changes.announcements.sweep(now);
    this.parts.link.uplinks.sweep(now);
    this.parts.stats.drops[DROP['piece-evicted']] = this.parts.reassembly.evicted;
    this.parts.stats.drops[DROP['piece-expired']] = this.parts.reassembly.expired;
    const counters = this.parts.stats.interface;
    counters[INTERFACE.macEntries] = this.parts.macs.size;
    counters[INTERFACE.macMoves] = this.parts.macs.moves;
  }

  private tellFrozen(): void {
    const { macs, io } = this.parts;
    if (macs.frozen.count === 0) return;
    io.emit({ kind: 'switch', notice: { what: 'mac-frozen', ...macs.frozen } });
    macs.frozen.count = 0;
  }

  /** Carries out a command of the control thread. */
  command(command: DatapathCommand, now: number): void {
    this.parts.now = now;
    this.commands.run(command, now);
  }
}
