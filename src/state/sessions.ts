/**
 * Sessions as rows of typed arrays. A row is found from the receiver index of a datagram: its low 18 bits are
 * the row, the rest must match.
 */
import { Columns, float64, int32, uint8, uint32 } from '../base/columns.js';
import { REFUSE_AFTER_DATAGRAMS } from '../crypto/limits.js';
import type { ReplayWindows } from '../crypto/replay.js';
import { COUNTER_LIMIT, STREAMS } from '../wire/header.js';

export const SLOT_BITS = 18;
const SLOT_MASK = (1 << SLOT_BITS) - 1;

export const NO_SESSION = -1;
const NO_WINDOW = -1;

/** What a session is installed with: rows, receiver indexes, key slots, and `CAPABILITY` bits of the peer. */
export interface SessionFacts {
  readonly peer: number;
  readonly localIndex: number;
  readonly remoteIndex: number;
  readonly sealKey: number;
  readonly openKey: number;
  readonly capabilities: number;
}

export class SessionTable {
  localIndex = uint32();
  remoteIndex = uint32();
  /** Peer row; -1 for a free row. */
  peer = int32(NO_SESSION);
  sealKey = int32();
  openKey = int32();
  /** `CAPABILITY` bits of the peer. */
  capabilities = uint32();
  /** 1 once an authentic datagram has arrived under it. */
  confirmed = uint8();
  /** Next counter of each stream. */
  counters = float64(0, STREAMS);
  /** Replay window of each stream, -1 until its first datagram. */
  windows = int32(NO_WINDOW, STREAMS);
  /** Datagrams sealed in all, to ask for a rekey in time. */
  sealed = float64();
  private readonly columns = new Columns(this, 'sessions', 64);

  constructor(private readonly replay: ReplayWindows) {}

  /** Peers from which more has come in a session than a replay window holds without a ring. */
  countBusyPeers(): number {
    return this.replay.countOwnersWithRing();
  }

  install(slot: number, session: SessionFacts): void {
    this.columns.ensure(slot + 1);
    this.retire(slot);
    this.localIndex[slot] = session.localIndex;
    this.remoteIndex[slot] = session.remoteIndex;
    this.peer[slot] = session.peer;
    this.sealKey[slot] = session.sealKey;
    this.openKey[slot] = session.openKey;
    this.capabilities[slot] = session.capabilities;
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

  /** Takes `count` counters of a stream; returns the first, or -1 when there is no such session or it has no more to give. */
  take(slot: number, stream: number, count: number): number {
    if (!this.isLive(slot)) return -1;
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
    if (this.windows[at] < 0) this.windows[at] = this.replay.allocate(this.peer[slot]);
    return this.replay.commit(this.windows[at], counter);
  }

  /** Highest counter received on a stream; -1 when none. */
  highest(slot: number, stream: number): number {
    const window = this.windows[slot * STREAMS + stream];
    return window < 0 ? -1 : this.replay.highest(window);
  }
}
