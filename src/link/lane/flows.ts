/**
 * Flows of frames to peers under the policy `adaptive`: which way each takes, and whether it is bulk.
 *
 * A flow is the addresses, protocol and ports of IP packets (addresses and protocol of fragments and other protocols), or the
 * MAC addresses and EtherType of other frames. The table is bounded and hashed with a key, four entries a bucket;
 * the one unused for longest makes way, so that a flood of flows costs a flow no more than its place.
 */
import { readU16, readU32 } from '../../base/bytes.js';
import { ETHERTYPE_IPV4, ETHERTYPE_IPV6, ethernetHeaderLength } from '../../switch/frame.js';
import { PROTOCOL_TCP, PROTOCOL_UDP } from '../../switch/headers.js';
import { KeyedHash } from '../../switch/keyed-hash.js';

const BUCKETS = 1024;
const WAYS = 4;
const ENTRIES = BUCKETS * WAYS;
/** Words of a key: two addresses of four, ports, EtherType and protocol. */
export const FLOW = { SOURCE: 0, DESTINATION: 4, PORTS: 8, KIND: 9, WORDS: 10 } as const;

/** What a flow sends is summed up with this memory; above and below which sums it is bulk, and no longer. */
const MEMORY_US = 200_000;
const BULK_BYTES = 24 << 10;
const LIGHT_BYTES = 4 << 10;
/** A flow must have been light for this long to count as light: a transfer that waits for a lost segment is still bulk. */
const LIGHT_US = 3_000_000;
/** A kernel that hands over more than a segment at once has something to transfer. */
const SEGMENT_BYTES = 1600;
/** For how long a flow is new. */
const NEW_US = 1_000_000;

const IPV4_FRAGMENT = 0x3fff;
const NO_PEER = -1;

export class FlowTable {
  readonly peer = new Int32Array(ENTRIES).fill(NO_PEER);
  /** Link row that it is pinned to, or that it was pinned to before it was spread over the links of the lane; -1 for none yet. */
  readonly link = new Int32Array(ENTRIES);
  /** 1 while it is bulk. */
  readonly bulk = new Uint8Array(ENTRIES);
  readonly lastSeen = new Float64Array(ENTRIES);
  /** When its link was looked at last. */
  readonly reviewedAt = new Float64Array(ENTRIES);
  /** Round of its peer in which it was last counted as bulk. */
  readonly round = new Float64Array(ENTRIES);
  private readonly bornAt = new Float64Array(ENTRIES);
  private readonly busyAt = new Float64Array(ENTRIES);
  private readonly level = new Float64Array(ENTRIES);
  private readonly keys = new Int32Array(ENTRIES * FLOW.WORDS);
  private readonly key = new Int32Array(FLOW.WORDS);
  private readonly hash: KeyedHash;

  constructor(seed: readonly [number, number]) {
    this.hash = new KeyedHash(seed[0], seed[1]);
  }

  /** Entry of the flow that a frame to `peer` belongs to, made when it is new; the frame is counted. */
  take(peer: number, bytes: Uint8Array, frame: number, length: number, now: number): number {
    this.readKey(bytes, frame, length);
    const entry = this.find(peer, now);
    const age = now - this.lastSeen[entry];
    const kept = Math.max(0, 1 - age / MEMORY_US);
    const level = this.level[entry] * kept + length;
    this.level[entry] = level;
    this.lastSeen[entry] = now;
    if (level > BULK_BYTES) this.bulk[entry] = 1;
    if (level > LIGHT_BYTES) this.busyAt[entry] = now;
    else if (now - this.busyAt[entry] > LIGHT_US) this.bulk[entry] = 0;
    return entry;
  }

  /** Whether a flow that was given a frame of `length` bytes just now begins as a transfer. */
  beginsAsBulk(entry: number, length: number, now: number): boolean {
    return length > SEGMENT_BYTES && now - this.bornAt[entry] < NEW_US;
  }

  /** Bytes per second that an entry sends, about. */
  rate(entry: number, now: number): number {
    const kept = Math.max(0, 1 - (now - this.lastSeen[entry]) / MEMORY_US);
    return (this.level[entry] * kept * 1e6) / MEMORY_US;
  }

  peerRemoved(peer: number): void {
    for (let entry = 0; entry < ENTRIES; entry++) {
      if (this.peer[entry] === peer) this.peer[entry] = NO_PEER;
    }
  }

  /** Visits the flows of a peer seen in the last `maxAgeUs`. */
  eachOf(peer: number, now: number, maxAgeUs: number, visit: (entry: number, key: Int32Array) => void): void {
    for (let entry = 0; entry < ENTRIES; entry++) {
      if (this.peer[entry] !== peer || now - this.lastSeen[entry] > maxAgeUs) continue;
      visit(entry, this.keys.subarray(entry * FLOW.WORDS, (entry + 1) * FLOW.WORDS));
    }
  }

  private find(peer: number, now: number): number {
    const { key } = this;
    let mixed = peer;
    for (let word = 0; word < FLOW.WORDS; word += 2) mixed = this.hash.hash(key[word] ^ mixed, key[word + 1]);
    const first = (mixed & (BUCKETS - 1)) * WAYS;
    let oldest = first;
    for (let entry = first; entry < first + WAYS; entry++) {
      if (this.peer[entry] === peer && this.isKeyOf(entry)) return entry;
      if (this.peer[entry] === NO_PEER) oldest = entry;
      else if (this.peer[oldest] !== NO_PEER && this.lastSeen[entry] < this.lastSeen[oldest]) oldest = entry;
    }
    this.peer[oldest] = peer;
    this.link[oldest] = -1;
    this.bulk[oldest] = 0;
    this.level[oldest] = 0;
    this.round[oldest] = -1;
    this.bornAt[oldest] = now;
    this.keys.set(key, oldest * FLOW.WORDS);
    return oldest;
  }

  private isKeyOf(entry: number): boolean {
    const base = entry * FLOW.WORDS;
    for (let word = 0; word < FLOW.WORDS; word++) {
      if (this.keys[base + word] !== this.key[word]) return false;
    }
    return true;
  }

  private readKey(bytes: Uint8Array, frame: number, length: number): void {
    const { key } = this;
    key.fill(0);
    const l3 = ethernetHeaderLength(bytes, frame, length);
    const type = l3 === 0 ? 0 : readU16(bytes, frame + l3 - 2);
    const at = frame + l3;
    if (type === ETHERTYPE_IPV4 && length >= l3 + 20) {
      const header = (bytes[at] & 0x0f) * 4;
      const isWhole = (readU16(bytes, at + 6) & IPV4_FRAGMENT) === 0;
      key[0] = readU32(bytes, at + 12);
      key[FLOW.DESTINATION] = readU32(bytes, at + 16);
      this.readPorts(bytes, at + header, isWhole ? frame + length : 0, (type << 8) | bytes[at + 9]);
    } else if (type === ETHERTYPE_IPV6 && length >= l3 + 40) {
      for (let word = 0; word < 8; word++) key[word] = readU32(bytes, at + 8 + word * 4);
      this.readPorts(bytes, at + 40, frame + length, (type << 8) | bytes[at + 6]);
    } else {
      key[0] = readU16(bytes, frame + 6);
      key[1] = readU32(bytes, frame + 8);
      key[FLOW.DESTINATION] = readU16(bytes, frame);
      key[FLOW.DESTINATION + 1] = readU32(bytes, frame + 2);
      key[FLOW.KIND] = type << 8;
    }
  }

  /** Reads what follows an IP header that ends at `l4`; `kind`: EtherType and protocol; `end`: of the frame, 0 for fragments. */
  private readPorts(bytes: Uint8Array, l4: number, end: number, kind: number): void {
    const protocol = kind & 0xff;
    this.key[FLOW.KIND] = kind;
    const hasPorts = protocol === PROTOCOL_TCP || protocol === PROTOCOL_UDP;
    if (hasPorts && end >= l4 + 4) this.key[FLOW.PORTS] = readU32(bytes, l4);
  }
}
