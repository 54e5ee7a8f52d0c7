import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { REPLAY_WINDOW, ReplayWindows } from '../../src/crypto/replay.js';

const LIMIT = Number.MAX_SAFE_INTEGER;

function oneWindow(): { windows: ReplayWindows; commit: (counter: number) => boolean } {
  const windows = new ReplayWindows();
  const id = windows.allocate(0);
  return { windows, commit: (counter) => windows.commit(id, counter) };
}

/** The numbered cases of WireGuard's own test, with our window: counter, and whether it is accepted. */
const W = REPLAY_WINDOW;
const NUMBERED: readonly [number, boolean][] = [
  [0, true],
  [1, true],
  [1, false],
  [9, true],
  [8, true],
  [7, true],
  [7, false],
  [W, true],
  [W - 1, true],
  [W - 1, false],
  [W - 2, true],
  [2, true],
  [2, false],
  [W + 16, true],
  [3, false],
  [W + 16, false],
  [4 * W, true],
  [4 * W - (W - 1), true],
  [10, false],
  [4 * W - W, false],
  [4 * W - (W + 1), false],
  [4 * W - (W - 2), true],
  [4 * W + 1 - W, false],
  [0, false],
  [LIMIT - W - 1, true],
  [LIMIT - W, true],
  [LIMIT - W, false],
  [LIMIT - 1, true],
  [LIMIT - W + 2, true],
  [LIMIT, true],
  [LIMIT, false],
  [LIMIT - W, false],
  [LIMIT - 2, true],
  [LIMIT + 1, false],
  [0, false],
];

describe('a replay window', () => {
  it(`gives the right verdict in the ${NUMBERED.length} numbered cases`, () => {
    const { commit } = oneWindow();
    for (const [index, [counter, accepted]] of NUMBERED.entries()) {
      expect(commit(counter), `case ${index + 1}`).toBe(accepted);
    }
  });

  it.each([
    { sweep: 'ascending from 1', from: 1, to: W, accepted: W },
    { sweep: 'ascending from 0', from: 0, to: W - 1, accepted: W },
    { sweep: 'descending to 1', from: W, to: 1, accepted: W },
    { sweep: 'descending one too far', from: W, to: 0, accepted: W },
    { sweep: 'descending from the last counter', from: LIMIT, to: LIMIT - W, accepted: W },
  ])('accepts $accepted counters $sweep, each once', ({ from, to, accepted }) => {
    const { commit } = oneWindow();
    const step = from < to ? 1 : -1;
    const counters = Array.from({ length: Math.abs(to - from) + 1 }, (_, index) => from + step * index);
    expect(counters.filter(commit).length).toBe(accepted);
    expect(counters.filter(commit).length).toBe(0);
  });

  it('accepts 0 as the last of a sweep that began at the edge, and nothing beyond it', () => {
    const inside = oneWindow();
    for (let counter = W - 1; counter > 0; counter--) inside.commit(counter);
    expect(inside.commit(0)).toBe(true);
    const outside = oneWindow();
    outside.commit(W);
    expect(outside.commit(0)).toBe(false);
  });

  it('refuses what is no counter', () => {
    const { commit } = oneWindow();
    for (const counter of [-1, LIMIT + 1, 2 ** 64, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(commit(counter), `${counter}`).toBe(false);
    }
  });

  it('marks nothing when it only checks', () => {
    const windows = new ReplayWindows();
    const id = windows.allocate(0);
    expect(windows.highest(id)).toBe(-1);
    expect(windows.check(id, 5)).toBe(true);
    expect(windows.check(id, 5)).toBe(true);
    expect(windows.highest(id)).toBe(-1);
    windows.commit(id, 5);
    expect(windows.check(id, 5)).toBe(false);
    expect(windows.highest(id)).toBe(5);
  });

  it('agrees with a set of all counters seen, wherever it starts and however it jumps', () => {
    const start = fc.oneof(
      fc.constant(0),
      fc.nat(100_000),
      fc.integer({ min: LIMIT - 200_000, max: LIMIT - 100_000 }),
    );
    const jump = fc.oneof(
      { weight: 10, arbitrary: fc.integer({ min: -40, max: 40 }) },
      { weight: 3, arbitrary: fc.integer({ min: -W - 40, max: -W + 40 }) },
      { weight: 3, arbitrary: fc.integer({ min: W - 40, max: W + 40 }) },
      { weight: 1, arbitrary: fc.integer({ min: 0, max: 20_000 }) },
    );
    const property = fc.property(start, fc.array(jump, { maxLength: 300 }), (first, jumps) => {
      const windows = new ReplayWindows();
      const id = windows.allocate(0);
      const seen = new Set<number>();
      let highest = -1;
      for (const delta of [0, ...jumps]) {
        const counter = Math.min(Math.max((highest < 0 ? first : highest) + delta, 0), LIMIT);
        const fresh = !seen.has(counter) && counter > highest - W;
        expect(windows.check(id, counter)).toBe(fresh);
        expect(windows.commit(id, counter)).toBe(fresh);
        if (fresh) seen.add(counter);
        highest = Math.max(highest, fresh ? counter : -1);
        expect(windows.highest(id)).toBe(highest);
      }
    });
    const result = fc.check(property, { numRuns: 500 });
    console.log(`replay window against a set: ${result.numRuns} runs, seed ${result.seed}`);
    expect(result.failed, fc.defaultReportMessage(result) ?? '').toBe(false);
  });
});

describe('the pool of windows', () => {
  it('keeps windows apart, also across chunks', () => {
    const windows = new ReplayWindows();
    const ids = Array.from({ length: 200 }, () => windows.allocate(0));
    expect(new Set(ids).size).toBe(200);
    for (const [index, id] of ids.entries()) windows.commit(id, index * 3);
    for (const [index, id] of ids.entries()) {
      expect(windows.highest(id)).toBe(index * 3);
      expect(windows.check(id, index * 3)).toBe(false);
      expect(windows.check(id, index * 3 + 1)).toBe(true);
    }
    expect(windows.size).toBe(200);
  });

  it('gives a released window out again, with nothing seen', () => {
    const windows = new ReplayWindows();
    const first = Array.from({ length: 64 }, () => windows.allocate(0));
    for (const id of first) for (let counter = 0; counter < 9000; counter += 7) windows.commit(id, counter);
    for (const id of first) windows.release(id);
    expect(windows.size).toBe(0);
    const again = Array.from({ length: 64 }, () => windows.allocate(0));
    expect(new Set(again)).toEqual(new Set(first));
    for (const id of again) {
      expect(windows.highest(id)).toBe(-1);
      let accepted = 0;
      for (let counter = 0; counter < 9000; counter++) accepted += windows.commit(id, counter) ? 1 : 0;
      expect(accepted).toBe(9000);
    }
  });

  it('refuses a release of what is not in use', () => {
    const windows = new ReplayWindows();
    const id = windows.allocate(0);
    windows.release(id);
    expect(() => windows.release(id)).toThrow('not in use');
  });

  it('are counted by owner once they have a ring', () => {
    const windows = new ReplayWindows();
    const ids = [7, 7, 8, 9].map((owner) => windows.allocate(owner));
    for (const id of ids) windows.commit(id, 255);
    expect(windows.countOwnersWithRing()).toBe(0);
    for (const id of ids.slice(0, 3)) windows.commit(id, 256);
    expect(windows.countOwnersWithRing()).toBe(2);
    windows.release(ids[0]);
    expect(windows.countOwnersWithRing()).toBe(2);
    windows.release(ids[1]);
    expect(windows.countOwnersWithRing()).toBe(1);
  });
});
