import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  MAX_PIECES,
  PIECE,
  PIECE_HEADER,
  Reassembly,
  writePieceHeader,
} from '../../src/datapath/frames/pieces.js';
import { Datagram } from '../../src/state/datagram.js';
import { Frame } from '../../src/switch/frame.js';
import { fillPayload } from './packets.js';

/** The first bytes of the arena are where pieces arrive. */
const INBOX = 70_000;
const AT = 100;

interface Piece {
  flags: number;
  frameId: number;
  index: number;
  count: number;
  total: number;
  csumStart: number;
  csumOffset: number;
  content: Uint8Array;
}

function reassembly(options: { slots: number; perPeer?: number; ageLimitUs?: number }) {
  const arena = new Uint8Array(INBOX + Reassembly.bytesFor(options.slots));
  const subject = new Reassembly(arena, INBOX, options);
  const add = (piece: Piece, { peer = 1, stream = 0, now = 0 } = {}): number => {
    const { flags, frameId, index, count, total, csumStart, csumOffset, content } = piece;
    const whole = new Frame().place(0, total).describe(flags, csumStart, csumOffset);
    writePieceHeader(arena, AT, { frameId, index, count }, whole);
    arena.set(content, AT + PIECE_HEADER);
    const end = AT + PIECE_HEADER + content.length;
    return subject.add(Object.assign(new Datagram(), { peer, stream, body: AT, end, now }));
  };
  const complete = (slot: number): Frame => {
    const whole = new Frame();
    subject.read(slot, whole);
    return whole;
  };
  const frame = (slot: number): Uint8Array => {
    const { offset, length } = complete(slot);
    return arena.slice(offset, offset + length);
  };
  return { arena, subject, add, complete, frame };
}

function cut(frame: Uint8Array, size: number, frameId: number): Piece[] {
  const count = Math.ceil(frame.length / size);
  return Array.from({ length: count }, (_, index) => ({
    flags: 1,
    frameId,
    index,
    count,
    total: frame.length,
    csumStart: 14,
    csumOffset: 0,
    content: frame.subarray(index * size, (index + 1) * size),
  }));
}

const [piece] = cut(fillPayload(2500, 1), 1000, 7) as [Piece, Piece, Piece];

describe('pieces', () => {
  it('has the layout of the protocol', () => {
    const bytes = new Uint8Array(PIECE_HEADER).fill(0xaa);
    const whole = new Frame().place(0, 0x789a).describe(1, 34, 16);
    writePieceHeader(bytes, 0, { frameId: 0x1234, index: 5, count: 6 }, whole);
    expect([...bytes]).toEqual([0xaa, 1, 0x12, 0x34, 5, 6, 0x78, 0x9a, 34, 16]);
  });

  it('makes the frame of its pieces in any order, with the checksum facts', () => {
    const { subject, add, complete, frame } = reassembly({ slots: 2 });
    const content = fillPayload(2500, 9);
    const [first, second, third] = cut(content, 1000, 1);
    expect(add(third!)).toBe(PIECE.INCOMPLETE);
    expect(add(first!)).toBe(PIECE.INCOMPLETE);
    const slot = add({ ...second!, csumStart: 14, csumOffset: 0 });
    expect(slot).toBeGreaterThanOrEqual(0);
    expect(frame(slot)).toEqual(content);
    const { flags, csumStart, csumOffset } = complete(slot);
    expect([flags, csumStart, csumOffset]).toEqual([1, 14, 0]);
    expect(subject.pending).toBe(0);
  });

  it('takes frames up to the last byte of a slot, and 255 pieces', () => {
    const { subject, add, frame } = reassembly({ slots: 2 });
    for (const size of [257, 1400, 65_535]) {
      const content = fillPayload(65_535, size);
      const all = cut(content, size, size);
      expect(all.length).toBeLessThanOrEqual(MAX_PIECES);
      const answers = all.map((each) => add(each));
      const slot = answers.pop()!;
      expect(answers.every((answer) => answer === PIECE.INCOMPLETE)).toBe(true);
      expect(Buffer.compare(frame(slot), content)).toBe(0);
      subject.release(slot);
    }
  });

  it('names what is wrong with a piece', () => {
    const { subject, add } = reassembly({ slots: 2 });
    const empty = new Uint8Array(0);
    const of = (length: number): Uint8Array => new Uint8Array(length);
    expect(add({ ...piece, content: empty })).toBe(PIECE.TRUNCATED);
    expect(add({ ...piece, flags: 4 })).toBe(PIECE.FLAGS);
    expect(add({ ...piece, index: 3 })).toBe(PIECE.INDEX);
    expect(add({ ...piece, index: 0, count: 0 })).toBe(PIECE.INDEX);
    expect(add({ ...piece, total: 0, flags: 0 })).toBe(PIECE.TOTAL);
    expect(add({ ...piece, total: 13, flags: 0 })).toBe(PIECE.TOTAL);
    expect(add({ ...piece, csumStart: 13 })).toBe(PIECE.CHECKSUM);
    expect(add({ ...piece, total: 100, csumStart: 99, content: of(34) })).toBe(PIECE.CHECKSUM);
    expect(add({ ...piece, content: of(833) })).toBe(PIECE.SIZE);
    expect(add({ ...piece, content: of(1250) })).toBe(PIECE.SIZE);
    expect(add({ ...piece, index: 2, content: of(834) })).toBe(PIECE.SIZE);
    expect(add({ ...piece, index: 2, content: of(501) })).toBe(PIECE.SIZE);
    expect(add({ ...piece, index: 2, content: of(2502) })).toBe(PIECE.SIZE);
    expect(add({ ...piece, count: 1, content: of(2499) })).toBe(PIECE.SIZE);
    expect(subject.pending).toBe(0);
    expect(add(piece)).toBe(PIECE.INCOMPLETE);
    expect(add(piece)).toBe(PIECE.DUPLICATE);
    expect(add({ ...piece, index: 1, total: 2501 })).toBe(PIECE.MISMATCH);
    expect(add({ ...piece, index: 1, content: of(900) })).toBe(PIECE.MISMATCH);
    expect(add({ ...piece, index: 1, csumStart: 15 })).toBe(PIECE.MISMATCH);
    expect(add({ ...piece, index: 1, flags: 0 })).toBe(PIECE.MISMATCH);
    expect(subject.pending).toBe(1);
  });

  it('keeps peers, streams and frame ids apart', () => {
    const { subject, add } = reassembly({ slots: 8 });
    const second = { ...piece, index: 1 };
    const third = { ...piece, index: 2, content: new Uint8Array(500) };
    expect(add(piece, { peer: 1, stream: 0 })).toBe(PIECE.INCOMPLETE);
    expect(add(second, { peer: 2, stream: 0 })).toBe(PIECE.INCOMPLETE);
    expect(add(second, { peer: 1, stream: 255 })).toBe(PIECE.INCOMPLETE);
    expect(add({ ...second, frameId: 8 }, { peer: 1, stream: 0 })).toBe(PIECE.INCOMPLETE);
    expect(add(third, { peer: 1, stream: 0 })).toBe(PIECE.INCOMPLETE);
    expect(subject.pending).toBe(4);
    expect(add(second, { peer: 1, stream: 0 })).toBeGreaterThanOrEqual(0);
    subject.peerRemoved(1);
    expect(subject.pending).toBe(1);
  });

  it('gives up old frames, and remainders of an earlier round of ids', () => {
    const { subject, add } = reassembly({ slots: 4, ageLimitUs: 1000 });
    expect(add(piece, { now: 0 })).toBe(PIECE.INCOMPLETE);
    expect(add(piece, { now: 999 })).toBe(PIECE.DUPLICATE);
    expect(add(piece, { now: 1000 })).toBe(PIECE.INCOMPLETE);
    expect(subject.expired).toBe(1);
    expect(add({ ...piece, frameId: 7 + 8191 }, { now: 1000 })).toBe(PIECE.INCOMPLETE);
    expect(subject.pending).toBe(2);
    expect(add({ ...piece, frameId: 7 + 8192 }, { now: 1000 })).toBe(PIECE.INCOMPLETE);
    expect(subject.pending).toBe(2);
    expect(subject.expired).toBe(2);
  });

  it("a flooding peer loses its own oldest, never another's", () => {
    const { subject, add } = reassembly({ slots: 8, perPeer: 4 });
    const second = { ...piece, index: 1 };
    const third = { ...piece, index: 2, content: new Uint8Array(500) };
    add(piece, { peer: 1 });
    add(second, { peer: 1 });
    for (let frameId = 0; frameId < 1000; frameId++) add({ ...piece, frameId }, { peer: 2 });
    expect(subject.pending).toBe(5);
    expect(subject.evicted).toBe(996);
    expect(add(third, { peer: 1 })).toBeGreaterThanOrEqual(0);
    expect(add({ ...piece, frameId: 996 }, { peer: 2 })).toBe(PIECE.DUPLICATE);
  });

  it('when all slots are taken the oldest frame gives way, but never a complete one', () => {
    const { subject, add, frame } = reassembly({ slots: 2 });
    const content = fillPayload(14, 3);
    const [whole] = cut(content, 14, 50);
    const slot = add({ ...whole!, flags: 0 });
    add(piece, { peer: 1 });
    add(piece, { peer: 2 });
    expect(subject.evicted).toBe(1);
    expect(frame(slot)).toEqual(content);
    expect(add(piece, { peer: 2 })).toBe(PIECE.DUPLICATE);
    const other = add({ ...whole!, flags: 0 }, { peer: 3 });
    expect(add(piece, { peer: 4 })).toBe(PIECE.FULL);
    subject.release(other);
    expect(add(piece, { peer: 4 })).toBe(PIECE.INCOMPLETE);
  });

  it('refuses an arena that is too small', () => {
    expect(() => new Reassembly(new Uint8Array(10), 0)).toThrow(RangeError);
  });

  it('shuffled, doubled, lost and interleaved pieces never make wrong bytes', () => {
    const frameSpec = fc.record({
      length: fc.integer({ min: 16, max: 5000 }),
      size: fc.integer({ min: 50, max: 1500 }),
      peer: fc.integer({ min: 0, max: 2 }),
      stream: fc.integer({ min: 0, max: 1 }),
    });
    const traffic = fc.array(frameSpec, { minLength: 1, maxLength: 12 }).chain((frames) => {
      const arrivals = frames.flatMap((spec, frameId) =>
        cut(fillPayload(spec.length, frameId), spec.size, frameId).map((each) => ({ spec, piece: each })),
      );
      const doubled = [...arrivals, ...arrivals];
      return fc.shuffledSubarray(doubled, { minLength: Math.floor(doubled.length / 2) });
    });
    fc.assert(
      fc.property(traffic, fc.integer({ min: 1, max: 12 }), (arrivals, slots) => {
        const { subject, add, frame, arena } = reassembly({ slots, perPeer: 4 });
        const seen = new Map<number, Set<number>>();
        for (const { spec, piece: each } of arrivals) {
          const before = arena.slice(0, AT);
          const slot = add(each, spec);
          const parts = seen.get(each.frameId) ?? new Set<number>();
          seen.set(each.frameId, parts.add(each.index));
          expect(subject.pending).toBeLessThanOrEqual(slots);
          expect(Buffer.compare(arena.subarray(0, AT), before)).toBe(0);
          if (slot >= 0) {
            expect(parts.size).toBe(each.count);
            expect(Buffer.compare(frame(slot), fillPayload(spec.length, each.frameId))).toBe(0);
            subject.release(slot);
          } else {
            expect([PIECE.INCOMPLETE, PIECE.DUPLICATE]).toContain(slot);
          }
        }
      }),
      { numRuns: 150 },
    );
  });

  it('every frame completes when nothing is lost and there is room', () => {
    const lengths = fc.array(
      fc.tuple(fc.integer({ min: 16, max: 4000 }), fc.integer({ min: 16, max: 900 })),
      {
        minLength: 1,
        maxLength: 8,
      },
    );
    const shuffled = lengths.chain((list) => {
      const all = list.flatMap(([length, size], frameId) => cut(fillPayload(length, frameId), size, frameId));
      return fc.tuple(fc.constant(list), fc.shuffledSubarray(all, { minLength: all.length }));
    });
    fc.assert(
      fc.property(shuffled, ([list, arrivals]) => {
        const { subject, add, frame } = reassembly({ slots: 8 });
        const complete = new Set<number>();
        for (const each of arrivals) {
          const slot = add(each);
          if (slot < 0) continue;
          expect(Buffer.compare(frame(slot), fillPayload(each.total, each.frameId))).toBe(0);
          complete.add(each.frameId);
          subject.release(slot);
        }
        expect(complete.size).toBe(list.length);
        expect(subject.pending).toBe(0);
        expect(subject.evicted + subject.expired).toBe(0);
      }),
      { numRuns: 100 },
    );
  });
});
