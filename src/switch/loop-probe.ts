/**
 * Probes of the loop guard, as bytes.
 *
 * After the Ethernet header, which may have a tag: magic u32, version u8, flags u8, age u32 in ms, holder u48 (0: none),
 * number u32, seal u64. The source address is the identity of the sender. The seal is a keyed hash of what the sender wrote,
 * with a key that nobody else has: only a probe that we sent, and lately, can hold a peer.
 */
import { readU16, readU32, writeU16, writeU32 } from '../base/bytes.js';
import { ETHERNET_HEADER, ethernetHeaderLength, type Frame, TPID_CUSTOMER, VLAN_TAG } from './frame.js';
import { KeyedHash } from './keyed-hash.js';

/** Bytes of a probe without a tag, without FCS. */
export const PROBE_BYTES = 60;
/** What tells the words for the loop guard from others that are made of the same seed. */
const KEYS = 0x6c6f6f70;
/** A locally administered group address of our own. */
const PROBE_HIGH = 0x034f;
const PROBE_LOW = 0x4c_47_00_01;
/** IEEE 802 local experimental EtherType 1. */
const ETHERTYPE = 0x88b5;
const MAGIC = 0x4f4c4c47;
const VERSION = 1;
/** Counted from the end of the Ethernet header. */
const AT = { MAGIC: 0, VERSION: 4, FLAGS: 5, AGE: 6, HOLDER: 10, NUMBER: 16, SEAL: 20 } as const;
/** The sender has noticed a loop that nobody has cut. */
const LOOPS = 1;
/** A probe of one of so many batches sent last is believed when it comes back. */
const BELIEVED = 16;

export class LoopProbe {
  /** Our identity, 48 bits, and its first 16 and last 32. */
  readonly id: number;
  private readonly high: number;
  private readonly low: number;
  private readonly seals: readonly [KeyedHash, KeyedHash];
  /** Number of the batch sent last. */
  private number = 0;

  constructor(
    private readonly bytes: Uint8Array,
    seed: readonly [number, number],
  ) {
    // Identity and keys say nothing of each other, nor of the seed.
    const hash = new KeyedHash(seed[0], seed[1]);
    const word = (index: number): number => hash.hash(index, KEYS);
    this.high = 0x0200 | (word(0) & 0xff);
    this.low = word(1) >>> 0;
    this.id = this.high * 2 ** 32 + this.low;
    this.seals = [new KeyedHash(word(2), word(3)), new KeyedHash(word(4), word(5))];
  }

  /** Whether a frame to this address may be a probe. */
  isProbe(high: number, low: number): boolean {
    return high === PROBE_HIGH && low === PROBE_LOW;
  }

  /** Where the body of a frame to the address of probes begins; -1: it is none. */
  bodyOf({ offset, length }: Frame): number {
    const { bytes } = this;
    if (length < PROBE_BYTES) return -1;
    const body = offset + ethernetHeaderLength(bytes, offset, length);
    return readU32(bytes, body + AT.MAGIC) === MAGIC && bytes[body + AT.VERSION] === VERSION ? body : -1;
  }

  /** Whether a probe with our identity is one of those that we sent last. */
  isOurs(body: number): boolean {
    const { bytes } = this;
    const age = (this.number - this.numberOf(body)) >>> 0;
    return (
      age < BELIEVED &&
      readU32(bytes, body + AT.SEAL) === this.seal(body, 0) &&
      readU32(bytes, body + AT.SEAL + 4) === this.seal(body, 1)
    );
  }

  /** Number of the batch that a probe is of, unsigned. */
  numberOf(body: number): number {
    return readU32(this.bytes, body + AT.NUMBER);
  }

  /** Identity of the gateway that holds the way of a probe; 0: none. */
  holder(body: number): number {
    return readU16(this.bytes, body + AT.HOLDER) * 2 ** 32 + readU32(this.bytes, body + AT.HOLDER + 2);
  }

  /** Age in ms of the newest way in a loop that its sender has noticed and nobody has cut; -1: there is none. */
  looseAge(body: number): number {
    return (this.bytes[body + AT.FLAGS] & LOOPS) === 0 ? -1 : readU32(this.bytes, body + AT.AGE);
  }

  /** Writes into a probe that passes a held way that we hold it. */
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

  /** From now on probes are of the next batch. */
  nextBatch(): void {
    this.number = (this.number + 1) >>> 0;
  }

  /** Writes a probe of a VLAN (0: without a tag) at the place of `frame`; `looseAge` as above. */
  write(frame: Frame, vlan: number, looseAge: number): void {
    const { bytes } = this;
    const { offset } = frame;
    const tag = vlan === 0 ? 0 : VLAN_TAG;
    bytes.fill(0, offset, offset + PROBE_BYTES + tag);
    writeU16(bytes, offset, PROBE_HIGH);
    writeU32(bytes, offset + 2, PROBE_LOW);
    writeU16(bytes, offset + 6, this.high);
    writeU32(bytes, offset + 8, this.low);
    if (tag > 0) {
      writeU16(bytes, offset + 12, TPID_CUSTOMER);
      writeU16(bytes, offset + 14, vlan);
    }
    writeU16(bytes, offset + 12 + tag, ETHERTYPE);
    const body = offset + ETHERNET_HEADER + tag;
    writeU32(bytes, body + AT.MAGIC, MAGIC);
    bytes[body + AT.VERSION] = VERSION;
    bytes[body + AT.FLAGS] = looseAge < 0 ? 0 : LOOPS;
    writeU32(bytes, body + AT.AGE, looseAge < 0 ? 0xffffffff : looseAge);
    writeU32(bytes, body + AT.NUMBER, this.number);
    writeU32(bytes, body + AT.SEAL, this.seal(body, 0));
    writeU32(bytes, body + AT.SEAL + 4, this.seal(body, 1));
    frame.place(offset, PROBE_BYTES + tag).describe(0, 0, 0);
  }

  /** Half of the seal of what a probe says; the holder is for others to write. */
  private seal(body: number, half: 0 | 1): number {
    const { bytes } = this;
    const hash = this.seals[half];
    const facts = hash.hash(readU32(bytes, body + AT.AGE), bytes[body + AT.FLAGS]);
    return hash.hash(readU32(bytes, body + AT.NUMBER), facts) >>> 0;
  }
}
