/**
 * A fair share of the worker for each peer. What peers send is work for the one thread that serves them all. While two
 * or more of them want it, and it is never idle, each may cause so much work a time and no more; what is over its share is
 * dropped before it is opened. Idle time was wanted by nobody, so it is given to whoever works; a peer alone has no limit.
 * While the whole machine is busy, an idle worker is little proof of that: the programs behind other peers may be what
 * waits, so that less of its idle time is given away.
 *
 * Work is counted in units of about half a microsecond. Credit is a token bucket (RFC 2697) that busy time fills slowly and
 * idle time fast. Busy time is divided by the peers that cause more than a little; all others together count as one, be
 * they thousands of clients that only show that they live.
 */
import { Columns, float64, int32 } from '../../base/columns.js';
import type { DatapathIo } from '../../state/io.js';

/**
 * Units of work: a datagram opened; a heartbeat that says nothing new; a frame of its own for the TAP; a datagram rebuilt or
 * handed on; any other message about a link, which may be answered, change the choice of links, and be told to the control
 * thread.
 */
export const WORK = { DATAGRAM: 1, BEAT: 2, FRAME: 4, MORE: 8, MESSAGE: 64 } as const;

/**
 * Work that a peer may cause at once, in units: what gathers while the thread is held up for some milliseconds, or the
 * heartbeats of all links while a kernel on the way looks for its neighbours.
 */
const BURST = 8192;
/** Units for each busy µs, shared by the peers that want the worker. */
const PER_BUSY_US = 1 / 5;
/** Units for each idle µs, for each peer: one that takes all that is left of the worker leaves half of that idle. */
const PER_IDLE_US = 2;
/** What is given of idle time, at least, when no processor of the machine is idle; all of it when one is or more. */
const LEAST_OF_IDLE = 1 / 6;
/** A peer wants the worker for one to two of these after its last datagram; µs. */
const WINDOW_US = 250_000;
/** Work of a peer in one window that is too little to divide busy time by: some heartbeats, as of thousands of idle clients. */
const LITTLE = 256;

export class Shares {
  /** Credit of each peer at its last look, and how much had been granted to everybody until then. */
  private credit = float64(BURST);
  private grantedBefore = float64();
  /** Number of the window in which each peer was seen last. */
  private seen = int32(-1);
  /** What each peer has caused in the window named beside it. */
  private caused = float64();
  private causedIn = int32(-1);
  private readonly columns = new Columns(this, 'peers');
  /** Units granted to each peer since the start. */
  private granted = 0;
  private window = 0;
  private windowAt: number;
  /** A peer has used its share up in this window. */
  private pressed = false;
  /** Which part of idle time is given away. */
  private ofIdle = 1;
  /** Peers seen in this window, and in the one before. */
  private present = 0;
  private formerPresent = 0;
  /** Of those, the peers that have caused more than a little. */
  private working = 0;
  private formerWorking = 0;

  /** `now` in µs, as all times here. */
  constructor(
    private now: number,
    private readonly machine: Pick<DatapathIo, 'machineIdle'>,
  ) {
    this.windowAt = now;
  }

  /** Time has passed up to `now`; for `idleUs` of it the worker had nothing to do. */
  passed(idleUs: number, now: number): void {
    const busyUs = Math.max(0, now - this.now - idleUs);
    this.now = now;
    if (now - this.windowAt >= WINDOW_US) this.turnWindow(now);
    const working = Math.max(this.working, this.formerWorking);
    const others = Math.max(this.present, this.formerPresent) > working ? 1 : 0;
    this.granted +=
      (busyUs * PER_BUSY_US) / Math.max(1, working + others) + idleUs * PER_IDLE_US * this.ofIdle;
  }

  private turnWindow(now: number): void {
    const isNext = now - this.windowAt < 2 * WINDOW_US;
    this.formerPresent = isNext ? this.present : 0;
    this.formerWorking = isNext ? this.working : 0;
    this.present = 0;
    this.working = 0;
    this.windowAt = now;
    this.window++;
    this.ofIdle = this.pressed ? Math.min(1, Math.max(LEAST_OF_IDLE, this.machine.machineIdle())) : 1;
    this.pressed = false;
  }

  /** A peer sent something authentic, or frames go to it. */
  wants(peer: number): void {
    this.columns.ensure(peer + 1);
    if (this.seen[peer] === this.window) return;
    this.seen[peer] = this.window;
    this.present++;
  }

  /** Whether more than one peer wants the worker. */
  private get isWanted(): boolean {
    return this.present > 1 || this.formerPresent > 1;
  }

  /** Whether a peer has used its share up while others want the worker. */
  isOver(peer: number): boolean {
    const isOver = this.isWanted && peer < this.columns.capacity && this.balance(peer) <= 0;
    if (isOver) this.pressed = true;
    return isOver;
  }

  /** A peer has caused work. */
  charge(peer: number, units: number): void {
    if (!this.isWanted) return;
    this.columns.ensure(peer + 1);
    this.credit[peer] = this.balance(peer) - units;
    const before = this.causedIn[peer] === this.window ? this.caused[peer] : 0;
    this.causedIn[peer] = this.window;
    this.caused[peer] = before + units;
    if (before <= LITTLE && before + units > LITTLE) this.working++;
  }

  private balance(peer: number): number {
    const balance = Math.min(BURST, this.credit[peer] + this.granted - this.grantedBefore[peer]);
    this.grantedBefore[peer] = this.granted;
    this.credit[peer] = balance;
    return balance;
  }

  peerRemoved(peer: number): void {
    if (peer < this.columns.capacity) this.columns.reset(peer);
  }
}
