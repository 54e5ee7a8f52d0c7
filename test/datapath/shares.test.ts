/** The share of the worker that each peer gets. */
import { describe, expect, it } from 'vitest';
import { Shares, WORK } from '../../src/datapath/frames/shares.js';

const GREEDY = 0;
const OTHER = 1;
const STEP_US = 1000;

/**
 * Frames a second that a greedy peer gets beside another that is there, when the worker is busy for `busyUs` of each ms,
 * and so many processors of the machine are idle.
 */
function framesPerSecond(busyUs: number, idleProcessors: number): number {
  let asked = 0;
  const shares = new Shares(0, {
    machineIdle() {
      asked++;
      return idleProcessors;
    },
  });
  let frames = 0;
  const seconds = 4;
  for (let now = STEP_US; now <= seconds * 1e6; now += STEP_US) {
    shares.passed(STEP_US - busyUs, now);
    shares.wants(OTHER);
    shares.wants(GREEDY);
    for (let frame = 0; frame < 10_000 && !shares.isOver(GREEDY); frame++, frames++)
      shares.charge(GREEDY, WORK.FRAME);
  }
  // Not more often than its window turns: the kernel is asked.
  expect(asked).toBeLessThanOrEqual(4 * seconds);
  return frames / seconds;
}

describe('a greedy peer beside another', () => {
  it('gets more the more the worker is idle', () => {
    const series = [1000, 700, 400, 100].map((busyUs) => framesPerSecond(busyUs, 8));
    expect(series).toEqual(series.toSorted((a, b) => a - b));
    expect(series[0]).toBeLessThan(30_000);
    expect(series[3]).toBeGreaterThan(300_000);
  });

  it('gets as much as ever while a processor of the machine is idle', () => {
    expect(framesPerSecond(500, 1)).toBe(framesPerSecond(500, 8));
  });

  it('gets a fraction of an idle worker when the whole machine is busy, and never nothing', () => {
    const quiet = framesPerSecond(500, 8);
    expect(framesPerSecond(500, 0)).toBeLessThan(quiet / 3);
    expect(framesPerSecond(500, 0)).toBeGreaterThan(20_000);
    expect(framesPerSecond(500, 0.5)).toBeGreaterThan(framesPerSecond(500, 0.3));
  });
});

it('thousands of peers that only show that they live take as little from a greedy one as a single one does', () => {
  const beside = (idlers: number, everyMs: number): number => {
    const shares = new Shares(0, { machineIdle: () => 0 });
    shares.wants(1);
    let frames = 0;
    for (let now = STEP_US; now <= 4e6; now += STEP_US) {
      shares.passed(0, now);
      shares.wants(GREEDY);
      for (let peer = 1; peer <= idlers; peer++) {
        if ((peer * 7919 + now / STEP_US) % everyMs !== 0) continue;
        shares.wants(peer);
        shares.charge(peer, WORK.DATAGRAM + WORK.BEAT);
      }
      for (let frame = 0; frame < 10_000 && !shares.isOver(GREEDY); frame++, frames++)
        shares.charge(GREEDY, WORK.FRAME);
    }
    return frames;
  };
  expect(beside(5000, 1000)).toBeGreaterThan(0.9 * beside(1, 100));
});

it('a peer alone is never over its share', () => {
  const shares = new Shares(0, { machineIdle: () => 0 });
  for (let now = STEP_US; now < 1e6; now += STEP_US) {
    shares.passed(0, now);
    shares.wants(GREEDY);
    shares.charge(GREEDY, 1e6);
    expect(shares.isOver(GREEDY)).toBe(false);
  }
});
