/**
 * The way of captured packets out of the datapath: a ring in shared memory, written by the one worker and read by the
 * control thread. The writer never waits; what finds no room is counted.
 */
import { CAPTURE_POINTS, type CapturePoint } from '../api/capture.js';

/** Index of each point; a set of them has bit `1 << POINT[name]`. */
export const POINT = Object.fromEntries(CAPTURE_POINTS.map((name, index) => [name, index])) as Record<
  CapturePoint,
  number
>;

/** What the bytes of a packet are: an Ethernet frame, a segment of a super-frame, a sealed datagram, a message. */
export const PACKET = { FRAME: 0, SEGMENT: 1, SEALED: 2, MESSAGE: 3 } as const;

/** What became of a packet. `PEER` comes with a row, `DROP` with a reason, `REFUSED` with an errno. */
export const VERDICT = { NONE: 0, PEER: 1, TAP: 2, FLOOD: 3, DROP: 4, REFUSED: 5, SELECTED: 6 } as const;

/** Words of a path as `PATH` has them: family, port, remote and local address. */
export const PLACE_WORDS = 10;

const WORD = {
  /** Bytes of the whole record; 0: the next record is at the beginning of the ring. */
  SIZE: 0,
  POINT: 1,
  PACKET: 2,
  PEER: 3,
  LINK: 4,
  VERDICT: 5,
  VALUE: 6,
  LENGTH: 7,
  KEPT: 8,
  GSO: 9,
  SEGMENT: 10,
  CSUM: 11,
  TIME_HIGH: 12,
  TIME_LOW: 13,
  LOCAL_PORT: 14,
  IS_OUT: 15,
  TUNNEL: 16,
  PLACE: 17,
} as const;
const HEADER_BYTES = (WORD.PLACE + PLACE_WORDS) * 4;
const ALIGN = 8;
const U32 = 0x1_0000_0000;

/** Words in front of the ring: bytes written and bytes read, both modulo 2^32, and packets missed by point. */
const CONTROL = { WRITTEN: 0, READ: 1, MISSED: 2 } as const;
const CONTROL_BYTES = 64;

/** A power of two: a few hundred super-frames. */
export const CAPTURE_RING_BYTES = 4 << 20;

/** What a capture copies, and where to. */
export interface CaptureSettings {
  ring: SharedArrayBuffer;
  /** Set of points. */
  points: number;
  /** Row of the peer and id of the link that it is limited to; -1: all. */
  peer: number;
  link: number;
  /** Program of a `FrameFilter`; null: every frame. */
  filter: Int32Array | null;
  /** Bytes kept of each packet. */
  snap: number;
  /** Super-frames are kept as far as other packets; otherwise all of them, to be cut by the reader. */
  whole: boolean;
}

/** What is told of a packet besides its bytes. One object, filled again for each. */
export class PacketFacts {
  point = 0;
  /** One of `PACKET`. */
  packet: number = PACKET.FRAME;
  /** Row of the peer, and id of the link; -1 for none. */
  peer = -1;
  link = -1;
  /** One of `VERDICT`, and what it comes with. */
  verdict: number = VERDICT.NONE;
  value = 0;
  /** Bytes of the packet. */
  length = 0;
  /** Bytes of payload of each segment, of a super-frame or of a segment of one; 0 for other packets. */
  gsoSize = 0;
  /** Which segment of its super-frame the first one is, and whether the last one ends it. */
  index = 0;
  isLast = true;
  /** Where a partial checksum is summed from and stored at; both 0: it is complete. */
  csumStart = 0;
  csumOffset = 0;
  /** Of a super-frame inside a tunnel over UDP: the tunnel's UDP header and the IP header inside it; see `Frame`. */
  tunnelL4 = 0;
  innerL3 = 0;
  /** µs of the worker's clock. */
  timeUs = 0;
  /** Port of the socket of a sealed datagram, and its path: `PLACE_WORDS` words. */
  localPort = 0;
  readonly place = new Int32Array(PLACE_WORDS);
  /** Away from this host. */
  isOut = false;
}

/** A packet as the control thread reads it. */
export interface Packet extends PacketFacts {
  /** As much of it as was kept; the reader's own copy. */
  bytes: Uint8Array;
}

export class CaptureRing {
  private readonly control: Int32Array;
  private readonly words: Int32Array;
  private readonly bytes: Uint8Array;
  private readonly size: number;
  /** Writer: bytes of the record in hand, where its next byte goes, and how many may follow. */
  private recordBytes = 0;
  private at = 0;
  private room = 0;

  constructor(readonly buffer: SharedArrayBuffer) {
    this.control = new Int32Array(buffer, 0, CONTROL_BYTES / 4);
    this.words = new Int32Array(buffer, CONTROL_BYTES);
    this.bytes = new Uint8Array(buffer, CONTROL_BYTES);
    this.size = this.bytes.length;
  }

  /** `bytes` must be a power of two and hold the largest packet several times. */
  static make(bytes = CAPTURE_RING_BYTES): CaptureRing {
    return new CaptureRing(new SharedArrayBuffer(CONTROL_BYTES + bytes));
  }

  // --- the writer -----------------------------------------------------------------------------------

  /**
   * Begins the record of a packet of which `kept` bytes follow by `append`; `end` completes it. Returns false, and counts
   * the packet as missed, when there is no room.
   */
  start(facts: PacketFacts, kept: number): boolean {
    const needed = align(HEADER_BYTES + kept);
    const written = this.control[CONTROL.WRITTEN];
    const free = this.size - ((written - Atomics.load(this.control, CONTROL.READ)) >>> 0);
    let at = (written >>> 0) % this.size;
    const toEnd = this.size - at;
    const skipped = toEnd < needed ? toEnd : 0;
    if (free < skipped + needed) {
      Atomics.add(this.control, CONTROL.MISSED + facts.point, 1);
      return false;
    }
    if (skipped > 0) {
      this.words[at >> 2] = 0;
      at = 0;
    }
    this.recordBytes = skipped + needed;
    this.writeFacts(at >> 2, facts, needed, kept);
    this.at = at + HEADER_BYTES;
    this.room = kept;
    return true;
  }

  private writeFacts(at: number, facts: PacketFacts, needed: number, kept: number): void {
    const { words } = this;
    words[at + WORD.SIZE] = needed;
    words[at + WORD.POINT] = facts.point;
    words[at + WORD.PACKET] = facts.packet;
    words[at + WORD.PEER] = facts.peer;
    words[at + WORD.LINK] = facts.link;
    words[at + WORD.VERDICT] = facts.verdict;
    words[at + WORD.VALUE] = facts.value;
    words[at + WORD.LENGTH] = facts.length;
    words[at + WORD.KEPT] = kept;
    words[at + WORD.GSO] = facts.gsoSize;
    words[at + WORD.SEGMENT] = facts.index * 2 + (facts.isLast ? 1 : 0);
    words[at + WORD.CSUM] = (facts.csumStart << 16) | facts.csumOffset;
    words[at + WORD.TUNNEL] = (facts.tunnelL4 << 16) | facts.innerL3;
    words[at + WORD.TIME_HIGH] = Math.floor(facts.timeUs / U32);
    words[at + WORD.TIME_LOW] = facts.timeUs % U32;
    words[at + WORD.LOCAL_PORT] = facts.localPort;
    words[at + WORD.IS_OUT] = facts.isOut ? 1 : 0;
    for (let word = 0; word < PLACE_WORDS; word++) words[at + WORD.PLACE + word] = facts.place[word];
  }

  /** Appends bytes of the packet, as far as they are kept. */
  append(from: Uint8Array, offset: number, length: number): void {
    const count = Math.min(length, this.room);
    this.bytes.set(from.subarray(offset, offset + count), this.at);
    this.at += count;
    this.room -= count;
  }

  /** The record is complete: the reader may see it. */
  end(): void {
    Atomics.add(this.control, CONTROL.WRITTEN, this.recordBytes);
  }

  // --- the reader -----------------------------------------------------------------------------------

  /** Takes the oldest packet out; undefined when there is none. */
  read(): Packet | undefined {
    const read = this.control[CONTROL.READ];
    if (Atomics.load(this.control, CONTROL.WRITTEN) === read) return undefined;
    let at = (read >>> 0) % this.size;
    let taken = 0;
    if (this.words[at >> 2] === 0) {
      taken = this.size - at;
      at = 0;
    }
    const packet = this.copy(at >> 2, at + HEADER_BYTES);
    Atomics.add(this.control, CONTROL.READ, taken + this.words[at >> 2]);
    return packet;
  }

  private copy(at: number, begin: number): Packet {
    const { words } = this;
    const place = at + WORD.PLACE;
    return {
      point: words[at + WORD.POINT],
      packet: words[at + WORD.PACKET],
      peer: words[at + WORD.PEER],
      link: words[at + WORD.LINK],
      verdict: words[at + WORD.VERDICT],
      value: words[at + WORD.VALUE],
      length: words[at + WORD.LENGTH],
      gsoSize: words[at + WORD.GSO],
      index: words[at + WORD.SEGMENT] >> 1,
      isLast: (words[at + WORD.SEGMENT] & 1) !== 0,
      csumStart: words[at + WORD.CSUM] >>> 16,
      csumOffset: words[at + WORD.CSUM] & 0xffff,
      tunnelL4: words[at + WORD.TUNNEL] >>> 16,
      innerL3: words[at + WORD.TUNNEL] & 0xffff,
      timeUs: words[at + WORD.TIME_HIGH] * U32 + (words[at + WORD.TIME_LOW] >>> 0),
      localPort: words[at + WORD.LOCAL_PORT],
      isOut: words[at + WORD.IS_OUT] !== 0,
      place: words.slice(place, place + PLACE_WORDS),
      bytes: this.bytes.slice(begin, begin + words[at + WORD.KEPT]),
    };
  }

  /** Packets of a point that were missed since the last time; the count starts again. */
  takeMissed(point: number): number {
    return Atomics.exchange(this.control, CONTROL.MISSED + point, 0);
  }
}

function align(bytes: number): number {
  return (bytes + ALIGN - 1) & ~(ALIGN - 1);
}
