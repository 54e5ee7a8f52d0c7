import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clampMss } from '../../src/datapath/offload/mss.js';
import { HeaderInfo, parseHeaders } from '../../src/switch/headers.js';
import { build, packets } from './packets.js';

const SYN = 0x02;
const AT = 11;

/** `before` no-operations, the MSS option, and end-of-options up to a full word. */
function options(before: number, mss: number): number[] {
  const list = [...Array<number>(before).fill(1), 2, 4, mss >> 8, mss & 0xff];
  while (list.length % 4 !== 0) list.push(0);
  return list;
}

function clamp(frame: Uint8Array, maxMss: number, partial: boolean): { changed: boolean; after: Uint8Array } {
  const arena = new Uint8Array(AT + frame.length);
  arena.set(frame, AT);
  const info = new HeaderInfo();
  expect(parseHeaders(arena, AT, frame.length, info)).toBe(true);
  const changed = clampMss(arena, AT, info, maxMss, partial);
  return { changed, after: arena.slice(AT) };
}

/** A checksum of 0xffff is the number 0 in other words (RFC 1071): an update may find either. */
function plain(frame: Uint8Array, l4: number): Uint8Array {
  const copy = frame.slice();
  if (copy[l4 + 16] === 0xff && copy[l4 + 17] === 0xff) copy.fill(0, l4 + 16, l4 + 18);
  return copy;
}

const syn = packets(1).map((packet) => ({
  ...packet,
  protocol: 'tcp' as const,
  tcpFlags: packet.tcpFlags | SYN,
  payload: new Uint8Array(0),
}));

describe('MSS clamping', () => {
  it('makes the SYN that would have been built with the lower MSS, checksum included', () => {
    fc.assert(
      fc.property(
        syn,
        fc.integer({ min: 0, max: 9 }),
        fc.integer({ min: 0, max: 0xffff }),
        fc.integer({ min: 500, max: 9000 }),
        (packet, before, mss, most) => {
          const { frame } = build({ ...packet, tcpOptions: options(before, mss) });
          const { changed, after } = clamp(frame, most, false);
          const expected = build({ ...packet, tcpOptions: options(before, Math.min(mss, most)) });
          expect(changed).toBe(mss > most);
          expect(plain(after, expected.l4)).toEqual(plain(expected.frame, expected.l4));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('leaves a partial checksum as it is', () => {
    fc.assert(
      fc.property(syn, (packet) => {
        const built = build({ ...packet, tcpOptions: options(0, 1460) });
        const { changed, after } = clamp(built.frame, 1380, true);
        expect(changed).toBe(true);
        const field = built.l4 + 16;
        expect(after.slice(field, field + 2)).toEqual(built.frame.slice(field, field + 2));
        expect([...after.slice(built.l4 + 20, built.l4 + 24)]).toEqual([2, 4, 1380 >> 8, 1380 & 0xff]);
      }),
    );
  });

  it('touches nothing but SYNs with a sound option list', () => {
    const [packet] = fc.sample(syn, { numRuns: 1, seed: 7 });
    const cases: { tcpOptions: number[]; tcpFlags?: number; protocol?: 'udp' }[] = [
      { tcpOptions: options(0, 1460), tcpFlags: 0x10 },
      { tcpOptions: [] },
      { tcpOptions: [0, 2, 4, 255, 255, 0, 0, 0] },
      { tcpOptions: [3, 0, 2, 4, 255, 255, 0, 0] },
      { tcpOptions: [3, 1, 2, 4, 255, 255, 0, 0] },
      { tcpOptions: [1, 1, 1, 2] },
      { tcpOptions: [1, 1, 2, 4] },
      { tcpOptions: [3, 9, 2, 4, 255, 255, 0, 0] },
      { tcpOptions: [2, 3, 255, 1] },
      { tcpOptions: options(0, 1460), protocol: 'udp' },
    ];
    for (const change of cases) {
      const { frame } = build({ ...packet!, ...change });
      const { changed, after } = clamp(frame, 100, false);
      expect(changed).toBe(false);
      expect(after).toEqual(frame);
    }
  });
});
