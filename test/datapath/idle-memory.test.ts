import { describe, expect, it } from 'vitest';
import { INTERFACE } from '../../src/contract/stats.js';
import { IdleMemory } from '../../src/datapath/idle-memory.js';

const SECOND = 1_000_000;
const MIB = 1 << 20;

/** Memory with two regions of 10 and 6 MiB, looked at ten times a second. */
function memory() {
  const counters = new Float64Array(64);
  const discarded: [number, number][] = [];
  const used = [false, false];
  const regions = [
    { base: 0, bytes: 10 * MIB, isInUse: () => used[0] },
    { base: 16 * MIB, bytes: 6 * MIB, isInUse: () => used[1] },
  ];
  const idle = new IdleMemory(regions, () => counters, {
    discard: (offset, length) => void discarded.push([offset / MIB, length / MIB]),
  });
  let now = SECOND;
  const pass = (seconds: number, framesEach: number) => {
    for (const end = now + seconds * SECOND; now < end; now += SECOND / 10) {
      counters[INTERFACE.tapRxFrames] += framesEach;
      idle.sweep(now);
    }
  };
  return { discarded, used, pass };
}

const WHOLE = [
  [0, 4],
  [4, 4],
  [8, 2],
  [16, 4],
  [20, 2],
];

describe('memory of an interface that has been busy', () => {
  it('is given back in steps after thirty quiet seconds, once', () => {
    const { discarded, pass } = memory();
    pass(1, 1000);
    pass(29, 10);
    expect(discarded).toEqual([]);
    pass(60, 10);
    expect(discarded).toEqual(WHOLE);
  });

  it('stays while frames pass, and when there was never a rush', () => {
    const { discarded, pass } = memory();
    pass(60, 10);
    pass(60, 1000);
    expect(discarded).toEqual([]);
  });

  it('stays where something is kept', () => {
    const { discarded, used, pass } = memory();
    pass(1, 1000);
    used[0] = true;
    pass(60, 0);
    expect(discarded).toEqual(WHOLE.slice(3));
  });

  it('is given back from the start after another rush', () => {
    const { discarded, pass } = memory();
    pass(1, 1000);
    pass(30.1, 0);
    const begun = discarded.length;
    expect(begun).toBeGreaterThan(0);
    pass(1, 1000);
    pass(60, 0);
    expect(discarded.slice(begun)).toEqual(WHOLE);
  });
});
