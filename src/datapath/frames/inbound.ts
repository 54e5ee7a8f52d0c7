/**
 * The way of a frame in, in order of processing:
 *
 *   handleMessages   a batch from the sockets; a message is one datagram or several joined by UDP GRO
 *   (admission.ts)   outer header checked, session found, counter looked up in the replay window
 *   (native open)    everything admitted is opened in one call
 *   (acceptance.ts)  counter committed, link marked as heard, datagram handed on by its kind
 *   (unpacker.ts)    frames taken out; the switch (bridge.ts) learns their sources
 *   (delivery.ts)    written to the TAP
 *
 * What parity rebuilt and what came through relays follows as batches of their own.
 */

import { DROP } from '../../contract/drops.js';
import { INTERFACE, type SharedStats } from '../../contract/stats.js';
import { RECV } from '../../native/ops.js';
import { Datagram, MessageBatch, ORIGIN } from '../../state/datagram.js';
import { Acceptance, type AcceptanceParts } from './acceptance.js';
import { Admission } from './admission.js';
import { Arrivals } from './arrivals.js';

export class Inbound {
  private readonly batch = new MessageBatch(ORIGIN.SOCKET, new Int32Array(0), new Int32Array(0));
  private readonly datagram = new Datagram();
  private readonly arrivals: Arrivals;
  private readonly admission: Admission;
  private readonly acceptance: Acceptance;
  private readonly stats: SharedStats;

  constructor(private readonly parts: Omit<AcceptanceParts, 'arrivals'>) {
    const { arena, io, tables, rebuilder, shares, stats, drops, observer } = parts;
    this.stats = stats;
    this.arrivals = new Arrivals(tables, stats);
    const { sessions } = tables;
    const { arrivals } = this;
    this.admission = new Admission({
      arena,
      io,
      sessions,
      arrivals,
      rebuilder,
      shares,
      stats,
      drops,
      observer,
    });
    this.acceptance = new Acceptance({ ...parts, arrivals: this.arrivals });
  }

  /**
   * Takes `count` messages (`RECV` rows) and the socket row that each came by. Frames are queued for the TAP;
   * the caller flushes the delivery before the receive slots are used again.
   */
  handleMessages(rows: Int32Array, sockets: Int32Array, count: number, now: number): void {
    const { batch } = this;
    const { rebuilt } = this.parts.rebuilder;
    const { arrived } = this.parts.relay;
    batch.rows = rows;
    batch.sockets = sockets;
    batch.count = count;
    this.datagram.now = now;
    this.stats.interface[INTERFACE.rxBytes] += this.take(batch);
    this.stats.interface[INTERFACE.rxMessages] += count;
    if (rebuilt.count > 0) this.take(rebuilt);
    if (arrived.count > 0) this.take(arrived);
  }

  /** Takes the messages of a batch and empties it; returns their bytes. */
  private take(batch: MessageBatch): number {
    const { rows } = batch;
    let bytes = 0;
    this.arrivals.nextBatch();
    for (let message = 0; message < batch.count; message++) {
      const length = rows[message * RECV.WORDS + RECV.LENGTH];
      bytes += length;
      if (length === 0) this.parts.drops.counted(DROP['bad-length'], 1);
      else this.admitAll(batch, message);
    }
    this.openAll(batch);
    batch.count = 0;
    return bytes;
  }

  /** Admits the datagrams of a message. */
  private admitAll(batch: MessageBatch, message: number): void {
    const { datagram, admission } = this;
    const at = message * RECV.WORDS;
    const offset = batch.rows[at + RECV.OFFSET];
    const length = batch.rows[at + RECV.LENGTH];
    const segment = Math.max(1, batch.rows[at + RECV.SEGMENT]);
    datagram.cameIn(batch, message);
    for (let start = 0; start < length; start += segment) {
      datagram.offset = offset + start;
      datagram.length = Math.min(segment, length - start);
      admission.admit(datagram);
      if (!admission.isFull) continue;
      this.openAll(batch);
      datagram.cameIn(batch, message);
    }
  }

  /** Opens what was admitted and hands it on, in order. */
  private openAll(batch: MessageBatch): void {
    const { datagram } = this;
    const count = this.admission.open();
    for (let row = 0; row < count; row++) {
      if (this.admission.read(row, batch, datagram)) this.acceptance.accept(datagram);
    }
    if (count > 0) this.parts.rebuilder.clearStage();
  }
}
