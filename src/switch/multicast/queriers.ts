/**
 * Who asks for memberships in each VLAN and family, and whether enough was asked for the answers to be trusted.
 *
 * One table of rows, VLAN × family. Of several queriers the one with the lowest address counts (RFC 2236 section 3,
 * RFC 3376 section 6.6.2, RFC 2710 section 4, RFC 3810 section 7.6.2); one without an address (0.0.0.0, a switch after
 * RFC 4541 section 2.1.1) yields to those that have one, and of two without the lower MAC address counts, so that two
 * switches agree. Times are µs.
 */
import { Columns, float64, int32 } from '../../base/columns.js';
import type { QuerierRow } from '../../contract/answers.js';
import { PORT } from '../../contract/port-settings.js';
import { FAMILIES, type IpAddress } from './address.js';
import type { GroupMessage } from './message.js';

/** In place of the querier's port: this switch itself. */
export const OWN = PORT.SWITCH;

const SECOND = 1e6;
/** Defaults of all the RFCs: queries every 125 s, 2 of them may be lost, answers within 10 s. */
const INTERVAL_S = 125;
const ROBUSTNESS = 2;
const RESPONSE_US = 10 * SECOND;
/** However short the interval that a querier tells, memberships last at least this long. */
const LEAST_HOLD_US = 20 * SECOND;
/** However short the time that a query gives for answers, they need some to come from far away. */
const LEAST_RESPONSE_US = SECOND;
/** A pause longer than this is no interval of queries. */
const LONGEST_INTERVAL_US = 3600 * SECOND;

/** Row of a VLAN and family. */
export function querierRow(vlan: number, family: number): number {
  return vlan * FAMILIES + family;
}

/** Who sent a query. */
export interface Asker {
  /** Port, or `OWN`. */
  port: number;
  readonly address: IpAddress;
  macHigh: number;
  macLow: number;
}

export class Queriers {
  /** Until when the querier counts as present. */
  presentUntil = float64();
  /** From when on all who were asked first have had the time to answer. */
  settledAt = float64();
  port = int32(OWN);
  address = int32(0, 4);
  macHigh = int32();
  macLow = int32();
  /** The last two general queries, whoever sent them, and how long the answers to one may take. */
  private lastQuery = float64(-Infinity);
  private queryBefore = float64(-Infinity);
  private responseUs = float64();
  /** How long a membership lasts without being renewed. */
  private holdUs = float64();
  private readonly columns = new Columns(this, 'others', FAMILIES);

  /** Rows that there may be something in. */
  get rows(): number {
    return this.columns.capacity;
  }

  isPresent(row: number, now: number): boolean {
    return row < this.columns.capacity && now < this.presentUntil[row];
  }

  /** Whether the memberships known are all there are, but for those of ports that came later. */
  isSettled(row: number, now: number): boolean {
    return this.isPresent(row, now) && now >= this.settledAt[row];
  }

  /** Whether all behind a port that is there since `opened` were asked and have had the time to answer. */
  hasAsked(row: number, opened: number, now: number): boolean {
    if (row >= this.columns.capacity) return false;
    const response = this.responseUs[row];
    const last = this.lastQuery[row];
    const before = this.queryBefore[row];
    return (last >= opened && now >= last + response) || (before >= opened && now >= before + response);
  }

  /** How long a membership lasts from a report on. */
  hold(row: number): number {
    const held = row < this.columns.capacity ? this.holdUs[row] : 0;
    return held > 0 ? held : ROBUSTNESS * INTERVAL_S * SECOND + RESPONSE_US;
  }

  /** Time of the last general query; `-Infinity` before the first. */
  lastAsked(row: number): number {
    return row < this.columns.capacity ? this.lastQuery[row] : -Infinity;
  }

  /** Takes a query that was heard or, `asker.port` being `OWN`, sent. Returns whether its sender is the querier now. */
  heard(row: number, asker: Asker, query: GroupMessage, now: number): boolean {
    this.columns.ensure(row + 1);
    const isGeneral = query.group.isUnspecified;
    const wasPresent = this.isPresent(row, now);
    const isSame = wasPresent && this.rank(row, asker) === 0;
    if (isGeneral) this.asked(row, query, now);
    if (wasPresent && !isSame && this.rank(row, asker) > 0) return false;
    if (!isGeneral) return isSame;
    if (!wasPresent) this.settledAt[row] = now + this.responseUs[row];
    this.port[row] = asker.port;
    for (let word = 0; word < 4; word++) this.address[4 * row + word] = asker.address.words[word];
    this.macHigh[row] = asker.macHigh;
    this.macLow[row] = asker.macLow;
    this.presentUntil[row] = now + this.holdUs[row];
    return true;
  }

  /** Takes a querier from before a restart, unless one is known. Nobody has been asked since. */
  recall(row: number, known: QuerierRow, now: number): void {
    if (this.isPresent(row, now)) return;
    this.columns.ensure(row + 1);
    this.port[row] = known.port;
    this.address.set(known.address, 4 * row);
    this.macHigh[row] = known.high;
    this.macLow[row] = known.low | 0;
    this.holdUs[row] = known.holdUs;
    this.presentUntil[row] = now + known.leftUs;
    this.settledAt[row] = now;
  }

  /** The querier is gone, or this switch no longer wants to be it: nothing is settled until somebody asks again. */
  forget(row: number): void {
    if (row < this.columns.capacity) this.presentUntil[row] = 0;
  }

  /** Forgets queriers that were heard by a port. */
  forgetPort(port: number): void {
    for (let row = 0; row < this.columns.capacity; row++) if (this.port[row] === port) this.forget(row);
  }

  private asked(row: number, query: GroupMessage, now: number): void {
    const gap = now - this.lastQuery[row];
    const told = query.intervalS > 0;
    const robustness = Math.max(query.robustness, ROBUSTNESS);
    let hold = robustness * (told ? query.intervalS : INTERVAL_S) * SECOND + query.responseUs;
    if (gap < LONGEST_INTERVAL_US) hold = Math.max(hold, ROBUSTNESS * gap + query.responseUs);
    this.holdUs[row] = Math.max(hold, LEAST_HOLD_US);
    this.queryBefore[row] = this.lastQuery[row];
    this.lastQuery[row] = now;
    this.responseUs[row] = Math.max(query.responseUs, LEAST_RESPONSE_US);
  }

  /** Negative: the asker goes before the present querier; 0: it is the same; positive: it yields. */
  private rank(row: number, asker: Asker): number {
    const { words, isUnspecified } = asker.address;
    const at = 4 * row;
    const isBare = this.address[at + 3] === 0 && this.address[at] === 0;
    if (isUnspecified !== isBare) return isUnspecified ? 1 : -1;
    for (let word = 0; word < 4 && !isBare; word++) {
      const difference = (words[word] >>> 0) - (this.address[at + word] >>> 0);
      if (difference !== 0) return difference;
    }
    if (!isBare) return 0;
    return asker.macHigh - this.macHigh[row] || (asker.macLow >>> 0) - (this.macLow[row] >>> 0);
  }
}
