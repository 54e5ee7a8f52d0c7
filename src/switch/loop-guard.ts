/**
 * Notices when the LAN behind the TAP and a peer are joined a second time, and holds the newer way.
 *
 * Every interval probes leave by the TAP, one in each VLAN (`loop-rounds.ts`). One that comes back by a peer has gone round a
 * loop of the VLAN in which it comes. All gateways on the loop see theirs; each says so in its next probes, with the age of its
 * way to that peer. The one whose way is newest holds it in that VLAN: but for probes, nothing passes there in either
 * direction. A probe that passes a held way is marked by the holder, so that the others know that the loop is cut. When its own
 * probes do not come back any longer, the holder lets go.
 */
import { Columns, float64 } from '../base/columns.js';
import { DROP } from '../contract/drops.js';
import { type Frame, sourceHigh, sourceLow, vlanId } from './frame.js';
import { LoopProbe } from './loop-probe.js';
import { NO_PROBE, ProbeRounds } from './loop-rounds.js';
import { LoopWays, NO_WAY } from './loop-ways.js';
import { LOCAL_PORT, type MacTable } from './mac-table.js';
import { PassedProbes } from './passed-probes.js';
import type { Ports } from './ports.js';
import type { Vlans } from './vlans.js';

/** How a peer stands in a loop. */
export const LOOP = { NONE: 0, NOTICED: 1, HELD: 2, HELD_ELSEWHERE: 3 } as const;

const INTERVAL_US = 150_000;
/** Nobody with a newer way was heard for so long: ours is to be held. */
const RIVAL_US = 2 * INTERVAL_US;
/** Whoever should hold does not for so many intervals, beside a round of probes: then we do. */
const PATIENCE = 3;
/** Probes that did not come back for so many intervals, or rounds: the loop is no more. */
const HEALED_INTERVALS = 10;
const HEALED_ROUNDS = 3;
/** Ages that differ by less count as equal, in ms: both ends of one way came up together. */
const SAME_AGE_MS = 2000;

/** Is told what becomes of loops. */
export interface LoopReports {
  /** A peer stands so, one of `LOOP`, in these VLANs (0: without a tag) from now on. */
  loopChanged(peer: number, vlans: readonly number[], state: number): void;
}

/** What the loop guard is made of. */
interface LoopGuardParts {
  readonly bytes: Uint8Array;
  readonly ports: Ports;
  readonly vlans: Vlans;
  readonly macs: MacTable;
  readonly reports: LoopReports;
  readonly seed: readonly [number, number];
}

export class LoopGuard {
  readonly probe: LoopProbe;
  private nextAt = Number.POSITIVE_INFINITY;
  private readonly bytes: Uint8Array;
  private readonly ports: Ports;
  private readonly reports: LoopReports;
  readonly rounds: ProbeRounds;
  private readonly passed: PassedProbes;
  private readonly ways = new LoopWays();
  /** When the way to each peer came up. */
  private upAt = float64();
  private readonly columns = new Columns(this, 'peers');
  /** Age of our newest way in a loop that nobody has cut, in ms; -1: there is none. */
  private looseAge = -1;
  /** The newest way that another gateway has told of. */
  private rivalAt = Number.NEGATIVE_INFINITY;
  private rivalAge = 0;
  private rivalId = 0;
  /** When it told last that it has none any longer: others may have some. */
  private yieldedAt = Number.NEGATIVE_INFINITY;

  constructor({ bytes, ports, vlans, macs, reports, seed }: LoopGuardParts) {
    this.bytes = bytes;
    this.ports = ports;
    this.reports = reports;
    this.probe = new LoopProbe(bytes, seed);
    this.rounds = new ProbeRounds(vlans, macs);
    this.passed = new PassedProbes(bytes, this.probe, seed);
  }

  /** When `run` wants to be called next, in µs. */
  nextDeadline(): number {
    return this.nextAt;
  }

  /** Starts or stops to look for loops; what is held is let go at the end. */
  set(isOn: boolean, now: number): void {
    if (isOn === this.nextAt < Number.POSITIVE_INFINITY) return;
    this.nextAt = isOn ? now : Number.POSITIVE_INFINITY;
    if (isOn) return;
    for (let row = 0; row < this.ways.count; row++) this.change(row, LOOP.NONE, now);
    this.tell();
  }

  /** A way to a peer has come up: its age begins. */
  cameUp(peer: number, now: number): void {
    this.columns.ensure(peer + 1);
    this.upAt[peer] = now;
  }

  /**
   * Takes a probe (see `LoopProbe.bodyOf`) that came in by a port. Returns the index in `DROP` of the reason for which it ends
   * here, or -1: others are flooded.
   */
  take(port: number, frame: Frame, now: number): number {
    const { bytes, probe } = this;
    const { offset, length } = frame;
    const body = probe.bodyOf(frame);
    const id = sourceHigh(bytes, offset) * 2 ** 32 + sourceLow(bytes, offset);
    const vlan = vlanId(bytes, offset, length);
    if (id === probe.id) {
      if (!probe.isOurs(body)) return DROP['forged-probe'];
      if (port !== LOCAL_PORT && this.nextAt < Number.POSITIVE_INFINITY) {
        this.cameBack(port, vlan, body, now);
      }
      return DROP['own-probe'];
    }
    if (port !== LOCAL_PORT && this.ports.isHeld(port, vlan)) probe.mark(frame);
    else this.noteRival(probe.looseAge(body), id, now);
    return this.passed.take(port, frame, probe.holder(body) !== 0, now);
  }

  private cameBack(peer: number, vlan: number, body: number, now: number): void {
    const { ways, probe } = this;
    this.columns.ensure(peer + 1);
    let row = ways.find(peer, vlan);
    if (row === NO_WAY) {
      row = ways.add(peer, vlan);
      if (row === NO_WAY) return;
      this.change(row, LOOP.NOTICED, now);
    }
    const number = probe.numberOf(body);
    // Copies that came by several ways: one that nobody holds is enough for a loop.
    const isOpen = ways.batch[row] === number && ways.holder[row] === 0;
    ways.seenAt[row] = now;
    ways.batch[row] = number;
    ways.holder[row] = isOpen ? 0 : probe.holder(body);
  }

  private noteRival(age: number, id: number, now: number): void {
    if (age < 0) {
      if (id === this.rivalId && this.rivalAt > this.yieldedAt) this.yieldedAt = now;
      return;
    }
    const isStale = now - this.rivalAt > RIVAL_US || this.yieldedAt >= this.rivalAt;
    if (!isStale && id !== this.rivalId && !isNewer(age, id, this.rivalAge, this.rivalId)) return;
    this.rivalAt = now;
    this.rivalAge = age;
    this.rivalId = id;
  }

  /** Decides what is due; `next` then has the probes that are to leave. */
  run(now: number): void {
    const { ways, rounds } = this;
    this.nextAt = now + INTERVAL_US;
    // Until gateways agree who holds what, nobody waits for a round.
    for (let row = 0; row < ways.count; row++) {
      const isNew = now - ways.since[row] < HEALED_INTERVALS * INTERVAL_US;
      if (isNew || ways.state[row] === LOOP.NOTICED) rounds.suspect(ways.vlan[row]);
    }
    rounds.begin();
    for (let row = 0; row < ways.count; row++) this.review(row, now);
    this.tell();
    this.looseAge = this.youngest(now);
    this.probe.nextBatch();
  }

  /** Writes the next probe that is to leave now at the place of `frame`; false: there is none. */
  next(frame: Frame): boolean {
    const vlan = this.rounds.next();
    if (vlan === NO_PROBE) return false;
    this.probe.write(frame, vlan, this.looseAge);
    return true;
  }

  private review(row: number, now: number): void {
    const { ways } = this;
    const healed = Math.max(HEALED_INTERVALS, HEALED_ROUNDS * this.rounds.intervals) * INTERVAL_US;
    if (now - ways.seenAt[row] >= healed) return this.change(row, LOOP.NONE, now);
    const holder = ways.holder[row];
    const { id } = this.probe;
    switch (ways.state[row]) {
      case LOOP.NOTICED:
        if (holder !== 0) this.change(row, LOOP.HELD_ELSEWHERE, now);
        else if (this.isToHold(row, now)) this.change(row, LOOP.HELD, now);
        break;
      case LOOP.HELD_ELSEWHERE:
        if (holder === 0) this.change(row, LOOP.NOTICED, now);
        break;
      default:
        // Two hold: one is enough.
        if (holder !== 0 && holder !== id && id > holder) this.change(row, LOOP.HELD_ELSEWHERE, now);
    }
  }

  /** Whether it is for us to cut the loop that goes by a way. */
  private isToHold(row: number, now: number): boolean {
    const noticed = now - this.ways.since[row];
    // Of several ways that are too many one goes at a time: whose is next is told within an interval.
    const waited = Math.min(noticed, now - this.yieldedAt);
    if (waited < INTERVAL_US) return false;
    const hasRival = now - this.rivalAt < RIVAL_US && this.rivalAt > this.yieldedAt;
    const rivalAge = this.rivalAge + (now - this.rivalAt) / 1000;
    const patience = (PATIENCE + this.rounds.intervals) * INTERVAL_US;
    return (
      waited >= patience ||
      noticed >= 2 * patience ||
      !hasRival ||
      !isNewer(rivalAge, this.rivalId, this.ageOf(this.ways.peer[row], now), this.probe.id)
    );
  }

  private ageOf(peer: number, now: number): number {
    return (now - this.upAt[peer]) / 1000;
  }

  /** Age of the newest way in a loop that nobody has cut, in whole ms; -1: there is none. */
  private youngest(now: number): number {
    const { ways } = this;
    let age = Number.POSITIVE_INFINITY;
    for (let row = 0; row < ways.count; row++) {
      if (ways.state[row] === LOOP.NOTICED) age = Math.min(age, this.ageOf(ways.peer[row], now));
    }
    return age === Number.POSITIVE_INFINITY ? -1 : Math.floor(age);
  }

  private change(row: number, state: number, now: number): void {
    const { ways } = this;
    ways.state[row] = state;
    ways.since[row] = now;
    this.ports.hold(ways.peer[row], ways.vlan[row], state === LOOP.HELD);
  }

  /** Tells what has changed, the VLANs of a peer that changed alike at once, and forgets what is over. */
  private tell(): void {
    const { ways } = this;
    for (let row = 0; row < ways.count; row++) {
      const state = ways.state[row];
      if (ways.told[row] === state) continue;
      const peer = ways.peer[row];
      const vlans: number[] = [];
      for (let other = row; other < ways.count; other++) {
        if (ways.peer[other] !== peer || ways.state[other] !== state || ways.told[other] === state) continue;
        ways.told[other] = state;
        vlans.push(ways.vlan[other]);
      }
      this.reports.loopChanged(peer, vlans, state);
    }
    for (let row = ways.count - 1; row >= 0; row--) if (ways.state[row] === LOOP.NONE) ways.remove(row);
  }

  peerRemoved(peer: number): void {
    const { ways } = this;
    for (let row = ways.count - 1; row >= 0; row--) if (ways.peer[row] === peer) ways.remove(row);
    this.passed.peerRemoved(peer);
    if (peer < this.columns.capacity) this.columns.reset(peer);
  }
}

/** Whether the way of one gateway is newer than that of another; of equal ones, that of the greater identity. */
function isNewer(age: number, id: number, otherAge: number, otherId: number): boolean {
  return Math.abs(age - otherAge) >= SAME_AGE_MS ? age < otherAge : id > otherId;
}
