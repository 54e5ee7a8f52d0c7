import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { appendFrame, BUNDLE, bundledLength, nextFrame } from '../../src/datapath/frames/bundle.js';
import { Frame } from '../../src/switch/frame.js';
import { fillPayload } from './packets.js';

const AT = 3001;

interface Small {
  length: number;
  flags: number;
  csumStart: number;
  csumOffset: number;
}

const small: fc.Arbitrary<Small> = fc.record({
  length: fc.integer({ min: 40, max: 300 }),
  flags: fc.integer({ min: 0, max: 3 }),
  csumStart: fc.integer({ min: 14, max: 20 }),
  csumOffset: fc.integer({ min: 0, max: 16 }),
});

/** A bundle at AT; returns its end. The frames come from the start of the same arena. */
function write(bytes: Uint8Array, frames: Small[]): number {
  let end = AT;
  frames.forEach(({ length, flags, csumStart, csumOffset }, index) => {
    bytes.set(fillPayload(length, index), 0);
    const before = end;
    end = appendFrame(bytes, end, new Frame().place(0, length).describe(flags, csumStart, csumOffset));
    expect(end - before).toBe(bundledLength(length));
  });
  return end;
}

describe('bundles', () => {
  it('has the layout of the protocol', () => {
    const bytes = new Uint8Array(AT + 100);
    bytes.set(fillPayload(20, 5));
    const end = appendFrame(bytes, AT, new Frame().place(0, 20).describe(1, 14, 2));
    expect([...bytes.subarray(AT, AT + 5)]).toEqual([0, 20, 1, 14, 2]);
    expect(bytes.slice(AT + 5, end)).toEqual(fillPayload(20, 5));
  });

  it('gives back the frames that were put in', () => {
    fc.assert(
      fc.property(fc.array(small, { maxLength: 20 }), (frames) => {
        const bytes = new Uint8Array(AT + 7000);
        const end = write(bytes, frames);
        const out = new Frame();
        let at = AT;
        frames.forEach((frame, index) => {
          at = nextFrame(bytes, at, end, out);
          const { length, flags, csumStart, csumOffset } = out;
          expect({ length, flags, csumStart, csumOffset }).toEqual(frame);
          expect(bytes.slice(out.offset, out.offset + out.length)).toEqual(fillPayload(frame.length, index));
        });
        expect(at).toBe(end);
      }),
    );
  });

  it('refuses a bundle cut anywhere but between frames', () => {
    fc.assert(
      fc.property(fc.array(small, { minLength: 1, maxLength: 5 }), fc.nat(), (frames, where) => {
        const bytes = new Uint8Array(AT + 3000);
        const whole = write(bytes, frames);
        const end = AT + (where % (whole - AT));
        const boundaries = frames.map(
          (_, index) => AT + frames.slice(0, index).reduce((sum, f) => sum + f.length + 5, 0),
        );
        const out = new Frame();
        let at = AT;
        while (at >= 0 && at !== end) at = nextFrame(bytes, at, end, out);
        expect(at).toBe(boundaries.includes(end) ? end : BUNDLE.TRUNCATED);
      }),
      { numRuns: 300 },
    );
  });

  it('names runts, unknown flags and checksums outside the frame', () => {
    const bytes = new Uint8Array(AT + 300);
    const out = new Frame();
    const read = (length: number, flags: number, csumStart: number, csumOffset: number): number => {
      const end = appendFrame(bytes, AT, new Frame().place(0, length).describe(flags, csumStart, csumOffset));
      const answer = nextFrame(bytes, AT, end, out);
      return answer === end ? 0 : answer;
    };
    expect(read(14, 0, 0, 0)).toBe(0);
    expect(read(13, 0, 0, 0)).toBe(BUNDLE.RUNT);
    expect(read(0, 0, 0, 0)).toBe(BUNDLE.RUNT);
    expect(read(60, 4, 0, 0)).toBe(BUNDLE.FLAGS);
    expect(read(60, 1, 34, 24)).toBe(0);
    expect(read(60, 1, 34, 25)).toBe(BUNDLE.CHECKSUM);
    expect(read(60, 1, 13, 6)).toBe(BUNDLE.CHECKSUM);
    expect(read(60, 0, 255, 255)).toBe(0);
  });
});
