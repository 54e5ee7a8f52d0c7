/**
 * Bulk transfers over TCP between the virtual TAPs of two hosts: a sender with CUBIC (RFC 9438), HyStart's delay
 * threshold (RFC 9406), selective acknowledgements and a retransmission time-out (RFC 6298); a receiver that acknowledges every
 * second segment and at once what is out of order. Loss is inferred when three later transmissions have been
 * acknowledged, with no allowance for reordering that a network learns to have: reordering hurts here as it does
 * in a stack that has not met it yet. An acknowledgement of what was sent twice is no sample of the round-trip time, and one
 * that comes too soon to be of the second time says nothing of what was sent in between (RFC 8985 section 6.2).
 */

import { GSO, VIRTIO_FLAG } from '../../src/datapath/offload/virtio.js';
import { VNET_HEADER } from '../../src/native/ops.js';
import { EXPERIMENTAL_2, ethernet, stationOf, withVirtio } from './frames.js';
import type { SimNode } from './node.js';
import { MILLISECOND, SECOND, type World } from './world.js';

/** Payload of a segment: with all headers it fits one datagram over IPv6 on a path of 1500 bytes. */
export const MSS = 1340;
const L3 = VNET_HEADER + 14;
const L4 = L3 + 20;
const HEADERS = L4 + 20;
const RING = 1 << 14;
/** Segments of one super-frame at most. */
const BURST = 32;
const FIRST_PORT = 40_000;
const ACK_DELAY = 10 * MILLISECOND;
const SACK_BLOCKS = 3;
/** Transmissions acknowledged after one that is not, before that one counts as lost. */
const DUPLICATE_THRESHOLD = 3;
const BETA = 0.7;
const CUBIC_C = 0.4;
const MIN_RTO = 200 * MILLISECOND;

enum Segment {
  Free = 0,
  InFlight = 1,
  Received = 2,
  Lost = 3,
}

export interface TransferOptions {
  /** Receive window in segments. */
  window?: number;
}

/** Every transfer between two hosts; takes over both TAPs. */
export class Transfers {
  readonly flows: Transfer[] = [];

  constructor(
    readonly world: World,
    readonly from: SimNode,
    readonly to: SimNode,
    count: number,
    options: TransferOptions = {},
  ) {
    from.tap.listener = (record) => this.dispatch(record, true);
    to.tap.listener = (record) => this.dispatch(record, false);
    for (const [one, other] of [
      [from, to],
      [to, from],
    ]) {
      const hello = ethernet(stationOf(other.id), stationOf(one.id), EXPERIMENTAL_2, new Uint8Array(46));
      one.fromKernel(withVirtio(hello));
    }
    for (let index = 0; index < count; index++)
      this.flows.push(new Transfer(this, FIRST_PORT + index, options));
  }

  /** Payload acknowledged by all flows, in bytes. */
  get acknowledged(): number {
    return this.flows.reduce((sum, flow) => sum + flow.acknowledged, 0) * MSS;
  }

  /** Runs the world for a while and returns the rate of payload in that time, in bits a second. */
  measure(us: number): number {
    const before = this.acknowledged;
    this.world.run(us);
    return ((this.acknowledged - before) * 8 * SECOND) / us;
  }

  private dispatch(record: Uint8Array, isAck: boolean): void {
    if (record[VNET_HEADER + 12] !== 8 || record[L3 + 9] !== 6) return;
    const view = new DataView(record.buffer, record.byteOffset, record.length);
    const flow = this.flows[view.getUint16(isAck ? L4 + 2 : L4) - FIRST_PORT];
    if (isAck) flow?.acknowledgement(view);
    else flow?.data(view);
  }
}

export class Transfer {
  /** Segments acknowledged without a gap. */
  acknowledged = 0;
  /** Times that the window was cut for a loss, and by a time-out. */
  reductions = 0;
  timeouts = 0;
  retransmitted = 0;
  cwnd = 10;
  smoothedRtt = 0;

  // Sender. Segments are numbered from 0; their state is kept in rings.
  private next = 0;
  private threshold = Number.POSITIVE_INFINITY;
  private pipe = 0;
  private readonly state = new Uint8Array(RING);
  private readonly serial = new Float64Array(RING);
  private readonly sentAt = new Float64Array(RING);
  /** 1 for what was sent more than once: whether an acknowledgement is of the first time or of a later one, nobody knows. */
  private readonly again = new Uint8Array(RING);
  /** Transmissions in their order, as segment and serial number; what comes before the head is settled. */
  private readonly sentSegment = new Float64Array(RING * 4);
  private serials = 0;
  private settled = 0;
  private readonly lost: number[] = [];
  private recoveryEnd = -1;
  /** In recovery from a time-out, where the window grows from one segment as in a start. */
  private restarting = false;
  private windowMax = 0;
  private epoch = 0;
  private rttVariation = 0;
  private roundEnd = 0;
  private roundRtt = Number.POSITIVE_INFINITY;
  private minRtt = Number.POSITIVE_INFINITY;
  /** Shortest round trip ever measured. */
  private leastRtt = Number.POSITIVE_INFINITY;
  private deadline = Number.POSITIVE_INFINITY;
  private backoff = 1;
  private armed = false;

  // Receiver.
  private expected = 0;
  private readonly arrived = new Uint8Array(RING);
  private ranges: [number, number][] = [];
  private unacknowledged = 0;
  private ackPending = false;
  private readonly window: number;

  constructor(
    private readonly owner: Transfers,
    readonly port: number,
    options: TransferOptions,
  ) {
    this.window = Math.min(options.window ?? 4096, RING / 2);
    owner.world.at(owner.world.now + (port - FIRST_PORT) * MILLISECOND, () => this.send());
  }

  // --- sender ---------------------------------------------------------------------------------------

  private send(): void {
    const limit = Math.min(this.cwnd, this.window);
    while (this.pipe < limit) {
      const lost = this.lost.shift();
      if (lost !== undefined) {
        if (this.state[lost % RING] !== Segment.Lost || lost < this.acknowledged) continue;
        this.retransmitted++;
        this.again[lost % RING] = 1;
        this.transmit(lost, 1);
        continue;
      }
      const room = Math.min(
        BURST,
        Math.floor(limit - this.pipe),
        this.acknowledged + this.window - this.next,
      );
      if (room < 1) break;
      for (let segment = this.next; segment < this.next + room; segment++) this.again[segment % RING] = 0;
      this.transmit(this.next, room);
      this.next += room;
    }
    this.arm();
  }

  private transmit(first: number, count: number): void {
    const now = this.owner.world.now;
    for (let segment = first; segment < first + count; segment++) {
      const at = segment % RING;
      this.state[at] = Segment.InFlight;
      this.serial[at] = this.serials;
      this.sentAt[at] = now;
      this.sentSegment[this.serials % this.sentSegment.length] = segment;
      this.serials++;
    }
    this.pipe += count;
    const { from, to } = this.owner;
    from.fromKernel(frameOf(to, from, this.port, first * MSS, 0, count * MSS, []));
  }

  acknowledgement(view: DataView): void {
    const now = this.owner.world.now;
    const upTo = Math.round(unwrap(view.getUint32(L4 + 8), this.acknowledged * MSS) / MSS);
    let newest = -1;
    let delivered = 0;
    const settle = (segment: number): void => {
      const at = segment % RING;
      const state = this.state[at];
      if (state === Segment.Received || state === Segment.Free) return;
      if (state === Segment.InFlight) this.pipe--;
      this.state[at] = Segment.Received;
      delivered++;
      // Too soon for an answer to what was sent again: the first time had arrived.
      if (this.again[at] === 1 && now - this.sentAt[at] < this.leastRtt) return;
      if (this.serial[at] > newest) newest = this.serial[at];
    };
    const end = view.getUint16(L3 + 2) + L3;
    for (let at = HEADERS; at + 8 <= end; at += 8) {
      const from = Math.round(unwrap(view.getUint32(at), this.acknowledged * MSS) / MSS);
      const to = Math.round(unwrap(view.getUint32(at + 4), this.acknowledged * MSS) / MSS);
      for (let segment = Math.max(from, this.acknowledged); segment < to; segment++) settle(segment);
    }
    const advanced = upTo > this.acknowledged;
    for (; this.acknowledged < upTo; this.acknowledged++) {
      settle(this.acknowledged);
      this.state[this.acknowledged % RING] = Segment.Free;
    }
    if (newest >= 0) {
      const at = this.sentSegment[newest % this.sentSegment.length] % RING;
      if (this.again[at] === 0) this.sampleRtt(now - this.sentAt[at], now);
      this.findLost(newest, now);
    }
    if (this.acknowledged > this.recoveryEnd) this.restarting = false;
    const grows = this.acknowledged > this.recoveryEnd || this.restarting;
    if (delivered > 0 && grows) this.grow(delivered, now);
    if (advanced || delivered > 0) {
      this.backoff = 1;
      this.deadline = now + this.rto();
    }
    this.send();
  }

  /** Transmissions followed by enough that arrived are lost; the first loss of a window cuts it. */
  private findLost(newest: number, now: number): void {
    while (this.settled <= newest - DUPLICATE_THRESHOLD) {
      const segment = this.sentSegment[this.settled % this.sentSegment.length];
      const at = segment % RING;
      const isCurrent = this.serial[at] === this.settled && segment >= this.acknowledged;
      this.settled++;
      if (!isCurrent || this.state[at] !== Segment.InFlight) continue;
      this.state[at] = Segment.Lost;
      this.pipe--;
      this.lost.push(segment);
      if (segment > this.recoveryEnd) this.reduce(now);
    }
  }

  private reduce(now: number): void {
    this.reductions++;
    this.recoveryEnd = this.next - 1;
    this.windowMax = this.cwnd < this.windowMax ? (this.cwnd * (1 + BETA)) / 2 : this.cwnd;
    this.cwnd = Math.max(2, this.cwnd * BETA);
    this.threshold = this.cwnd;
    this.epoch = now;
  }

  private grow(delivered: number, now: number): void {
    if (this.cwnd >= this.window) return;
    if (this.cwnd < this.threshold) {
      this.cwnd += delivered;
      return;
    }
    if (this.epoch === 0) {
      this.epoch = now;
      this.windowMax = this.cwnd;
    }
    const seconds = (now - this.epoch + this.smoothedRtt) / SECOND;
    const k = Math.cbrt((this.windowMax * (1 - BETA)) / CUBIC_C);
    const cubic = CUBIC_C * (seconds - k) ** 3 + this.windowMax;
    const rounds = (now - this.epoch) / Math.max(1, this.smoothedRtt);
    const friendly = this.windowMax * BETA + ((3 * (1 - BETA)) / (1 + BETA)) * rounds;
    const target = Math.min(Math.max(cubic, friendly), this.cwnd * 1.5);
    if (target > this.cwnd) this.cwnd += ((target - this.cwnd) / this.cwnd) * delivered;
    else this.cwnd += (0.01 * delivered) / this.cwnd;
  }

  private sampleRtt(rtt: number, now: number): void {
    if (rtt <= 0) return;
    this.leastRtt = Math.min(this.leastRtt, rtt);
    if (this.smoothedRtt === 0) {
      this.smoothedRtt = rtt;
      this.rttVariation = rtt / 2;
    } else {
      this.rttVariation += (Math.abs(this.smoothedRtt - rtt) - this.rttVariation) / 4;
      this.smoothedRtt += (rtt - this.smoothedRtt) / 8;
    }
    this.roundRtt = Math.min(this.roundRtt, rtt);
    if (this.acknowledged < this.roundEnd) return;
    // HyStart: slow start ends when a whole round was slower than the fastest one by an eighth.
    const slack = Math.min(16 * MILLISECOND, Math.max(4 * MILLISECOND, this.minRtt / 8));
    if (this.cwnd < this.threshold && this.roundRtt >= this.minRtt + slack) {
      this.threshold = this.cwnd;
      this.epoch = now;
      this.windowMax = this.cwnd;
    }
    this.minRtt = Math.min(this.minRtt, this.roundRtt);
    this.roundRtt = Number.POSITIVE_INFINITY;
    this.roundEnd = this.next;
  }

  private rto(): number {
    return (
      Math.max(MIN_RTO, this.smoothedRtt + 4 * this.rttVariation, this.smoothedRtt === 0 ? SECOND : 0) *
      this.backoff
    );
  }

  private arm(): void {
    const { world } = this.owner;
    if (this.deadline === Number.POSITIVE_INFINITY) this.deadline = world.now + this.rto();
    if (this.armed) return;
    this.armed = true;
    world.at(this.deadline, () => this.timer());
  }

  private timer(): void {
    const { world } = this.owner;
    this.armed = false;
    if (world.now >= this.deadline && this.next > this.acknowledged) {
      this.timeouts++;
      this.backoff = Math.min(64, this.backoff * 2);
      this.threshold = Math.max(2, this.cwnd * BETA);
      this.windowMax = this.cwnd;
      this.epoch = 0;
      this.cwnd = 1;
      this.pipe = 0;
      this.recoveryEnd = this.next - 1;
      this.restarting = true;
      this.lost.length = 0;
      for (let segment = this.acknowledged; segment < this.next; segment++) {
        if (this.state[segment % RING] === Segment.Received) continue;
        this.state[segment % RING] = Segment.Lost;
        this.lost.push(segment);
      }
      this.settled = this.serials;
      this.deadline = world.now + this.rto();
      this.send();
    }
    this.arm();
  }

  // --- receiver -------------------------------------------------------------------------------------

  data(view: DataView): void {
    const first = Math.round(unwrap(view.getUint32(L4 + 4), this.expected * MSS) / MSS);
    const count = Math.round((view.getUint16(L3 + 2) - 40) / MSS);
    const inOrder = first === this.expected && this.ranges.length === 0;
    for (let segment = first; segment < first + count; segment++) {
      if (segment >= this.expected) this.arrived[segment % RING] = 1;
    }
    while (this.arrived[this.expected % RING] === 1) {
      this.arrived[this.expected % RING] = 0;
      this.expected++;
    }
    this.note(first, first + count);
    this.unacknowledged += count;
    if (!inOrder || this.unacknowledged >= 2) return this.acknowledge();
    if (this.ackPending) return;
    this.ackPending = true;
    this.owner.world.at(this.owner.world.now + ACK_DELAY, () => {
      this.ackPending = false;
      if (this.unacknowledged > 0) this.acknowledge();
    });
  }

  /** The ranges reported are those that changed last, as RFC 2018 wants. */
  private note(from: number, to: number): void {
    let [low, high] = [from, to];
    const apart: [number, number][] = [];
    for (const range of this.ranges) {
      if (range[1] < low || range[0] > high) apart.push(range);
      else {
        low = Math.min(low, range[0]);
        high = Math.max(high, range[1]);
      }
    }
    this.ranges = [[low, high] as [number, number], ...apart].filter(([, end]) => end > this.expected);
  }

  private acknowledge(): void {
    this.unacknowledged = 0;
    const { from, to } = this.owner;
    const blocks = this.ranges.slice(0, SACK_BLOCKS).flatMap(([low, high]) => [low * MSS, high * MSS]);
    to.fromKernel(frameOf(from, to, this.port, 0, this.expected * MSS, blocks.length * 4, blocks));
  }
}

/** A frame as a kernel hands it to the TAP: checksum left to the device, larger than a segment as a super-frame. */
function frameOf(
  to: SimNode,
  from: SimNode,
  port: number,
  sequence: number,
  acknowledged: number,
  payload: number,
  words: readonly number[],
): Uint8Array {
  const record = new Uint8Array(HEADERS + payload);
  const view = new DataView(record.buffer);
  record[0] = VIRTIO_FLAG.NEEDS_CSUM;
  if (payload > MSS) {
    record[1] = GSO.TCPV4;
    view.setUint16(2, HEADERS - VNET_HEADER, true);
    view.setUint16(4, MSS, true);
  }
  view.setUint16(6, L4 - VNET_HEADER, true);
  view.setUint16(8, 16, true);
  record.set(stationOf(to.id), VNET_HEADER);
  record.set(stationOf(from.id), VNET_HEADER + 6);
  view.setUint16(VNET_HEADER + 12, 0x0800);
  record[L3] = 0x45;
  view.setUint16(L3 + 2, 40 + payload);
  record[L3 + 8] = 64;
  record[L3 + 9] = 6;
  view.setUint32(L3 + 12, 0x0a4d0000 + from.id);
  view.setUint32(L3 + 16, 0x0a4d0000 + to.id);
  view.setUint16(L4, port);
  view.setUint16(L4 + 2, port);
  view.setUint32(L4 + 4, sequence % 2 ** 32);
  view.setUint32(L4 + 8, acknowledged % 2 ** 32);
  // Blocks of selective acknowledgements are options: they lengthen the header.
  record[L4 + 12] = (5 + words.length) << 4;
  record[L4 + 13] = 0x10;
  words.forEach((word, index) => {
    view.setUint32(HEADERS + index * 4, word % 2 ** 32);
  });
  return record;
}

/** The number near `reference` that has these low 32 bits. */
function unwrap(low: number, reference: number): number {
  const lap = 2 ** 32;
  const nearest = Math.round((reference - low) / lap);
  return Math.max(0, nearest) * lap + low;
}
