/**
 * Sessions as rows of typed arrays. A row is found from the receiver index of a datagram: its low 18 bits are
 * the row, the rest must match.
 */
import { enlarged } from '../base/arrays.js';
import { REFUSE_AFTER_DATAGRAMS } from '../crypto/limits.js';
import type { ReplayWindows } from '../crypto/replay.js';
import { COUNTER_LIMIT, STREAMS } from '../wire/header.js';

export const SLOT_BITS = 18;
const SLOT_MASK = (1 << SLOT_BITS) - 1;

export const NO_SESSION = -1;
const NO_WINDOW = -1;

export class SessionTable {
  localIndex = new Uint32Array(0);
  remoteIndex = new Uint32Array(0);
  /** Peer row; -1 for a free row. */
  peer = new Int32Array(0);
  sealKey = new Int32Array(0);
  openKey = new Int32Array(0);
  /** 1 once an authentic datagram has arrived under it. */
  confirmed = new Uint8Array(0);
  /** Next counter of each stream. */
  counters = new Float64Array(0);
  /** Replay window of each stream, -1 until its first datagram. */
  windows = new Int32Array(0);
  /** Datagrams sealed in all, to ask for a rekey in time. */
  sealed = new Float64Array(0);

  constructor(private readonly replay: ReplayWindows) {}

  private ensure(rows: number): void {
    if (rows <= this.peer.length) return;
    const capacity = Math.max(64, 2 ** Math.ceil(Math.log2(rows)));
    this.localIndex = enlarged(this.localIndex, capacity);
    this.remoteIndex = enlarged(this.remoteIndex, capacity);
    this.peer = enlarged(this.peer, capacity, NO_SESSION);
    this.sealKey = enlarged(this.sealKey, capacity);
    this.openKey = enlarged(this.openKey, capacity);
    this.confirmed = enlarged(this.confirmed, capacity);
    this.sealed = enlarged(this.sealed, capacity);
    this.counters = enlarged(this.counters, capacity * STREAMS);
    this.windows = enlarged(this.windows, capacity * STREAMS, NO_WINDOW);
  }

  install(
    slot: number,
    peer: number,
    localIndex: number,
    remoteIndex: number,
    sealKey: number,
    openKey: number,
  ): void {
    this.ensure(slot + 1);
    this.retire(slot);
    this.localIndex[slot] = localIndex;
    this.remoteIndex[slot] = remoteIndex;
    this.peer[slot] = peer;
    this.sealKey[slot] = sealKey;
    this.openKey[slot] = openKey;
    this.confirmed[slot] = 0;
    this.sealed[slot] = 0;
    this.counters.fill(0, slot * STREAMS, (slot + 1) * STREAMS);
  }

  retire(slot: number): void {
    if (slot >= this.peer.length || this.peer[slot] === NO_SESSION) return;
    this.peer[slot] = NO_SESSION;
    for (let at = slot * STREAMS; at < (slot + 1) * STREAMS; at++) {
      if (this.windows[at] >= 0) this.replay.release(this.windows[at]);
      this.windows[at] = NO_WINDOW;
    }
  }

  isLive(slot: number): boolean {
    return slot >= 0 && slot < this.peer.length && this.peer[slot] >= 0;
  }

  /** Row of a receiver index, or -1. */
  find(index: number): number {
    const slot = index & SLOT_MASK;
    if (slot >= this.peer.length || this.peer[slot] < 0 || this.localIndex[slot] !== index) return NO_SESSION;
    return slot;
  }

  /** Takes `count` counters of a stream; returns the first, or -1 when the session has no more to give. */
  take(slot: number, stream: number, count: number): number {
    const at = slot * STREAMS + stream;
    const first = this.counters[at];
    if (first + count > COUNTER_LIMIT || this.sealed[slot] + count > REFUSE_AFTER_DATAGRAMS) return -1;
    this.counters[at] = first + count;
    this.sealed[slot] += count;
    return first;
  }

  isFresh(slot: number, stream: number, counter: number): boolean {
    const window = this.windows[slot * STREAMS + stream];
    return window < 0 || this.replay.check(window, counter);
  }

  /** Marks a counter as seen; false when it had been. */
  commit(slot: number, stream: number, counter: number): boolean {
    const at = slot * STREAMS + stream;
    if (this.windows[at] < 0) this.windows[at] = this.replay.allocate();
    return this.replay.commit(this.windows[at], counter);
  }

  /** Highest counter received on a stream; -1 when none. */
  highest(slot: number, stream: number): number {
    const window = this.windows[slot * STREAMS + stream];
    return window < 0 ? -1 : this.replay.highest(window);
  }
}
