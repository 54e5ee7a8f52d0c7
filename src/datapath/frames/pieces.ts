/**
 * Frames larger than the path travel in pieces, one a datagram.
 *
 * Header of a piece: kind u8, flags u8, frame id u16, index u8, count u8, total u16, csum start u8, csum offset u8;
 * the flags and checksum facts are those of the frame's virtio-net header. All pieces but the last are equally
 * long, so a piece alone tells where it belongs and pieces that agree in length, total and count cover the frame
 * exactly.
 */
import { readU16, writeU16 } from '../../base/bytes.js';
import type { Region } from '../../state/arena.js';
import type { Datagram } from '../../state/datagram.js';
import { type Frame, isRunt } from '../../switch/frame.js';
import { isChecksumInside, VIRTIO_FLAG } from '../offload/virtio.js';

/** Bytes in front of a piece, kind byte included. */
export const PIECE_HEADER = 10;
export const MAX_PIECES = 255;
/** Where the index stands in the header. */
const PIECE_INDEX = 4;

const KNOWN_FLAGS = VIRTIO_FLAG.NEEDS_CSUM | VIRTIO_FLAG.DATA_VALID;
const HEADROOM = 64;
const SLOT_BYTES = 65_600;
const BITMAP_WORDS = 8;
/** Frames of one stream lie this many ids apart at most; one further away is a remainder, not the same frame. */
const ID_WINDOW = 8192;
const NONE = -1;

/** Negative answers of `Reassembly.add`; all but INCOMPLETE name the reason of a drop. */
export const PIECE = {
  /** Taken; the frame needs more. */
  INCOMPLETE: -1,
  /** Too short for the header and one byte. */
  TRUNCATED: -2,
  /** Flag bits without a meaning. */
  FLAGS: -3,
  /** Index not below count. */
  INDEX: -4,
  /** Total shorter than an Ethernet header. */
  TOTAL: -5,
  /** Pieces of this length do not cut the total into count. */
  SIZE: -6,
  /** The checksum field would lie outside the frame. */
  CHECKSUM: -7,
  /** This piece is here already. */
  DUPLICATE: -8,
  /** Contradicts the pieces of the frame that came before. */
  MISMATCH: -9,
  /** Every slot holds a complete frame that was not released. */
  FULL: -10,
} as const;

interface ReassemblyOptions {
  /** Frames in reassembly at once, default 128. */
  slots?: number;
  /** Frames in reassembly at once from one peer, default 16. */
  perPeer?: number;
  /** Time from the first piece after which an incomplete frame is given up, default 1 s. */
  ageLimitUs?: number;
}

/** Which piece of which frame one is. Made once and filled again for each. */
export class Piece {
  frameId = 0;
  index = 0;
  count = 0;
}

/** Writes the header of a piece of `frame`, all but its kind byte at `at`. */
export function writePieceHeader(bytes: Uint8Array, at: number, piece: Piece, frame: Frame): void {
  bytes[at + 1] = frame.flags;
  writeU16(bytes, at + 2, piece.frameId);
  bytes[at + PIECE_INDEX] = piece.index;
  bytes[at + 5] = piece.count;
  writeU16(bytes, at + 6, frame.length);
  bytes[at + 8] = frame.csumStart;
  bytes[at + 9] = frame.csumOffset;
}

/** Puts frames together in slots of the arena; memory and slots per peer are bounded. */
export class Reassembly {
  /** Incomplete frames given up for a newer one, and for their age. */
  evicted = 0;
  expired = 0;

  private readonly arena: Uint8Array;
  private readonly base: number;
  private readonly perPeer: number;
  private readonly ageLimit: number;

  private readonly peer: Int32Array;
  private readonly streamAndId: Int32Array;
  private readonly totalAndCount: Int32Array;
  private readonly facts: Int32Array;
  private readonly size: Int32Array;
  private readonly missing: Int32Array;
  private readonly started: Float64Array;
  private readonly arrived: Int32Array;

  /** Slots in reassembly, the oldest first. */
  private readonly active: Int32Array;
  private activeCount = 0;
  private readonly free: Int32Array;
  private freeCount: number;

  /** Bytes of arena that `slots` slots take. */
  static bytesFor(slots: number): number {
    return slots * SLOT_BYTES;
  }

  /**
   * Uses `bytesFor(slots)` bytes of the arena from `base` on; they are not touched before they are needed.
   * @throws RangeError when the arena does not hold them.
   */
  constructor(arena: Uint8Array, base: number, options: ReassemblyOptions = {}) {
    const slots = options.slots ?? 128;
    if (base + Reassembly.bytesFor(slots) > arena.length) throw new RangeError('the arena is too small');
    this.arena = arena;
    this.base = base;
    this.perPeer = options.perPeer ?? 16;
    this.ageLimit = options.ageLimitUs ?? 1e6;
    this.peer = new Int32Array(slots);
    this.streamAndId = new Int32Array(slots);
    this.totalAndCount = new Int32Array(slots);
    this.facts = new Int32Array(slots);
    this.size = new Int32Array(slots);
    this.missing = new Int32Array(slots);
    this.started = new Float64Array(slots);
    this.arrived = new Int32Array(slots * BITMAP_WORDS);
    this.active = new Int32Array(slots);
    this.free = Int32Array.from({ length: slots }, (_, index) => slots - 1 - index);
    this.freeCount = slots;
  }

  /** Where frames are put together. */
  region(): Region {
    const slots = this.free.length;
    return {
      base: this.base,
      bytes: Reassembly.bytesFor(slots),
      isInUse: () => this.freeCount < slots,
    };
  }

  /** Frames in reassembly. */
  get pending(): number {
    return this.activeCount;
  }

  /**
   * Takes the piece that is the plaintext of a datagram. Returns the slot of the frame that it completes, to be given back
   * by `release`, or a `PIECE` code.
   */
  add(datagram: Datagram): number {
    const bytes = this.arena;
    const offset = datagram.body;
    const length = datagram.end - offset - PIECE_HEADER;
    if (length <= 0) return PIECE.TRUNCATED;
    const index = bytes[offset + PIECE_INDEX];
    const count = bytes[offset + 5];
    const total = readU16(bytes, offset + 6);
    const wrong = checkHeader(bytes, offset);
    if (wrong < 0) return wrong;
    const size = pieceSize(index, count, total, length);
    if (size === 0) return PIECE.SIZE;

    const slot = this.slotFor(datagram, size);
    if (slot < 0) return slot;
    const word = slot * BITMAP_WORDS + (index >> 5);
    const bit = 1 << (index & 31);
    if ((this.arrived[word] & bit) !== 0) return PIECE.DUPLICATE;
    this.arrived[word] |= bit;
    bytes.copyWithin(this.offset(slot) + index * size, offset + PIECE_HEADER, datagram.end);
    if (--this.missing[slot] > 0) return PIECE.INCOMPLETE;
    this.deactivate(slot);
    return slot;
  }

  /** The slot of the frame that a piece belongs to, which may be a new one; or a `PIECE` code. */
  private slotFor(datagram: Datagram, size: number): number {
    const bytes = this.arena;
    const { body, peer, now } = datagram;
    const streamAndId = (datagram.stream << 16) | readU16(bytes, body + 2);
    const totalAndCount = (readU16(bytes, body + 6) << 8) | bytes[body + 5];
    const facts = (bytes[body + 1] << 16) | readU16(bytes, body + 8);
    this.expire(now);
    const known = this.find(peer, streamAndId);
    if (known !== NONE) {
      const agrees =
        this.totalAndCount[known] === totalAndCount &&
        this.facts[known] === facts &&
        this.size[known] === size;
      return agrees ? known : PIECE.MISMATCH;
    }
    const slot = this.allocate(peer, streamAndId);
    if (slot === NONE) return PIECE.FULL;
    this.peer[slot] = peer;
    this.streamAndId[slot] = streamAndId;
    this.totalAndCount[slot] = totalAndCount;
    this.facts[slot] = facts;
    this.size[slot] = size;
    this.missing[slot] = bytes[body + 5];
    this.started[slot] = now;
    this.arrived.fill(0, slot * BITMAP_WORDS, (slot + 1) * BITMAP_WORDS);
    return slot;
  }

  /** Fills `frame` with the complete frame of a slot; the 64 bytes before it are free for a virtio-net header. */
  read(slot: number, frame: Frame): void {
    const facts = this.facts[slot];
    frame
      .place(this.offset(slot), this.totalAndCount[slot] >>> 8)
      .describe(facts >>> 16, (facts >>> 8) & 0xff, facts & 0xff);
  }

  private offset(slot: number): number {
    return this.base + slot * SLOT_BYTES + HEADROOM;
  }

  /** Gives back the slot of a complete frame. */
  release(slot: number): void {
    this.free[this.freeCount++] = slot;
  }

  /** Gives up every incomplete frame of a peer (its row will be another's). */
  peerRemoved(peer: number): void {
    for (let position = this.activeCount - 1; position >= 0; position--) {
      const slot = this.active[position];
      if (this.peer[slot] === peer) this.drop(slot);
    }
  }

  private find(peer: number, streamAndId: number): number {
    for (let position = this.activeCount - 1; position >= 0; position--) {
      const slot = this.active[position];
      if (this.streamAndId[slot] === streamAndId && this.peer[slot] === peer) return slot;
    }
    return NONE;
  }

  private expire(nowUs: number): void {
    while (this.activeCount > 0 && nowUs - this.started[this.active[0]] >= this.ageLimit) {
      this.drop(this.active[0]);
      this.expired++;
    }
  }

  /** A slot for a new frame of a peer, at the cost of the peer's oldest before anybody else's. */
  private allocate(peer: number, streamAndId: number): number {
    let held = 0;
    let oldest = NONE;
    for (let position = this.activeCount - 1; position >= 0; position--) {
      const slot = this.active[position];
      if (this.peer[slot] !== peer) continue;
      if (isRemainder(this.streamAndId[slot], streamAndId)) {
        this.drop(slot);
        this.expired++;
        continue;
      }
      held++;
      oldest = slot;
    }
    if (held >= this.perPeer || (this.freeCount === 0 && this.activeCount > 0)) {
      this.drop(oldest === NONE ? this.active[0] : oldest);
      this.evicted++;
    }
    if (this.freeCount === 0) return NONE;
    const slot = this.free[--this.freeCount];
    this.active[this.activeCount++] = slot;
    return slot;
  }

  private drop(slot: number): void {
    this.deactivate(slot);
    this.release(slot);
  }

  private deactivate(slot: number): void {
    let position = 0;
    while (this.active[position] !== slot) position++;
    this.active.copyWithin(position, position + 1, this.activeCount);
    this.activeCount--;
  }
}

/** Whether the header of a piece is one that may be: 0, or a `PIECE` code. */
function checkHeader(bytes: Uint8Array, at: number): number {
  const flags = bytes[at + 1];
  const total = readU16(bytes, at + 6);
  if ((flags & ~KNOWN_FLAGS) !== 0) return PIECE.FLAGS;
  if (bytes[at + PIECE_INDEX] >= bytes[at + 5]) return PIECE.INDEX;
  if (isRunt(total)) return PIECE.TOTAL;
  const isPartial = (flags & VIRTIO_FLAG.NEEDS_CSUM) !== 0;
  if (isPartial && !isChecksumInside(bytes[at + 8], bytes[at + 9], total)) return PIECE.CHECKSUM;
  return 0;
}

/** Length of all pieces but the last, judged by one piece; 0 when its length does not fit the other facts. */
function pieceSize(index: number, count: number, total: number, length: number): number {
  if (index < count - 1) return length * (count - 1) < total && length * count >= total ? length : 0;
  if (count === 1) return length === total ? length : 0;
  const size = (total - length) / (count - 1);
  return Number.isInteger(size) && size >= length ? size : 0;
}

/** Whether a frame of the same stream lies so far from a new one that its id is from another round. */
function isRemainder(held: number, fresh: number): boolean {
  if (held >> 16 !== fresh >> 16) return false;
  const distance = (fresh - held) & 0xffff;
  return distance >= ID_WINDOW && distance <= 0x10000 - ID_WINDOW;
}
