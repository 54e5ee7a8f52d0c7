/** Plaintexts become sealed runs: counters are taken from a session, room from the rings, a row of seals queued. */

import { DROP } from '../../contract/drops.js';
import { REKEY_AFTER_DATAGRAMS } from '../../crypto/limits.js';
import { SEAL } from '../../native/ops.js';
import type { Drops } from '../../state/drops.js';
import type { DatapathIo } from '../../state/io.js';
import type { Plaintext, SealedRun } from '../../state/run.js';
import type { SessionTable } from '../../state/sessions.js';
import { OUTER, SEALED_OVERHEAD, TYPE } from '../../wire/header.js';
import { NO_PEER, type ResendRings } from './resend-rings.js';

const SEAL_ROWS = 1024;
/** Sealed bytes after which a batch goes out even though more frames wait: what stays in a core's cache. */
const FLUSH_BYTES = 256 << 10;

/** Whoever seals and sends everything that is queued. */
interface Flushing {
  flush(): void;
}

/** Whoever fills room that it has reserved bit by bit. */
interface RoomHolder {
  /** Takes what it has filled, so that others can reserve room. */
  close(): void;
}

export class Sealer {
  private readonly seals = new Int32Array(SEAL_ROWS * SEAL.WORDS);
  private count = 0;
  /** Bytes taken from the rings since the last flush. */
  private pendingBytes = 0;
  private holder: RoomHolder | null = null;

  constructor(
    private readonly io: DatapathIo,
    private readonly sessions: SessionTable,
    private readonly rings: ResendRings,
    private readonly batch: Flushing,
    private readonly drops: Drops,
  ) {}

  /**
   * Makes room for `bytes` contiguous bytes, in the ring of `peer` if they may have to be sent again, and returns
   * their byte offset; `commit` then takes them.
   */
  reserve(bytes: number, peer = NO_PEER): number {
    if (this.holder !== null) this.holder.close();
    if (this.pendingBytes + bytes > FLUSH_BYTES) this.batch.flush();
    return this.rings.offer(bytes, peer);
  }

  /** What was reserved last is held open by somebody, until it is taken; null: no longer. */
  hold(holder: RoomHolder | null): void {
    this.holder = holder;
  }

  /** Takes the bytes that `reserve` offered. */
  commit(bytes: number): void {
    this.rings.take(bytes);
    this.pendingBytes += bytes;
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
    run.place(
      this.reserve(total, this.sessions.peer[slot]),
      total,
      Math.min(plaintext.segment + around, total),
    );
    this.commit(total);
    this.queue(run, plaintext);
    return true;
  }

  /** The same for one datagram whose plaintext stands already where room for it was reserved. */
  sealInPlace(slot: number, stream: number, plaintext: Plaintext, run: SealedRun): boolean {
    if (!this.number(slot, stream, 1, run)) return false;
    const total = plaintext.payloadLength + SEALED_OVERHEAD;
    run.place(plaintext.payload - OUTER.BYTES, total, total);
    this.commit(total);
    this.queue(run, plaintext);
    return true;
  }

  /** Takes the counters of a run; tells once when the session has sealed so much that its successor should be made. */
  private number(slot: number, stream: number, count: number, run: SealedRun): boolean {
    const before = this.sessions.sealed[slot];
    const counter = this.sessions.take(slot, stream, count);
    if (counter < 0) {
      this.drops.counted(DROP['counter-exhausted'], 1);
      return false;
    }
    if (before < REKEY_AFTER_DATAGRAMS && before + count >= REKEY_AFTER_DATAGRAMS) this.tellCounterHigh(slot);
    run.slot = slot;
    run.stream = stream;
    run.counter = counter;
    return true;
  }

  private tellCounterHigh(slot: number): void {
    this.io.emit({ kind: 'counter-high', slot, peer: this.sessions.peer[slot] });
  }

  private queue(run: SealedRun, plaintext: Plaintext): void {
    if (this.count === SEAL_ROWS) this.batch.flush();
    const ops = this.seals;
    const at = this.count++ * SEAL.WORDS;
    ops[at + SEAL.KEY] = this.sessions.sealKey[run.slot];
    ops[at + SEAL.TYPE] = TYPE.TRANSPORT;
    ops[at + SEAL.STREAM] = run.stream;
    ops[at + SEAL.RECEIVER] = this.sessions.remoteIndex[run.slot];
    ops[at + SEAL.COUNTER_LOW] = run.counter % 0x1_0000_0000;
    ops[at + SEAL.COUNTER_HIGH] = Math.floor(run.counter / 0x1_0000_0000);
    ops[at + SEAL.OUT] = run.offset;
    ops[at + SEAL.PREFIX_OFFSET] = plaintext.prefix;
    ops[at + SEAL.PREFIX_LENGTH] = plaintext.prefixLength;
    ops[at + SEAL.PREFIX_INDEX] = plaintext.prefixIndex;
    ops[at + SEAL.HEAD_OFFSET] = plaintext.head;
    ops[at + SEAL.HEAD_LENGTH] = plaintext.headLength;
    ops[at + SEAL.PAYLOAD_OFFSET] = plaintext.payload;
    ops[at + SEAL.PAYLOAD_LENGTH] = plaintext.payloadLength;
    ops[at + SEAL.SEGMENT] = plaintext.segment;
  }

  /** Seals everything queued; false when some of it is still in the clear, so that none of it may leave. */
  run(): boolean {
    const { count } = this;
    if (count === 0) return true;
    this.count = 0;
    this.io.seal(this.seals, count);
    for (let row = 0; row < count; row++) {
      if (this.seals[row * SEAL.WORDS + SEAL.RESULT] < 0) return false;
    }
    return true;
  }

  /** What was sealed has left. */
  flushed(): void {
    this.pendingBytes = 0;
  }
}
