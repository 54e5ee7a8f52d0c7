/** Layout of the arena: one buffer, its regions at fixed byte offsets. */
import { PROBES_AT_ONCE } from '../switch/loop-rounds.js';

/**
 * Distance between slots: a virtio header and the largest frame, rounded up to an odd number of cache lines so
 * that the first lines of neighbouring slots fall into different cache sets.
 */
export const SLOT_BYTES = 1033 * 64;

export interface ArenaSizes {
  /** Frames read from the TAP in one batch. */
  tapSlots: number;
  /** Messages received from the sockets in one batch. */
  receiveSlots: number;
  /** Bytes of sealed datagrams that all peers share, kept for sending and resending. */
  sharedRingBytes: number;
  /** Rings for peers that send much, and the bytes that each may grow to. Untouched pages cost nothing. */
  ownRings: number;
  ownRingBytes: number;
}

export const DEFAULT_ARENA: ArenaSizes = {
  tapSlots: 64,
  receiveSlots: 128,
  sharedRingBytes: 4 << 20,
  ownRings: 8,
  ownRingBytes: 32 << 20,
};

/** Plaintext prefixes of one batch of seals. */
const OUTBOUND_PREFIX_ROWS = 4096;
const RELAY_PREFIX_ROWS = 1024;
export const PREFIX_BYTES = 16;
/** Headers of one batch of TAP writes: virtio, and the rewritten ones of joined frames. */
const HEAD_ROWS = 2048;
export const HEAD_BYTES = 128;

/** Datagrams of the lane that wait for one before them: pages that never held one cost nothing. */
const REORDER_CELLS = 8192;
/** Datagrams of one batch that parity rebuilt. */
export const REBUILT_ROWS = 64;
export const CELL_BYTES = 2048;
const OWN_FRAME_BYTES = 128;
/** Answers of the switch to questions of one batch. */
const ANSWER_ROWS = 32;

/** Super-frames of peers for other peers, gathered from their segments in one batch. */
const GATHER_SLOTS = 8;

/** A stretch of the arena. */
export interface Region {
  /** Byte offset and length in the arena. */
  readonly base: number;
  readonly bytes: number;
  /** Whether what it holds is still wanted. */
  isInUse(): boolean;
}

export class Arena {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly tapBase: number;
  readonly receiveBase: number;
  readonly sharedRingBase: number;
  readonly ownRingBase: number;
  readonly prefixBase: number;
  readonly outboundPrefixRows = OUTBOUND_PREFIX_ROWS;
  readonly relayPrefixBase: number;
  readonly relayPrefixRows = RELAY_PREFIX_ROWS;
  readonly headBase: number;
  readonly headRows = HEAD_ROWS;
  readonly pieceBase: number;
  readonly reorderBase: number;
  readonly rebuiltBase: number;
  readonly gatherBase: number;
  readonly gatherBytes = GATHER_SLOTS * SLOT_BYTES;
  private readonly probeBase: number;
  /** One small frame that is made here. */
  readonly ownFrame: number;
  readonly answerRows = ANSWER_ROWS;
  private readonly answerBase: number;
  readonly reorderCells = REORDER_CELLS;

  /** `pieceBytes` is room for reassembling frames that came in pieces; `make` gives memory that is all zero. */
  constructor(
    readonly sizes: ArenaSizes,
    readonly pieceBytes: number,
    make = (bytes: number): Uint8Array => new Uint8Array(bytes),
  ) {
    let end = 0;
    const region = (bytes: number): number => {
      const base = end;
      end += (bytes + 63) & ~63;
      return base;
    };
    this.tapBase = region(sizes.tapSlots * SLOT_BYTES);
    this.receiveBase = region(sizes.receiveSlots * SLOT_BYTES);
    this.sharedRingBase = region(sizes.sharedRingBytes);
    this.prefixBase = region(OUTBOUND_PREFIX_ROWS * PREFIX_BYTES);
    this.relayPrefixBase = region(RELAY_PREFIX_ROWS * PREFIX_BYTES);
    this.headBase = region(HEAD_ROWS * HEAD_BYTES);
    this.pieceBase = region(pieceBytes);
    this.reorderBase = region(REORDER_CELLS * CELL_BYTES);
    this.rebuiltBase = region(REBUILT_ROWS * CELL_BYTES);
    this.gatherBase = region(this.gatherBytes);
    this.probeBase = region(PROBES_AT_ONCE * OWN_FRAME_BYTES);
    this.ownFrame = region(OWN_FRAME_BYTES);
    this.answerBase = region(ANSWER_ROWS * OWN_FRAME_BYTES);
    this.ownRingBase = region(sizes.ownRings * sizes.ownRingBytes);
    this.bytes = make(end);
    this.view = new DataView(this.bytes.buffer);
  }

  /** Room for one probe of the loop guard. */
  probeOf(row: number): number {
    return this.probeBase + row * OWN_FRAME_BYTES;
  }

  /** Regions whose content counts for one batch only. */
  batchRegions(): Region[] {
    const isInUse = () => false;
    return [
      { base: this.tapBase, bytes: this.sharedRingBase - this.tapBase, isInUse },
      { base: this.gatherBase, bytes: this.gatherBytes, isInUse },
    ];
  }

  /** Room for one answer of the switch. */
  answerOf(row: number): number {
    return this.answerBase + row * OWN_FRAME_BYTES;
  }
}
