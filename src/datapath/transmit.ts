/**
 * The last stage of the way out: sealing and sending in batches.
 *
 * Sealed datagrams are written into a ring of bytes. Their sends are queued, neighbours of one link and one
 * size joined into a single UDP GSO send, and both queues run as one native call each (`flush`). What was sent
 * stays in the ring until it is overwritten: `resend` sends from there what a dead link may have lost, and the
 * receiver's replay window drops what had arrived.
 */
import type { LinkTable } from '../link/links.js';
import { SEAL, SEND } from '../native/ops.js';
import type { Arena } from './arena.js';
import { DROP } from './drops.js';
import type { DatapathIo } from './io.js';
import type { SessionTable } from './sessions.js';
import type { SocketTable } from './sockets.js';
import { INTERFACE, LINK, LINK_WIDTH, type SharedStats } from './stats.js';
import { OUTER, TAG_BYTES, TYPE } from './wire.js';

const SEAL_ROWS = 1024;
const SEND_ROWS = 2048;
/** Sealed bytes after which a batch goes out even though more frames wait: what stays in a core's cache. */
const FLUSH_BYTES = 256 << 10;
/** Kernel limits of one UDP GSO send. */
const GSO_SEGMENTS = 64;
const GSO_BYTES = 65_000;
const RECORDS = 8192;
/** Frames older than this are of no use to anybody when a link dies. */
const RESEND_AGE_US = 2_000_000;

const EIO = -5;
const EAGAIN = -11;
const ENOMEM = -12;
const EINVAL = -22;
const EMSGSIZE = -90;
const ENOBUFS = -105;

/** Told when a send failed in a way that means the link cannot send. */
export type SendFailure = (link: number, errno: number) => void;

export class Transmitter {
  onSendFailure: SendFailure = () => {};
  onTooBig: (link: number) => void = () => {};
  onGsoRefused: () => void = () => {};
  /** Sends datagrams by a link that goes through another peer. */
  relay: (link: number, offset: number, length: number, segment: number, now: number) => void = () => {};
  /** UDP GSO in use; off when forced off or refused by a device. */
  gso = true;
  private readonly seals = new Int32Array(SEAL_ROWS * SEAL.WORDS);
  private readonly sends = new Int32Array(SEND_ROWS * SEND.WORDS);
  /** Link row of each queued send; -1 for single sends that belong to none. */
  private readonly sendLink = new Int32Array(SEND_ROWS);
  /** Record of each queued send, or -1. */
  private readonly sendRecord = new Int32Array(SEND_ROWS);
  private sealCount = 0;
  private sendCount = 0;
  private pendingBytes = 0;
  /** Bytes ever reserved; the ring offset is this modulo its size. */
  private head = 0;

  private readonly recordStart = new Float64Array(RECORDS);
  private readonly recordLength = new Int32Array(RECORDS);
  private readonly recordSegment = new Int32Array(RECORDS);
  /** Link that it was sent by last. */
  private readonly recordLink = new Int32Array(RECORDS);
  /** 1 once acknowledgements of its stream no longer tell whether it arrived: sent by another link, or lost. */
  private readonly recordStrayed = new Uint8Array(RECORDS);
  /** Ids, as a bit set, of the links that carry copies of it and have not died since. */
  private readonly recordCopies = new Uint8Array(RECORDS);
  private readonly recordSlot = new Int32Array(RECORDS);
  private readonly recordCounter = new Float64Array(RECORDS);
  private readonly recordTime = new Float64Array(RECORDS);
  private recordHead = 0;
  private readonly failed: number[] = [];

  constructor(
    private readonly arena: Arena,
    private readonly io: DatapathIo,
    private readonly sessions: SessionTable,
    private readonly links: LinkTable,
    private readonly sockets: SocketTable,
    private stats: SharedStats,
  ) {}

  useStats(stats: SharedStats): void {
    this.stats = stats;
  }

  /** Makes room for `bytes` contiguous bytes and returns their byte offset; `commit` then takes them. */
  reserve(bytes: number): number {
    const size = this.arena.sizes.transmitBytes;
    if (this.pendingBytes + bytes > FLUSH_BYTES) this.flush();
    let offset = this.head % size;
    if (offset + bytes > size) {
      this.head += size - offset;
      offset = 0;
    }
    return this.arena.transmitBase + offset;
  }

  /** Takes the bytes that `reserve` offered. */
  commit(bytes: number): void {
    this.head += bytes;
    this.pendingBytes += bytes;
  }

  /** Queues one row of `SEAL`; the datagrams stand at `out`, reserved before. */
  seal(
    slot: number,
    stream: number,
    counter: number,
    out: number,
    prefix: number,
    prefixLength: number,
    prefixIndex: number,
    head: number,
    headLength: number,
    payload: number,
    payloadLength: number,
    segment: number,
  ): void {
    if (this.sealCount === SEAL_ROWS) this.flush();
    const ops = this.seals;
    const at = this.sealCount++ * SEAL.WORDS;
    ops[at + SEAL.KEY] = this.sessions.sealKey[slot];
    ops[at + SEAL.TYPE] = TYPE.TRANSPORT;
    ops[at + SEAL.STREAM] = stream;
    ops[at + SEAL.RECEIVER] = this.sessions.remoteIndex[slot];
    ops[at + SEAL.COUNTER_LOW] = counter % 0x1_0000_0000;
    ops[at + SEAL.COUNTER_HIGH] = Math.floor(counter / 0x1_0000_0000);
    ops[at + SEAL.OUT] = out;
    ops[at + SEAL.PREFIX_OFFSET] = prefix;
    ops[at + SEAL.PREFIX_LENGTH] = prefixLength;
    ops[at + SEAL.PREFIX_INDEX] = prefixIndex;
    ops[at + SEAL.HEAD_OFFSET] = head;
    ops[at + SEAL.HEAD_LENGTH] = headLength;
    ops[at + SEAL.PAYLOAD_OFFSET] = payload;
    ops[at + SEAL.PAYLOAD_LENGTH] = payloadLength;
    ops[at + SEAL.SEGMENT] = segment;
  }

  /**
   * Queues sealed datagrams for a link. `slot` and `counter` (of the first datagram) let them be sent again when
   * the link dies; a slot of -1 says that they are of use only now (heartbeats, copies).
   */
  send(
    link: number,
    offset: number,
    length: number,
    segment: number,
    slot: number,
    counter: number,
    now: number,
  ): void {
    this.count(link, length, segment);
    this.links.sent[link] += Math.ceil(length / segment);
    if (slot >= 0 && this.join(link, offset, length, segment, slot, counter)) return;
    const record = slot >= 0 ? this.record(link, offset, length, segment, slot, counter, now) : -1;
    this.queueFor(link, offset, length, segment, record, now);
  }

  /**
   * Queues datagrams of which other links carry copies. Whichever comes second is dropped by the receiver unseen,
   * so they are left out of the counts by which loss is measured.
   */
  sendCopy(link: number, offset: number, length: number, segment: number, now: number): void {
    this.count(link, length, segment);
    this.queueFor(link, offset, length, segment, -1, now);
  }

  private count(link: number, length: number, segment: number): void {
    const datagrams = Math.ceil(length / segment);
    this.stats.links[link * LINK_WIDTH + LINK.txDatagrams] += datagrams;
    this.stats.links[link * LINK_WIDTH + LINK.txBytes] += length;
    this.stats.interface[INTERFACE.txDatagrams] += datagrams;
    this.stats.interface[INTERFACE.txBytes] += length;
  }

  /**
   * Remembers datagrams of which the links `copies` (a bit set of ids) carry one each. Only when `link` dies and the
   * link that takes over had no copy, or died too, are they sent again.
   */
  keepCopied(
    link: number,
    offset: number,
    length: number,
    segment: number,
    slot: number,
    counter: number,
    now: number,
    copies: number,
  ): void {
    const index = this.record(link, offset, length, segment, slot, counter, now);
    this.recordCopies[index] = copies;
  }

  /** Keeps sealed datagrams in the ring until a link of the peer is usable again, or they are too old. */
  hold(
    link: number,
    offset: number,
    length: number,
    segment: number,
    slot: number,
    counter: number,
    now: number,
  ): void {
    const index = this.record(link, offset, length, segment, slot, counter, now);
    this.recordStrayed[index] = 1;
    this.links.resendPending[link] = 1;
  }

  /**
   * A link went down and no other is there: what it has not confirmed by now counts as lost for good. The beats
   * that bring it back share its stream and would seem to confirm everything before them.
   */
  strand(link: number): void {
    this.distrust(link);
    this.links.resendPending[link] = 1;
  }

  /**
   * From now on datagrams of this link's stream may arrive by another link: what that stream confirms later says
   * nothing of what this link alone has carried.
   */
  distrust(link: number): void {
    for (let index = 0; index < Math.min(this.recordHead, RECORDS); index++) {
      if (this.recordLink[index] === link && this.confirmed(index, link) < this.datagramsOf(index)) {
        this.recordStrayed[index] = 1;
        this.recordCopies[index] = 0;
      }
    }
  }

  /** How many of a record's datagrams, from its first, the peer has confirmed on their stream. */
  private confirmed(index: number, link: number): number {
    if (this.recordStrayed[index] === 1 || this.links.ackSession[link] !== this.recordSlot[index]) return 0;
    const covered = this.links.ackCounter[link] - this.recordCounter[index] + 1;
    return Math.min(this.datagramsOf(index), Math.max(0, covered));
  }

  private datagramsOf(index: number): number {
    return Math.ceil(this.recordLength[index] / this.recordSegment[index]);
  }

  /** Queues bytes already in the arena for a path that is no link's (the scratch row of the path table). */
  sendByPath(fd: number, offset: number, length: number): void {
    this.queue(fd, this.links.scratchPath, -1, offset, length, length, -1);
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

  /** Joins a send to the one before it when both make one GSO send; true when it did. */
  private join(
    link: number,
    offset: number,
    length: number,
    segment: number,
    slot: number,
    counter: number,
  ): boolean {
    if (!this.gso || this.sendCount === 0) return false;
    const row = this.sendCount - 1;
    const record = this.sendRecord[row];
    if (record < 0 || this.sendLink[row] !== link || this.recordSlot[record] !== slot) return false;
    const at = row * SEND.WORDS;
    const before = this.sends[at + SEND.LENGTH];
    const size = this.sends[at + SEND.SEGMENT];
    if (this.sends[at + SEND.OFFSET] + before !== offset || before % size !== 0) return false;
    if (segment > size || (segment < size && length > segment)) return false;
    const count = before / size;
    if (this.recordCounter[record] + count !== counter) return false;
    if (count + Math.ceil(length / segment) > GSO_SEGMENTS || before + length > GSO_BYTES) return false;
    this.sends[at + SEND.LENGTH] = before + length;
    this.recordLength[record] += length;
    return true;
  }

  private record(
    link: number,
    offset: number,
    length: number,
    segment: number,
    slot: number,
    counter: number,
    now: number,
  ): number {
    const index = this.recordHead++ % RECORDS;
    const size = this.arena.sizes.transmitBytes;
    const ringOffset = offset - this.arena.transmitBase;
    const lap = Math.floor((this.head - 1) / size) * size;
    this.recordStart[index] = lap + ringOffset;
    this.recordLength[index] = length;
    this.recordSegment[index] = segment;
    this.recordLink[index] = link;
    this.recordStrayed[index] = 0;
    this.recordCopies[index] = 0;
    this.recordSlot[index] = slot;
    this.recordCounter[index] = counter;
    this.recordTime[index] = now;
    return index;
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
    }
    this.pendingBytes = 0;
    this.reportFailures();
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
    this.recordLink.fill(-1);
  }

  private collectFailures(count: number): void {
    const drops = this.stats.drops;
    for (let row = 0; row < count; row++) {
      const at = row * SEND.WORDS;
      const error = this.sends[at + SEND.RESULT];
      if (error === 0) continue;
      const link = this.sendLink[row];
      const unsent = Math.ceil(
        (this.sends[at + SEND.LENGTH] - this.sends[at + SEND.SENT]) / this.sends[at + SEND.SEGMENT],
      );
      if (error === EAGAIN || error === ENOBUFS || error === ENOMEM) {
        drops[DROP['tx-queue-full']] += unsent;
      } else if (error === EMSGSIZE) {
        drops[DROP['tx-too-big']] += unsent;
        if (link >= 0) this.onTooBig(link);
      } else if ((error === EIO || error === EINVAL) && unsent > 1 && this.sentWithoutGso(at)) {
        this.gso = false;
        this.onGsoRefused();
      } else {
        drops[DROP['tx-error']] += unsent;
        if (link >= 0) {
          this.stats.links[link * LINK_WIDTH + LINK.sendErrors] += unsent;
          if (!this.failed.includes(link)) this.failed.push(link, error);
        }
      }
    }
  }

  /** A device that refuses segmentation only is not an error of the link: the same bytes go out one by one. */
  private sentWithoutGso(at: number): boolean {
    const sent = this.sends[at + SEND.SENT];
    const row = this.sends.slice(at, at + SEND.WORDS);
    row[SEND.OFFSET] += sent;
    row[SEND.LENGTH] -= sent;
    return this.io.send(row, 1, this.links.paths, false) === 1;
  }

  private reportFailures(): void {
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
    const oldestByte = this.head - this.arena.sizes.transmitBytes;
    const available = Math.min(this.recordHead, RECORDS);
    let first = this.recordHead;
    for (let back = 1; back <= available; back++) {
      const index = (this.recordHead - back) % RECORDS;
      if (this.recordStart[index] < oldestByte || now - this.recordTime[index] > RESEND_AGE_US) break;
      first = this.recordHead - back;
    }
    const peer = this.links.peer[from];
    const copy = 1 << this.links.id[from];
    let resent = 0;
    // Sending by a relay seals once more: it takes room in the ring and makes records of its own.
    const last = this.recordHead;
    for (let position = first; position < last; position++) {
      const index = position % RECORDS;
      const link = this.recordLink[index];
      if (link < 0 || this.links.peer[link] !== peer) continue;
      this.recordCopies[index] &= ~copy;
      if (link === from && this.recordStart[index] >= this.head - this.arena.sizes.transmitBytes) {
        resent += this.resendRecord(index, from, to, now);
      }
    }
    this.flush();
    this.stats.interface[INTERFACE.resentDatagrams] += resent;
    this.stats.links[from * LINK_WIDTH + LINK.resent] += resent;
    return resent;
  }

  private resendRecord(index: number, from: number, to: number, now: number): number {
    const segment = this.recordSegment[index];
    const length = this.recordLength[index];
    const count = this.datagramsOf(index);
    const skip = this.confirmed(index, from);
    if (skip === count) return 0;
    const offset =
      this.arena.transmitBase + (this.recordStart[index] % this.arena.sizes.transmitBytes) + skip * segment;
    this.recordLink[index] = to;
    this.recordStrayed[index] = 1;
    if ((this.recordCopies[index] & (1 << this.links.id[to])) !== 0) return 0;
    this.links.sent[to] += count - skip;
    this.queueFor(to, offset, length - skip * segment, segment, index, now);
    return count - skip;
  }

  /** Bytes of one datagram around a plaintext. */
  static sealedLength(plaintext: number): number {
    return OUTER.BYTES + plaintext + TAG_BYTES;
  }
}
