import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DROP } from '../../src/contract/drops.js';
import { Frame } from '../../src/switch/frame.js';
import { LOOP, LoopGuard, PROBE_BYTES } from '../../src/switch/loop-guard.js';
import { LOCAL_PORT } from '../../src/switch/mac-table.js';
import { Ports } from '../../src/switch/ports.js';

const AT = 16;
const PEER = 3;
const INTERVAL = 150_000;
/** Bytes of the holder, which others write, and of what follows the seal. */
const NOT_SEALED = [24, 25, 26, 27, 28, 29];
const SEALED_END = 42;

function guard() {
  const bytes = new Uint8Array(200);
  const states: number[] = [];
  const reports = { loopChanged: (_peer: number, state: number) => states.push(state) };
  const subject = new LoopGuard(bytes, new Ports(), reports, [11, 22]);
  const frame = new Frame();
  subject.set(true, 0);
  let now = 0;
  const probe = (): Uint8Array => {
    subject.run(frame.place(AT, PROBE_BYTES), now);
    now += INTERVAL;
    return bytes.slice(AT, AT + PROBE_BYTES);
  };
  const take = (content: Uint8Array, port = PEER): number => {
    bytes.set(content, AT);
    return subject.take(port, frame.place(AT, content.length), now);
  };
  return { probe, take, states };
}

describe('probes of the loop guard', () => {
  it('are believed when they come back unchanged, with a tag or without', () => {
    const { probe, take, states } = guard();
    const sent = probe();
    expect(take(sent, LOCAL_PORT)).toBe(DROP['own-probe']);
    expect(states).toEqual([]);
    expect(take(Uint8Array.of(...sent.subarray(0, 12), 0x81, 0, 0, 10, ...sent.subarray(12)))).toBe(
      DROP['own-probe'],
    );
    expect(states).toEqual([LOOP.NOTICED]);
  });

  it('hold nothing when any byte that we wrote is another', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 14, max: SEALED_END - 1 }),
        fc.integer({ min: 1, max: 255 }),
        (at, change) => {
          fc.pre(!NOT_SEALED.includes(at));
          const { probe, take, states } = guard();
          const sent = probe();
          sent[at] ^= change;
          expect(take(sent)).not.toBe(DROP['own-probe']);
          expect(states).toEqual([]);
        },
      ),
    );
  });

  it('are believed no longer after sixteen others, nor before they were sent', () => {
    const { probe, take } = guard();
    const first = probe();
    for (let sent = 0; sent < 15; sent++) probe();
    expect(take(first)).toBe(DROP['own-probe']);
    probe();
    expect(take(first)).toBe(DROP['forged-probe']);
    const other = guard();
    expect(other.take(first)).toBe(DROP['forged-probe']);
  });

  it('of a gateway with another seed pass', () => {
    const { probe } = guard();
    const sent = probe();
    const bytes = new Uint8Array(200);
    const reports = { loopChanged: () => {} };
    const stranger = new LoopGuard(bytes, new Ports(), reports, [12, 22]);
    bytes.set(sent, AT);
    expect(stranger.take(PEER, new Frame().place(AT, PROBE_BYTES), 0)).toBe(-1);
  });
});
