/** Plaintexts become sealed runs: counters are taken from a session, room from the ring, a row of seals queued. */

import { DROP } from '../../contract/drops.js';
import type { SharedStats } from '../../contract/stats.js';
import { REKEY_AFTER_DATAGRAMS } from '../../crypto/limits.js';
import type { Plaintext, SealedRun } from '../../state/run.js';
import type { SessionTable } from '../../state/sessions.js';
import { OUTER, SEALED_OVERHEAD } from '../../wire/header.js';
import type { Transmitter } from './transmit.js';

export class Sealer {
  /** Told once when a session has sealed so much that its successor should be made. */
  onCounterHigh: (slot: number, peer: number) => void = () => {};

  constructor(
    private readonly sessions: SessionTable,
    private readonly transmit: Transmitter,
    private stats: SharedStats,
  ) {}

  useStats(stats: SharedStats): void {
    this.stats = stats;
  }

  /**
   * Seals a plaintext as datagrams of a stream, into room taken from the ring; `run` says where they will stand.
   * False when the session has no counters left.
   */
  seal(slot: number, stream: number, plaintext: Plaintext, run: SealedRun): boolean {
    const count = plaintext.datagrams;
    if (!this.number(slot, stream, count, run)) return false;
    const around = SEALED_OVERHEAD + plaintext.prefixLength + plaintext.headLength;
    const total = plaintext.payloadLength + count * around;
    run.offset = this.transmit.reserve(total, this.sessions.peer[slot]);
    run.length = total;
    run.segment = Math.min(plaintext.segment + around, total);
    this.transmit.commit(total);
    this.transmit.seal(run, plaintext);
    return true;
  }

  /** The same for one datagram whose plaintext stands already where room for it was reserved. */
  sealInPlace(slot: number, stream: number, plaintext: Plaintext, run: SealedRun): boolean {
    if (!this.number(slot, stream, 1, run)) return false;
    const total = plaintext.payloadLength + SEALED_OVERHEAD;
    run.offset = plaintext.payload - OUTER.BYTES;
    run.length = total;
    run.segment = total;
    this.transmit.commit(total);
    this.transmit.seal(run, plaintext);
    return true;
  }

  private number(slot: number, stream: number, count: number, run: SealedRun): boolean {
    const before = this.sessions.sealed[slot];
    const counter = this.sessions.take(slot, stream, count);
    if (counter < 0) {
      this.stats.drops[DROP['counter-exhausted']]++;
      return false;
    }
    if (before < REKEY_AFTER_DATAGRAMS && before + count >= REKEY_AFTER_DATAGRAMS) {
      this.onCounterHigh(slot, this.sessions.peer[slot]);
    }
    run.slot = slot;
    run.stream = stream;
    run.counter = counter;
    return true;
  }
}
