/**
 * The last stage of the way out: sealing and sending in batches.
 *
 * Sealed datagrams are written into rings of bytes (`resend-rings.ts`). Seals (`seal.ts`) and sends (`send-queue.ts`)
 * are queued, and both queues run as one native call each (`flush`).
 */

import { DROP } from '../../contract/drops.js';
import { INTERFACE, LINK, LINK_WIDTH, type SharedStats } from '../../contract/stats.js';
import type { Missing } from '../../link/ports.js';
import { PATH, SEND } from '../../native/ops.js';
import type { Arena } from '../../state/arena.js';
import type { Drops } from '../../state/drops.js';
import type { DatapathIo } from '../../state/io.js';
import type { LinkTable } from '../../state/links.js';
import { AT, type Observer } from '../../state/observer.js';
import { SealedRun } from '../../state/run.js';
import type { Tables } from '../../state/tables.js';
import { SEALED_OVERHEAD } from '../../wire/header.js';
import { PARITY_OFF, Parity } from './parity.js';
import { MOST_RESENDS } from './resend-budget.js';
import type { Loss, SendMissing } from './resend-ring.js';
import { NO_PEER, ResendRings } from './resend-rings.js';
import { Sealer } from './seal.js';
import { SendErrors, type SendReports } from './send-errors.js';
import { NO_RECORD, PROBE, SendQueue } from './send-queue.js';
import { Wrapper } from './wrap.js';

/** What the way out of datagrams is made of. */
interface TransmitterParts {
  readonly arena: Arena;
  readonly io: DatapathIo;
  readonly tables: Tables;
  readonly reports: SendReports;
  readonly stats: SharedStats;
  readonly drops: Drops;
  readonly observer: Observer;
}

export class Transmitter {
  readonly rings: ResendRings;
  readonly sealer: Sealer;
  readonly parity: Parity;
  /** Seals once more what goes through a relay. */
  readonly wrapper: Wrapper;
  private readonly links: LinkTable;
  private readonly queue: SendQueue;
  private readonly errors: SendErrors;
  /** When data was sent last. */
  private sentAt = 0;
  /** Sends read back from the queue, and parity; bytes that belong to no run. */
  private readonly run = new SealedRun();
  private readonly bytes = new SealedRun();

  private readonly stats: SharedStats;
  private readonly drops: Drops;
  private readonly observer: Observer;

  constructor(parts: TransmitterParts) {
    const { arena, io, tables, reports, stats, drops } = parts;
    this.stats = stats;
    this.drops = drops;
    this.observer = parts.observer;
    this.links = tables.links;
    this.rings = new ResendRings(arena, tables.links, stats, drops);
    this.sealer = new Sealer(io, tables.sessions, this.rings, this, drops);
    this.parity = new Parity(arena, tables, this.sealer, stats);
    this.wrapper = new Wrapper(arena, tables, this.sealer, drops);
    this.queue = new SendQueue(io, tables);
    this.errors = new SendErrors(this.queue, reports, stats, drops);
  }

  /** Whether UDP GSO may be used, by links whose device takes it. */
  setGso(isAllowed: boolean): void {
    this.queue.gso = isAllowed;
  }

  /** See `Sealer.reserve`. */
  reserve(bytes: number, peer = NO_PEER): number {
    return this.sealer.reserve(bytes, peer);
  }

  /** See `Sealer.commit`. */
  commit(bytes: number): void {
    this.sealer.commit(bytes);
  }

  // --- sends ----------------------------------------------------------------------------------------

  /** Queues a run for a link and remembers it, so that it can be sent again when the link dies. */
  send(link: number, run: SealedRun, now: number): void {
    this.count(link, run);
    if (run.segment > this.links.largestSent[link]) {
      this.links.largestSent[link] = run.segment;
      this.links.largestSentAt[link] = now;
    }
    this.sentAt = now;
    const joined = this.queue.join(link, run);
    if (joined >= 0) this.rings.extend(joined, link, run, now);
    else this.enqueue(link, run, this.rings.remember(link, run, now), now);
  }

  /** Queues a run that is of use only now: heartbeats and their like. */
  sendOnce(link: number, run: SealedRun, now: number): void {
    this.count(link, run);
    this.enqueue(link, run, NO_RECORD, now);
  }

  /** Queues a run that other links carry as well. Whichever comes second is dropped by the receiver unopened. */
  sendCopy(link: number, run: SealedRun, now: number): void {
    this.links.copiesSent[link] += run.datagrams;
    this.sendOnce(link, run, now);
  }

  /**
   * Queues the answer to a probe of the path's MTU: like probes, it is outside of the counts by which loss is
   * measured.
   */
  sendProbeAnswer(link: number, run: SealedRun, now: number): void {
    this.countTraffic(link, run);
    this.enqueue(link, run, NO_RECORD, now);
  }

  /**
   * Sends a probe of the path's MTU by itself and at once. Returns 0, or the negative errno that it was refused with,
   * which is no error of the link.
   */
  sendProbe(link: number, run: SealedRun, now: number): number {
    this.flush();
    this.countTraffic(link, run);
    this.errors.probe = 0;
    this.enqueue(link, run, PROBE, now);
    this.flush();
    return this.errors.probe;
  }

  /** Queues a datagram of the arena for the path in the scratch row of the path table, which is no link's. */
  sendByPath(fd: number, offset: number, length: number): void {
    this.queue.addByPath(fd, this.bytes.place(offset, length, length));
    if (this.queue.isFull) this.flush();
  }

  private enqueue(link: number, run: SealedRun, record: number, now: number): void {
    if (this.links.isRelayed(link)) return this.relay(link, run, now);
    this.queue.add(link, run, record);
    if (this.queue.isFull) this.flush();
  }

  /** Sends datagrams by a link that goes through another peer. */
  private relay(link: number, run: SealedRun, now: number): void {
    const by = this.wrapper.wrapByPath(this.links.paths, link * PATH.WORDS, run);
    if (by >= 0) this.send(by, this.wrapper.run, now);
  }

  private count(link: number, run: SealedRun): void {
    this.links.sent[link] += run.datagrams;
    this.countTraffic(link, run);
  }

  private countTraffic(link: number, run: SealedRun): void {
    const { datagrams, length } = run;
    this.stats.links[link * LINK_WIDTH + LINK.txDatagrams] += datagrams;
    this.stats.links[link * LINK_WIDTH + LINK.txBytes] += length;
    this.stats.interface[INTERFACE.txDatagrams] += datagrams;
    this.stats.interface[INTERFACE.txBytes] += length;
  }

  // --- flushing -------------------------------------------------------------------------------------

  /** Seals and sends everything queued. */
  flush(): void {
    if (!this.sealer.run()) this.abandonSends();
    if (this.queue.count > 0) this.sendAll();
    this.sealer.flushed();
    this.errors.report();
    if (this.sendParity(this.sentAt)) this.flush();
  }

  private sendAll(): void {
    const { count } = this.queue;
    this.queue.count = 0;
    this.stats.interface[INTERFACE.txSends] += count;
    if (this.queue.run(count) < count) this.errors.collect(count);
    if ((this.observer.points & AT.LINK_OUT) !== 0) this.showSent(count);
    if (this.links.linksWithParity > 0) this.addToParity(count);
  }

  private showSent(count: number): void {
    const { rows, link } = this.queue;
    for (let row = 0; row < count; row++) this.observer.sealedOut(rows, row * SEND.WORDS, link[row]);
  }

  /** Some bytes of this batch are still in the clear: none of it may leave, now or when it would be sent again. */
  private abandonSends(): void {
    for (let row = 0; row < this.queue.count; row++) {
      this.queue.read(row, this.run);
      this.drops.counted(DROP['tx-error'], this.run.datagrams);
    }
    this.queue.count = 0;
    this.rings.forget();
  }

  // --- parity ---------------------------------------------------------------------------------------

  /** Gives the datagrams just sent by links with parity to their groups. */
  private addToParity(count: number): void {
    for (let row = 0; row < count; row++) {
      const link = this.queue.link[row];
      if (this.queue.record[row] < 0 || this.links.parity[link] === PARITY_OFF) continue;
      this.queue.read(row, this.run);
      this.parity.add(link, this.run, this.sentAt);
    }
  }

  /** Queues the parity of complete groups; true when there were any. */
  private sendParity(now: number): boolean {
    if (!this.parity.hasComplete) return false;
    while (this.parity.hasComplete) {
      const link = this.parity.sealNext(this.run);
      if (link >= 0) this.sendOnce(link, this.run, now);
    }
    return true;
  }

  /** Closes groups of parity that have waited long enough for more, and queues their parity. */
  expireParity(now: number): void {
    this.parity.expire(now);
    this.sendParity(now);
  }

  // --- sending again --------------------------------------------------------------------------------

  /**
   * Remembers a run of which the links `copies` (a bit set of ids) carry one each. Only when `link` dies and the
   * link that takes over had no copy, or died too, is it sent again.
   */
  keepCopied(link: number, run: SealedRun, now: number, copies: number): void {
    const record = this.rings.remember(link, run, now);
    this.rings.holding(run.offset).noteCopies(record, copies);
  }

  /** Keeps a run in the ring until a link of the peer is usable again, or it is too old. */
  hold(link: number, run: SealedRun, now: number): void {
    this.rings.hold(link, run, now);
    this.links.resendPending[link] = 1;
  }

  /**
   * A link went down and no other is there: what it has not confirmed by now counts as lost for good. The heartbeats
   * that bring it back share its stream and would seem to confirm everything before them.
   */
  strand(link: number): void {
    this.rings.distrust(this.links.peer[link], link);
    this.links.resendPending[link] = 1;
  }

  /** A link is taken away while no other is usable: what waits for it waits for `heir` from now on. */
  handOver(link: number, heir: number, now: number): void {
    this.flush();
    this.rings.handOver(link, heir, now);
    this.links.resendPending[heir] = 1;
  }

  /** Sends again, by link `to`, what was sent by link `from` and is not covered by its last acknowledgement. */
  resend(from: number, to: number, now: number): void {
    this.takeOver(this.rings.loss(from, to, now, MOST_RESENDS));
  }

  /** The same where the peer may have brought the loss about: after `free` times within its budget. */
  resendWithin(from: number, to: number, free: number, now: number): void {
    this.takeOver(this.rings.loss(from, to, now, free));
  }

  /** See `Runs`. */
  sendMissing(missing: Missing): void {
    this.flush();
    this.rings.findMissing(missing, this.sendFound);
    this.flush();
  }

  private readonly sendFound: SendMissing = (missing, from, offset, length, segment) => {
    const run = this.bytes.place(offset, length, segment);
    missing.found(from, run.datagrams, length);
    this.stats.interface[INTERFACE.resentDatagrams] += run.datagrams;
    this.stats.links[from * LINK_WIDTH + LINK.resent] += run.datagrams;
    this.sendAgain(missing.to, run, missing.now);
  };

  /** The other end may have got it already, and drops it then. */
  private sendAgain(link: number, run: SealedRun, now: number): void {
    this.links.sent[link] += run.datagrams;
    this.links.copiesSent[link] += run.datagrams;
    this.enqueue(link, run, NO_RECORD, now);
  }

  private takeOver(loss: Loss): void {
    const { from, to, now } = loss;
    this.flush();
    const resent = this.rings.takeOver(loss, (offset, length, segment) => {
      this.sendAgain(to, this.bytes.place(offset, length, segment), now);
    });
    this.flush();
    this.stats.interface[INTERFACE.resentDatagrams] += resent;
    this.stats.links[from * LINK_WIDTH + LINK.resent] += resent;
  }

  /** Bytes of one datagram with a plaintext of `plaintext` bytes. */
  static sealedLength(plaintext: number): number {
    return plaintext + SEALED_OVERHEAD;
  }
}
