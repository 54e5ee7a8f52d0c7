/**
 * Notices when the LAN behind the TAP and a peer are joined a second time, and holds the newer way.
 *
 * Every interval a probe leaves by the TAP. One that comes back by a peer has gone round a loop. All gateways on the loop
 * see theirs; each says so in its next probes, with the age of its way to that peer. The one whose way is newest holds it:
 * but for probes, nothing passes there in either direction. A probe that passes a held way is marked by the holder, so that
 * the others know that the loop is cut. When its own probes do not come back any longer, the holder lets go.
 *
 * A probe, after the Ethernet header, which may have a tag: magic u32, version u8, flags u8, age u32 in ms, holder u48 (0: none),
 * number u32, seal u64. Its source address is the identity of the sender. The seal is a keyed hash of what the sender wrote,
 * with a key that nobody else has: only a probe that we sent, and lately, can hold a peer.
 */
import { readU16, readU32, writeU16, writeU32 } from '../base/bytes.js';
import { Columns, float64, uint8 } from '../base/columns.js';
import { DROP } from '../contract/drops.js';
import { ETHERNET_HEADER, ethernetHeaderLength, type Frame, sourceHigh, sourceLow } from './frame.js';
import { KeyedHash } from './keyed-hash.js';
import { LOCAL_PORT } from './mac-table.js';
import type { Ports } from './ports.js';

/** How a peer stands in a loop. */
export const LOOP = { NONE: 0, NOTICED: 1, HELD: 2, HELD_ELSEWHERE: 3 } as const;

/** What tells the words for the loop guard from others that are made of the same seed. */
const KEYS = 0x6c6f6f70;
/** A locally administered group address of our own. */
const PROBE_HIGH = 0x034f;
const PROBE_LOW = 0x4c_47_00_01;
/** Bytes of a probe, without FCS. */
export const PROBE_BYTES = 60;
/** IEEE 802 local experimental EtherType 1. */
const ETHERTYPE = 0x88b5;
const MAGIC = 0x4f4c4c47;
const VERSION = 1;
/** Counted from the end of the Ethernet header. */
const AT = { MAGIC: 0, VERSION: 4, FLAGS: 5, AGE: 6, HOLDER: 10, NUMBER: 16, SEAL: 20 } as const;
/** The sender has noticed a loop that nobody has cut. */
const LOOPS = 1;

const INTERVAL_US = 150_000;
/** Nobody with a newer way was heard for so long: ours is to be held. */
const RIVAL_US = 2 * INTERVAL_US;
/** Whoever should hold does not: then we do. */
const PATIENCE_US = 4 * INTERVAL_US;
/** Probes that did not come back for so long: the loop is no more. */
const HEALED_US = 10 * INTERVAL_US;
/** Of so many probes sent last one is believed when it comes back. */
const BELIEVED = 16;
/** A probe goes on: it is another gateway's. */
const PASSES = -1;
/** Ages that differ by less count as equal, in ms: both ends of one way came up together. */
const SAME_AGE_MS = 2000;

/** Is told what becomes of a loop. */
export interface LoopReports {
  loopChanged(peer: number, state: number): void;
}

export class LoopGuard {
  private nextAt = Number.POSITIVE_INFINITY;
  private readonly high: number;
  private readonly low: number;
  private readonly seals: readonly [KeyedHash, KeyedHash];
  /** Number of the probe sent last. */
  private number = 0;
  /** One of `LOOP` for each peer, when it came up, since when the state is, when our probe came by it, and who held it. */
  private state = uint8();
  private upAt = float64();
  private since = float64();
  private seenAt = float64();
  private holder = float64();
  private readonly columns = new Columns(this);
  /** Peers that are in a loop. */
  private readonly looped: number[] = [];
  /** The newest way that another gateway has told of. */
  private rivalAt = Number.NEGATIVE_INFINITY;
  private rivalAge = 0;
  private rivalId = 0;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly ports: Ports,
    private readonly reports: LoopReports,
    seed: readonly [number, number],
  ) {
    // Identity and keys say nothing of each other, nor of the seed.
    const hash = new KeyedHash(seed[0], seed[1]);
    const word = (index: number): number => hash.hash(index, KEYS);
    this.high = 0x0200 | (word(0) & 0xff);
    this.low = word(1) >>> 0;
    this.seals = [new KeyedHash(word(2), word(3)), new KeyedHash(word(4), word(5))];
  }

  /** When `run` wants to be called next, in µs. */
  nextDeadline(): number {
    return this.nextAt;
  }

  /** Starts or stops to look for loops; what is held is let go at the end. */
  set(isOn: boolean, now: number): void {
    if (isOn === this.nextAt < Number.POSITIVE_INFINITY) return;
    this.nextAt = isOn ? now : Number.POSITIVE_INFINITY;
    if (!isOn) for (let index = this.looped.length - 1; index >= 0; index--) this.forget(index, now);
  }

  /** A way to a peer has come up: its age begins. */
  cameUp(peer: number, now: number): void {
    this.columns.ensure(peer + 1);
    this.upAt[peer] = now;
  }

  isProbe(high: number, low: number): boolean {
    return high === PROBE_HIGH && low === PROBE_LOW;
  }

  /**
   * Takes a probe that came in by a port. Returns the index in `DROP` of the reason for which it ends here, or -1: others are
   * flooded.
   */
  take(port: number, frame: Frame, now: number): number {
    const { bytes } = this;
    if (frame.length < PROBE_BYTES) return PASSES;
    const body = this.bodyOf(frame);
    if (readU32(bytes, body + AT.MAGIC) !== MAGIC || bytes[body + AT.VERSION] !== VERSION) return PASSES;
    const high = sourceHigh(bytes, frame.offset);
    const low = sourceLow(bytes, frame.offset);
    if (high === this.high && low === this.low) {
      if (!this.isOurs(body)) return DROP['forged-probe'];
      if (port !== LOCAL_PORT && this.nextAt < Number.POSITIVE_INFINITY) this.cameBack(port, body, now);
      return DROP['own-probe'];
    }
    if (port !== LOCAL_PORT && this.ports.isHeld(port)) this.mark(frame);
    else if ((bytes[body + AT.FLAGS] & LOOPS) !== 0) this.noteRival(body, high * 2 ** 32 + low, now);
    return PASSES;
  }

  private bodyOf({ offset, length }: Frame): number {
    return offset + ethernetHeaderLength(this.bytes, offset, length);
  }

  /** Whether a probe with our identity is one of those that we sent last. */
  private isOurs(body: number): boolean {
    const { bytes } = this;
    const age = (this.number - readU32(bytes, body + AT.NUMBER)) >>> 0;
    return (
      age < BELIEVED &&
      readU32(bytes, body + AT.SEAL) === this.seal(body, 0) &&
      readU32(bytes, body + AT.SEAL + 4) === this.seal(body, 1)
    );
  }

  /** Half of the seal of what a probe says; the holder is for others to write. */
  private seal(body: number, half: 0 | 1): number {
    const { bytes } = this;
    const hash = this.seals[half];
    const facts = hash.hash(readU32(bytes, body + AT.AGE), bytes[body + AT.FLAGS]);
    return hash.hash(readU32(bytes, body + AT.NUMBER), facts) >>> 0;
  }

  private cameBack(peer: number, body: number, now: number): void {
    const { bytes } = this;
    this.columns.ensure(peer + 1);
    this.seenAt[peer] = now;
    this.holder[peer] = readU16(bytes, body + AT.HOLDER) * 2 ** 32 + readU32(bytes, body + AT.HOLDER + 2);
    if (this.state[peer] !== LOOP.NONE) return;
    this.looped.push(peer);
    this.change(peer, LOOP.NOTICED, now);
  }

  private noteRival(body: number, id: number, now: number): void {
    const age = readU32(this.bytes, body + AT.AGE);
    const isStale = now - this.rivalAt > RIVAL_US;
    if (!isStale && id !== this.rivalId && !isNewer(age, id, this.rivalAge, this.rivalId)) return;
    this.rivalAt = now;
    this.rivalAge = age;
    this.rivalId = id;
  }

  /** Writes into a probe that passes a held way that it does. */
  mark(frame: Frame): void {
    const body = this.bodyOf(frame);
    writeU16(this.bytes, body + AT.HOLDER, this.high);
    writeU32(this.bytes, body + AT.HOLDER + 2, this.low);
  }

  /** Takes the mark away again. */
  unmark(frame: Frame): void {
    const at = this.bodyOf(frame) + AT.HOLDER;
    this.bytes.fill(0, at, at + 6);
  }

  /** Whether a probe is marked already. */
  isMarked(frame: Frame): boolean {
    return readU16(this.bytes, this.bodyOf(frame) + AT.HOLDER) !== 0;
  }

  /** Decides what is due, and writes the next probe into `frame`, which has room for `PROBE_BYTES`. */
  run(frame: Frame, now: number): void {
    this.nextAt = now + INTERVAL_US;
    for (let index = this.looped.length - 1; index >= 0; index--) this.review(index, now);
    this.write(frame.offset, now);
    frame.place(frame.offset, PROBE_BYTES).describe(0, 0, 0);
  }

  private review(index: number, now: number): void {
    const peer = this.looped[index];
    if (now - this.seenAt[peer] >= HEALED_US) return this.forget(index, now);
    const holder = this.holder[peer];
    const id = this.high * 2 ** 32 + this.low;
    switch (this.state[peer]) {
      case LOOP.NOTICED:
        if (holder !== 0) this.change(peer, LOOP.HELD_ELSEWHERE, now);
        else if (this.isToHold(peer, id, now)) this.change(peer, LOOP.HELD, now);
        break;
      case LOOP.HELD_ELSEWHERE:
        if (holder === 0) this.change(peer, LOOP.NOTICED, now);
        break;
      default:
        // Two hold: one is enough.
        if (holder !== 0 && holder !== id && id > holder) this.change(peer, LOOP.HELD_ELSEWHERE, now);
    }
  }

  /** Whether it is for us to cut the loop that goes by a peer. */
  private isToHold(peer: number, id: number, now: number): boolean {
    const waited = now - this.since[peer];
    if (waited < INTERVAL_US) return false;
    const hasRival = now - this.rivalAt < RIVAL_US;
    return (
      waited >= PATIENCE_US ||
      !hasRival ||
      !isNewer(this.rivalAge + (now - this.rivalAt) / 1000, this.rivalId, this.ageOf(peer, now), id)
    );
  }

  private ageOf(peer: number, now: number): number {
    return (now - this.upAt[peer]) / 1000;
  }

  private forget(index: number, now: number): void {
    const peer = this.looped[index];
    this.looped[index] = this.looped[this.looped.length - 1];
    this.looped.pop();
    this.change(peer, LOOP.NONE, now);
  }

  private change(peer: number, state: number, now: number): void {
    this.state[peer] = state;
    this.since[peer] = now;
    this.ports.hold(peer, state === LOOP.HELD);
    this.reports.loopChanged(peer, state);
  }

  private write(offset: number, now: number): void {
    const { bytes } = this;
    let flags = 0;
    let age = 0xffffffff;
    for (let index = 0; index < this.looped.length; index++) {
      const peer = this.looped[index];
      if (this.state[peer] !== LOOP.NOTICED) continue;
      flags = LOOPS;
      age = Math.min(age, Math.floor(this.ageOf(peer, now)));
    }
    bytes.fill(0, offset, offset + PROBE_BYTES);
    writeU16(bytes, offset, PROBE_HIGH);
    writeU32(bytes, offset + 2, PROBE_LOW);
    writeU16(bytes, offset + 6, this.high);
    writeU32(bytes, offset + 8, this.low);
    writeU16(bytes, offset + 12, ETHERTYPE);
    const body = offset + ETHERNET_HEADER;
    writeU32(bytes, body + AT.MAGIC, MAGIC);
    bytes[body + AT.VERSION] = VERSION;
    bytes[body + AT.FLAGS] = flags;
    writeU32(bytes, body + AT.AGE, age);
    this.number = (this.number + 1) >>> 0;
    writeU32(bytes, body + AT.NUMBER, this.number);
    writeU32(bytes, body + AT.SEAL, this.seal(body, 0));
    writeU32(bytes, body + AT.SEAL + 4, this.seal(body, 1));
  }

  peerRemoved(peer: number): void {
    if (peer >= this.columns.capacity) return;
    const index = this.looped.indexOf(peer);
    if (index >= 0) {
      this.looped[index] = this.looped[this.looped.length - 1];
      this.looped.pop();
    }
    this.columns.reset(peer);
  }
}

/** Whether the way of one gateway is newer than that of another; of equal ones, that of the greater identity. */
function isNewer(age: number, id: number, otherAge: number, otherId: number): boolean {
  return Math.abs(age - otherAge) >= SAME_AGE_MS ? age < otherAge : id > otherId;
}
