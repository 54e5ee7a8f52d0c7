/**
 * Which MAC address has an IP address, per VLAN, as stations have said themselves.
 *
 * Bounded: a keyed hash names a bucket of eight rows. In a full bucket the port with the most rows in the table gives one, so that
 * what comes from one peer never pushes out what fewer rows of another say. Two stations that claim one address make it a
 * duplicate: for a while it has no MAC address here, whoever is right.
 */
import { Columns, int32 } from '../../base/columns.js';
import type { NeighbourRow } from '../../contract/answers.js';
import { KeyedHash } from '../keyed-hash.js';
import type { NeighbourMessage } from './neighbour-message.js';

const BUCKET = 8;
export const NEIGHBOUR_ROWS = 16_384;
const NONE = -1;
/** How long an address that two stations claim is nobody's. */
const DUPLICATE_US = 60e6;
const STATE = { KNOWN: 0, DUPLICATE: 1 } as const;

export class NeighbourTable {
  /** How often two stations have claimed one address. */
  duplicates = 0;
  private readonly hash: KeyedHash;
  private address = new Int32Array(0);
  private vlan = new Uint16Array(0);
  private mac = new Int32Array(0);
  private port = new Int32Array(0);
  private state = new Uint8Array(0);
  private router = new Uint8Array(0);
  /** When a row is free again. */
  private until = new Float64Array(0);
  /** Rows that came by each port (row = port + 1). */
  private held = int32();
  private readonly ports = new Columns(this, 'peers');

  constructor(seed: readonly [number, number]) {
    this.hash = new KeyedHash(seed[0], seed[1]);
  }

  /** An empty table; of no rows while nobody needs it. */
  clear(rows: number): void {
    this.address = new Int32Array(4 * rows);
    this.vlan = new Uint16Array(rows);
    this.mac = new Int32Array(2 * rows);
    this.port = new Int32Array(rows);
    this.state = new Uint8Array(rows);
    this.router = new Uint8Array(rows);
    this.until = new Float64Array(rows);
    this.held.fill(0);
  }

  /** Row of an address that has one MAC address here, or -1. */
  find(vlan: number, words: Int32Array, now: number): number {
    const row = this.rowOf(vlan, words, now);
    return row !== NONE && this.state[row] === STATE.KNOWN ? row : NONE;
  }

  /** The first 16 and the last 32 bits of a row's MAC address, and whether it is that of a router. */
  macHigh(row: number): number {
    return this.mac[2 * row];
  }

  macLow(row: number): number {
    return this.mac[2 * row + 1] >>> 0;
  }

  isRouter(row: number): boolean {
    return this.router[row] === 1;
  }

  /** Notes what a message that came by a port claims, for `lastsUs`. */
  claim(message: NeighbourMessage, vlan: number, port: number, now: number, lastsUs: number): void {
    const { claimed, macHigh, macLow, tellsRole } = message;
    const known = this.rowOf(vlan, claimed, now);
    if (known === NONE) {
      // Who asks has not said whether it is a router, and an answer in its name would have to.
      if (!tellsRole) return;
      const row = this.freeRow(this.bucketOf(vlan, claimed), port, now);
      if (row === NONE) return;
      this.address.set(claimed, 4 * row);
      this.vlan[row] = vlan;
      this.mac[2 * row] = macHigh;
      this.mac[2 * row + 1] = macLow;
      this.state[row] = STATE.KNOWN;
      this.port[row] = port;
      this.held[port + 1]++;
      this.router[row] = Number(message.isRouter);
      this.until[row] = now + lastsUs;
      return;
    }
    if (this.state[known] === STATE.DUPLICATE) return;
    if (this.mac[2 * known] !== macHigh || this.mac[2 * known + 1] !== (macLow | 0)) {
      this.state[known] = STATE.DUPLICATE;
      this.until[known] = now + DUPLICATE_US;
      this.duplicates++;
      return;
    }
    this.ports.ensure(port + 2);
    this.held[this.port[known] + 1]--;
    this.port[known] = port;
    this.held[port + 1]++;
    if (tellsRole) this.router[known] = Number(message.isRouter);
    this.until[known] = now + lastsUs;
  }

  peerRemoved(peer: number): void {
    if (peer + 1 >= this.ports.capacity || this.held[peer + 1] === 0) return;
    for (let row = 0; row < this.until.length; row++) {
      if (this.until[row] > 0 && this.port[row] === peer) this.free(row);
    }
  }

  /**
   * Looks at `count` rows from `from` and visits those that are not past their time, for `show`. Returns the row to go on at, or
   * -1 at the end.
   */
  entries(now: number, from: number, count: number, visit: (entry: NeighbourRow) => void): number {
    const end = Math.min(from + count, this.until.length);
    for (let row = from; row < end; row++) {
      if (this.until[row] <= now) continue;
      visit({
        vlan: this.vlan[row],
        words: [...this.address.subarray(4 * row, 4 * row + 4)],
        high: this.macHigh(row),
        low: this.macLow(row),
        port: this.port[row],
        isDuplicate: this.state[row] === STATE.DUPLICATE,
        isRouter: this.isRouter(row),
        leftUs: this.until[row] - now,
      });
    }
    return end < this.until.length ? end : NONE;
  }

  private rowOf(vlan: number, words: Int32Array, now: number): number {
    const first = this.bucketOf(vlan, words);
    for (let row = first; row < first + BUCKET; row++) {
      const at = 4 * row;
      if (
        this.until[row] > now &&
        this.vlan[row] === vlan &&
        this.address[at + 3] === words[3] &&
        this.address[at + 2] === words[2] &&
        this.address[at + 1] === words[1] &&
        this.address[at] === words[0]
      )
        return row;
    }
    return NONE;
  }

  /** A row of a bucket for an address that came by a port; -1: the port has as many rows as any in the bucket, and none there. */
  private freeRow(first: number, port: number, now: number): number {
    this.ports.ensure(port + 2);
    let worst = NONE;
    for (let row = first; row < first + BUCKET; row++) {
      if (this.until[row] <= now) {
        this.free(row);
        return row;
      }
      if (worst === NONE || this.isWorse(row, worst)) worst = row;
    }
    const most = this.held[this.port[worst] + 1];
    if (this.port[worst] !== port && most <= this.held[port + 1]) return NONE;
    this.free(worst);
    return worst;
  }

  /** Whether a row goes before another: its port has more, or it ends sooner. */
  private isWorse(row: number, other: number): boolean {
    const held = this.held[this.port[row] + 1];
    const otherHeld = this.held[this.port[other] + 1];
    return held === otherHeld ? this.until[row] < this.until[other] : held > otherHeld;
  }

  private free(row: number): void {
    if (this.until[row] === 0) return;
    this.held[this.port[row] + 1]--;
    this.until[row] = 0;
  }

  private bucketOf(vlan: number, words: Int32Array): number {
    const { hash } = this;
    const half = hash.hash(hash.hash(words[0], words[1]), hash.hash(words[2], words[3]));
    return (hash.hash(half, vlan) & (NEIGHBOUR_ROWS / BUCKET - 1)) * BUCKET;
  }
}
