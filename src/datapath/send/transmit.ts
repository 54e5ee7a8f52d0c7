/**
 * The last stage of the way out: sealing and sending in batches.
 *
 * Sealed datagrams are written into rings of bytes (`resend-rings.ts`). Their sends are queued, neighbours of one
 * link and one size joined into a single UDP GSO send, and both queues run as one native call each (`flush`).
 */

import { DROP } from '../../contract/drops.js';
import { SEAL, SEND } from '../../contract/ops.js';
import { INTERFACE, LINK, LINK_WIDTH, type SharedStats } from '../../contract/stats.js';
import type { Arena } from '../../state/arena.js';
import type { LinkTable } from '../../state/links.js';
import { GSO_BYTES, GSO_SEGMENTS, type Plaintext, type SealedRun } from '../../state/run.js';
import type { SessionTable } from '../../state/sessions.js';
import type { SocketTable } from '../../state/sockets.js';
import { OUTER, TAG_BYTES, TYPE } from '../../wire/header.js';
import type { DatapathIo } from '../io.js';
import { PARITY_OFF, type Parity } from './parity.js';
import { NO_PEER, ResendRings } from './resend-rings.js';

const SEAL_ROWS = 1024;
const SEND_ROWS = 2048;
/** Sealed bytes after which a batch goes out even though more frames wait: what stays in a core's cache. */
const FLUSH_BYTES = 256 << 10;

const EIO = -5;
const EAGAIN = -11;
const ENOMEM = -12;
const EINVAL = -22;
const EMSGSIZE = -90;
const ENOBUFS = -105;

/** No record: of use only now (heartbeats, copies, messages of no link). */
const NO_RECORD = -1;
/** A question to the path: being refused is an answer, and no fault of anybody's. */
const PROBE = -2;

/** Told when a send failed in a way that means the link cannot send. */
export type SendFailure = (link: number, errno: number) => void;

export class Transmitter {
  onSendFailure: SendFailure = () => {};
  /** Told when the kernel refused a datagram of so many bytes for its size. */
  onTooBig: (link: number, bytes: number) => void = () => {};
  onGsoRefused: () => void = () => {};
  /** Sends datagrams by a link that goes through another peer. */
  relay: (link: number, offset: number, length: number, segment: number, now: number) => void = () => {};
  /** Set once by the assembly: covers what is sent by lossy links. */
  parity!: Parity;
  /** UDP GSO in use; off when forced off or refused by a device. */
  gso = true;
  private readonly seals = new Int32Array(SEAL_ROWS * SEAL.WORDS);
  private readonly sends = new Int32Array(SEND_ROWS * SEND.WORDS);
  /** Link row of each queued send; -1 for single sends that belong to none. */
  private readonly sendLink = new Int32Array(SEND_ROWS);
  /** Record of each queued send, or `NO_RECORD`; its session, stream, and the counter that would follow it. */
  private readonly sendRecord = new Int32Array(SEND_ROWS);
  private readonly sendSlot = new Int32Array(SEND_ROWS);
  private readonly sendStream = new Uint8Array(SEND_ROWS);
  private readonly sendNext = new Float64Array(SEND_ROWS);
  private sealCount = 0;
  private sendCount = 0;
  private pendingBytes = 0;
  /** When data was sent last. */
  private sentAt = 0;
  readonly rings: ResendRings;
  private readonly failed: number[] = [];
  private readonly tooBig: number[] = [];
  private probeError = 0;

  constructor(
    arena: Arena,
    private readonly io: DatapathIo,
    private readonly sessions: SessionTable,
    private readonly links: LinkTable,
    private readonly sockets: SocketTable,
    private readonly stats: SharedStats,
  ) {
    this.rings = new ResendRings(arena, links, stats);
  }

  /**
   * Makes room for `bytes` contiguous bytes, in the ring of `peer` if they may have to be sent again, and returns
   * their byte offset; `commit` then takes them.
   */
  reserve(bytes: number, peer = NO_PEER): number {
    if (this.pendingBytes + bytes > FLUSH_BYTES) this.flush();
    return this.rings.offer(bytes, peer);
  }

  /** Takes the bytes that `reserve` offered. */
  commit(bytes: number): void {
    this.rings.take(bytes);
    this.pendingBytes += bytes;
  }

  /** Room for one sealed datagram of so many bytes of plaintext that is of use only now. */
  reserveSealed(plaintext: number): number {
    return this.reserve(Transmitter.sealedLength(plaintext));
  }

  /** Queues the sealing of `plaintext` as `run`, whose place was reserved before. */
  seal(run: SealedRun, plaintext: Plaintext): void {
    if (this.sealCount === SEAL_ROWS) this.flush();
    const ops = this.seals;
    const at = this.sealCount++ * SEAL.WORDS;
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

  /** Queues a run for a link and remembers it, so that it can be sent again when the link dies. */
  send(link: number, run: SealedRun, now: number): void {
    this.count(link, run);
    if (run.segment > this.links.largestSent[link]) {
      this.links.largestSent[link] = run.segment;
      this.links.largestSentAt[link] = now;
    }
    this.sentAt = now;
    if (this.join(link, run)) return;
    const record = this.rings.remember(link, run, now);
    this.noteNext(run);
    this.queueFor(link, run.offset, run.length, run.segment, record, now);
  }

  /** Queues a run that is of use only now: heartbeats and their like. */
  sendOnce(link: number, run: SealedRun, now: number): void {
    this.count(link, run);
    this.queueFor(link, run.offset, run.length, run.segment, NO_RECORD, now);
  }

  /** Queues a run of which other links carry copies. Whichever comes second is dropped by the receiver unopened. */
  sendCopy(link: number, run: SealedRun, now: number): void {
    this.links.copiesSent[link] += run.datagrams;
    this.sendOnce(link, run, now);
  }

  /** Queues the answer to a probe of the path's MTU: like probes, it is outside of the counts by which loss is measured. */
  sendProbeAnswer(link: number, run: SealedRun, now: number): void {
    this.countTraffic(link, run);
    this.queueFor(link, run.offset, run.length, run.segment, NO_RECORD, now);
  }

  /**
   * Sends a probe of the path's MTU by itself and at once. Returns 0, or the negative errno that it was refused with,
   * which is no error of the link.
   */
  sendProbe(link: number, run: SealedRun, now: number): number {
    this.flush();
    this.countTraffic(link, run);
    this.probeError = 0;
    this.queueFor(link, run.offset, run.length, run.segment, PROBE, now);
    this.flush();
    return this.probeError;
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
    this.rings.holding(run.offset).hold(link, run, now);
    this.links.resendPending[link] = 1;
  }

  /**
   * A link went down and no other is there: what it has not confirmed by now counts as lost for good. The beats
   * that bring it back share its stream and would seem to confirm everything before them.
   */
  strand(link: number): void {
    this.rings.distrust(this.links.peer[link], link);
    this.links.resendPending[link] = 1;
  }

  /** A link is taken away while no other is usable: what waits for it waits for `heir` from now on. */
  handOver(link: number, heir: number, now: number): void {
    this.flush();
    this.rings.takeOver(this.links.peer[link], link, heir, now, () => {});
    this.links.resendPending[heir] = 1;
  }

  /** Queues bytes already in the arena for a path that is no link's (the scratch row of the path table). */
  sendByPath(fd: number, offset: number, length: number): void {
    this.queue(fd, this.links.scratchPath, -1, offset, length, length, NO_RECORD);
  }

  private queueFor(
    link: number,
    offset: number,
    length: number,
    segment: number,
    record: number,
    now: number,
  ): void {
    if (this.links.isRelayed(link)) this.relay(link, offset, length, segment, now);
    else this.queue(this.sockets.fd(this.links.socket[link]), link, link, offset, length, segment, record);
  }

  private queue(
    fd: number,
    path: number,
    link: number,
    offset: number,
    length: number,
    segment: number,
    record: number,
  ): void {
    const row = this.sendCount++;
    const at = row * SEND.WORDS;
    this.sends[at + SEND.FD] = fd;
    this.sends[at + SEND.OFFSET] = offset;
    this.sends[at + SEND.LENGTH] = length;
    this.sends[at + SEND.SEGMENT] = segment;
    this.sends[at + SEND.PATH] = path;
    this.sendLink[row] = link;
    this.sendRecord[row] = record;
    if (this.sendCount === SEND_ROWS) this.flush();
  }

  /** Notes for the send about to be queued what would continue it. */
  private noteNext(run: SealedRun): void {
    this.sendSlot[this.sendCount] = run.slot;
    this.sendStream[this.sendCount] = run.stream;
    this.sendNext[this.sendCount] = run.counter + run.datagrams;
  }

  /** Joins a run to the send before it when both make one GSO send; true when it did. */
  private join(link: number, run: SealedRun): boolean {
    if (!this.gso || this.sendCount === 0) return false;
    const row = this.sendCount - 1;
    const record = this.sendRecord[row];
    if (record < 0 || this.sendLink[row] !== link || this.sendSlot[row] !== run.slot) return false;
    if (this.sendStream[row] !== run.stream || this.sendNext[row] !== run.counter) return false;
    const at = row * SEND.WORDS;
    const before = this.sends[at + SEND.LENGTH];
    const size = this.sends[at + SEND.SEGMENT];
    if (this.sends[at + SEND.OFFSET] + before !== run.offset || before % size !== 0) return false;
    if (run.segment > size || (run.segment < size && run.length > run.segment)) return false;
    if (before / size + run.datagrams > GSO_SEGMENTS || before + run.length > GSO_BYTES) return false;
    this.sends[at + SEND.LENGTH] = before + run.length;
    this.sendNext[row] += run.datagrams;
    this.rings.holding(run.offset).extend(record, run.length);
    return true;
  }

  /** Seals and sends everything queued. */
  flush(): void {
    if (this.sealCount > 0) {
      const count = this.sealCount;
      this.sealCount = 0;
      this.io.seal(this.seals, count);
      if (this.hasUnsealed(count)) this.abandonSends();
    }
    if (this.sendCount > 0) {
      const count = this.sendCount;
      this.sendCount = 0;
      this.stats.interface[INTERFACE.txSends] += count;
      if (this.io.send(this.sends, count, this.links.paths, this.gso) < count) this.collectFailures(count);
      if (this.links.coveredLinks > 0) this.cover(count);
    }
    this.pendingBytes = 0;
    this.reportFailures();
    if (this.links.coveredLinks > 0 && this.parity.emit(this.sentAt)) this.flush();
  }

  /** Gives the datagrams just sent by links with forward error correction to their groups. */
  private cover(count: number): void {
    for (let row = 0; row < count; row++) {
      const link = this.sendLink[row];
      if (this.sendRecord[row] < 0 || this.links.parity[link] === PARITY_OFF) continue;
      const at = row * SEND.WORDS;
      const length = this.sends[at + SEND.LENGTH];
      const segment = this.sends[at + SEND.SEGMENT];
      const counter = this.sendNext[row] - Math.ceil(length / segment);
      const offset = this.sends[at + SEND.OFFSET];
      this.parity.cover(
        link,
        this.sendSlot[row],
        this.sendStream[row],
        counter,
        offset,
        length,
        segment,
        this.sentAt,
      );
    }
  }

  private hasUnsealed(count: number): boolean {
    for (let row = 0; row < count; row++) {
      if (this.seals[row * SEAL.WORDS + SEAL.RESULT] < 0) return true;
    }
    return false;
  }

  /** Some bytes of this batch are still in the clear: none of it may leave, now or when it would be sent again. */
  private abandonSends(): void {
    for (let row = 0; row < this.sendCount; row++) {
      const at = row * SEND.WORDS;
      const datagrams = Math.ceil(this.sends[at + SEND.LENGTH] / this.sends[at + SEND.SEGMENT]);
      this.stats.drops[DROP['tx-error']] += datagrams;
    }
    this.sendCount = 0;
    this.rings.forget();
  }

  private collectFailures(count: number): void {
    const drops = this.stats.drops;
    for (let row = 0; row < count; row++) {
      const at = row * SEND.WORDS;
      if (this.sends[at + SEND.RESULT] === 0) continue;
      const error = this.errorBesidesGso(at);
      if (error === 0) continue;
      const link = this.sendLink[row];
      if (this.sendRecord[row] === PROBE) {
        this.probeError = error;
        continue;
      }
      const unsent = Math.ceil(
        (this.sends[at + SEND.LENGTH] - this.sends[at + SEND.SENT]) / this.sends[at + SEND.SEGMENT],
      );
      if (error === EAGAIN || error === ENOBUFS || error === ENOMEM) {
        drops[DROP['tx-queue-full']] += unsent;
      } else if (error === EMSGSIZE) {
        drops[DROP['tx-too-big']] += unsent;
        if (link >= 0) this.tooBig.push(link, this.sends[at + SEND.SEGMENT]);
      } else {
        drops[DROP['tx-error']] += unsent;
        if (link >= 0) {
          this.stats.links[link * LINK_WIDTH + LINK.sendErrors] += unsent;
          if (!this.failed.includes(link)) this.failed.push(link, error);
        }
      }
    }
  }

  /**
   * The error of a send. A device that refuses segmentation only is none of the link: the same bytes go out one by one,
   * which may show that each of them is too large.
   */
  private errorBesidesGso(at: number): number {
    const error = this.sends[at + SEND.RESULT];
    const sent = this.sends[at + SEND.SENT];
    const isRun = this.sends[at + SEND.LENGTH] - sent > this.sends[at + SEND.SEGMENT];
    if ((error !== EIO && error !== EINVAL) || !isRun) return error;
    const row = this.sends.slice(at, at + SEND.WORDS);
    row[SEND.OFFSET] += sent;
    row[SEND.LENGTH] -= sent;
    this.io.send(row, 1, this.links.paths, false);
    this.sends[at + SEND.SENT] = sent + row[SEND.SENT];
    if (row[SEND.RESULT] === 0) {
      this.gso = false;
      this.onGsoRefused();
    }
    return row[SEND.RESULT];
  }

  private reportFailures(): void {
    while (this.tooBig.length > 0) {
      const bytes = this.tooBig.pop()!;
      this.onTooBig(this.tooBig.pop()!, bytes);
    }
    while (this.failed.length > 0) {
      const error = this.failed.pop()!;
      const link = this.failed.pop()!;
      this.onSendFailure(link, error);
    }
  }

  /**
   * Sends again, by link `to`, what was sent by link `from` and is not covered by its last acknowledgement.
   * Returns how many datagrams.
   */
  resend(from: number, to: number, now: number): number {
    this.flush();
    const peer = this.links.peer[from];
    const resent = this.rings.takeOver(peer, from, to, now, (offset, length, segment) => {
      const datagrams = Math.ceil(length / segment);
      this.links.sent[to] += datagrams;
      // The other end may have got them by the dead link, and drops them then.
      this.links.copiesSent[to] += datagrams;
      this.queueFor(to, offset, length, segment, NO_RECORD, now);
    });
    this.flush();
    this.stats.interface[INTERFACE.resentDatagrams] += resent;
    this.stats.links[from * LINK_WIDTH + LINK.resent] += resent;
    return resent;
  }

  /** Bytes of one datagram around a plaintext. */
  static sealedLength(plaintext: number): number {
    return OUTER.BYTES + plaintext + TAG_BYTES;
  }
}
