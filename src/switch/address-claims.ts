/**
 * Notices two stations that have one IP address, as an observer does whom nobody asks (RFC 5227 section 2.4, for IPv6 in the same
 * way): one says that the address is its own, then another, then the first again. An address that moves once, to the host that
 * stands by, is none of these. Only frames to groups are looked at: ARP requests, announcements, neighbour discovery.
 *
 * Bounded: a keyed hash names a bucket of rows, of which the one heard longest ago gives way. Times are µs.
 */
import type { AddressClaim, SwitchNotice } from '../contract/events.js';
import type { Frame } from './frame.js';
import { KeyedHash } from './keyed-hash.js';
import { NeighbourMessage } from './suppression/neighbour-message.js';

const ROWS = 1024;
const BUCKET = 4;
const NEVER = -Infinity;
/** The first has spoken again within this time. */
const IN_TURN_US = 60e6;
/** The same address is told again after this time, and any other after the shorter one. */
const AGAIN_US = 300e6;
const PAUSE_US = 1e6;

type DuplicateAddress = Extract<SwitchNotice, { what: 'address-duplicate' }>;

/** One of the two that claimed an address last. */
class Claimants {
  readonly high = new Uint16Array(ROWS);
  readonly low = new Uint32Array(ROWS);
  readonly port = new Int32Array(ROWS);
  readonly at = new Float64Array(ROWS).fill(NEVER);

  is(row: number, high: number, low: number): boolean {
    return this.high[row] === high && this.low[row] === low >>> 0;
  }

  copy(row: number, from: Claimants): void {
    this.high[row] = from.high[row];
    this.low[row] = from.low[row];
    this.port[row] = from.port[row];
    this.at[row] = from.at[row];
  }

  forget(row: number): void {
    this.at[row] = NEVER;
    this.high[row] = 0;
    this.low[row] = 0;
  }

  of(row: number): AddressClaim {
    return { high: this.high[row], low: this.low[row], port: this.port[row] };
  }
}

export class AddressClaims {
  private readonly hash: KeyedHash;
  private readonly message = new NeighbourMessage();
  private readonly address = new Int32Array(4 * ROWS);
  private readonly vlan = new Uint16Array(ROWS);
  private readonly last = new Claimants();
  private readonly before = new Claimants();
  private readonly toldAt = new Float64Array(ROWS).fill(NEVER);
  private quietUntil = NEVER;

  /** `tell` hears of duplicates, once a second at most. */
  constructor(
    private readonly bytes: Uint8Array,
    seed: readonly [number, number],
    private readonly tell: (duplicate: DuplicateAddress) => void,
  ) {
    this.hash = new KeyedHash(seed[0], seed[1]);
  }

  /** A frame to a group came in by a port. */
  take(port: number, frame: Frame, vlan: number, now: number): void {
    const { message, last, before } = this;
    if (!message.read(this.bytes, frame) || !message.claims) return;
    const { macHigh, macLow } = message;
    const row = this.rowOf(vlan, message.claimed);
    if (!last.is(row, macHigh, macLow)) {
      const isInTurn = before.is(row, macHigh, macLow) && now - before.at[row] <= IN_TURN_US;
      before.copy(row, last);
      last.high[row] = macHigh;
      last.low[row] = macLow;
      if (isInTurn) this.found(row, port, now);
    }
    last.port[row] = port;
    last.at[row] = now;
  }

  peerRemoved(peer: number): void {
    for (let row = 0; row < ROWS; row++) {
      if (this.last.port[row] === peer || this.before.port[row] === peer) this.empty(row);
    }
  }

  private found(row: number, port: number, now: number): void {
    if (now < this.quietUntil || now - this.toldAt[row] < AGAIN_US) return;
    this.toldAt[row] = now;
    this.quietUntil = now + PAUSE_US;
    const one = { ...this.last.of(row), port };
    const words = [...this.address.subarray(4 * row, 4 * row + 4)];
    this.tell({ what: 'address-duplicate', vlan: this.vlan[row], words, one, other: this.before.of(row) });
  }

  /** Row of an address; one that is not known gets the row of its bucket that was heard longest ago. */
  private rowOf(vlan: number, words: Int32Array): number {
    const half = this.hash.hash(this.hash.hash(words[0], words[1]), this.hash.hash(words[2], words[3]));
    const first = (this.hash.hash(half, vlan) & (ROWS / BUCKET - 1)) * BUCKET;
    let oldest = first;
    for (let row = first; row < first + BUCKET; row++) {
      if (this.last.at[row] !== NEVER && this.vlan[row] === vlan && this.isAt(row, words)) return row;
      if (this.last.at[row] < this.last.at[oldest]) oldest = row;
    }
    this.empty(oldest);
    this.vlan[oldest] = vlan;
    this.address.set(words, 4 * oldest);
    return oldest;
  }

  private isAt(row: number, words: Int32Array): boolean {
    const at = 4 * row;
    const { address } = this;
    for (let word = 0; word < 4; word++) if (address[at + word] !== words[word]) return false;
    return true;
  }

  private empty(row: number): void {
    this.last.forget(row);
    this.before.forget(row);
    this.toldAt[row] = NEVER;
  }
}
