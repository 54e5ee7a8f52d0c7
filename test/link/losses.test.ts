import { describe, expect, it } from 'vitest';
import { Losses } from '../../src/link/lane/losses.js';

const RTT = 100_000;

/** Round trips of 100 datagrams, each in four windows, of which so many are lost. */
function lossesAfter(...rounds: { lost: number[]; isCrowded?: boolean }[]): Losses {
  const losses = new Losses();
  rounds.forEach(({ lost, isCrowded = false }, round) => {
    lost.forEach((count, window) => {
      losses.observe(25, count, isCrowded);
      losses.endRound(RTT, (round + 1) * RTT + (window - 3) * 1000);
    });
  });
  return losses;
}

describe('losses of a link', () => {
  it('count once a round trip, as TCP counts them', () => {
    const many = lossesAfter({ lost: [9, 9, 9, 9] }, { lost: [0, 0, 0, 0] }, { lost: [0, 20, 0, 0] });
    expect(many.random).toBeCloseTo(2, 1);
    expect(many.share).toBeCloseTo(2 / 300, 3);
    expect(many.isAny).toBe(true);
  });

  it('are not felt when they are sent again, at once or a round trip later, and are not forgotten', () => {
    const losses = new Losses();
    for (let round = 1; round <= 10; round++) {
      losses.observe(100, 1, false);
      losses.sentAgain(1);
      losses.endRound(RTT, round * RTT);
    }
    expect(losses.random).toBe(0);
    expect(losses.raw).toBeCloseTo(0.01, 3);
    losses.observe(100, 1, false);
    losses.endRound(RTT, 11 * RTT);
    expect(losses.random).toBe(1);
    losses.observe(100, 0, false);
    losses.sentAgain(1);
    losses.endRound(RTT, 12 * RTT);
    expect(losses.random).toBeCloseTo(0, 1);
  });

  it('do not count what was only late', () => {
    expect(lossesAfter({ lost: [3, -3, 0, 0] }).random).toBe(0);
    expect(lossesAfter({ lost: [0, 0, 0, 1] }, { lost: [-1, 0, 0, 0] }).random).toBeCloseTo(0, 1);
  });

  it('say nothing of the path next to many that a full queue dropped, and are forgotten on demand', () => {
    const full = { lost: [1, 0, 0, 0], isCrowded: true };
    const random = { lost: [1, 0, 0, 0] };
    expect(lossesAfter(full, full, full, full, full, random).share).toBe(0);
    const losses = lossesAfter(full, random);
    expect(losses.share).toBeGreaterThan(0);
    losses.forget();
    expect(losses).toMatchObject({ isAny: false, share: 0, proven: 0 });
  });

  it('tell when a full queue has dropped something', () => {
    const losses = new Losses();
    losses.observe(25, 1, true);
    expect(losses.endRound(RTT, RTT / 2)).toBe(false);
    expect(losses.endRound(RTT, RTT)).toBe(true);
    losses.observe(25, 1, false);
    expect(losses.endRound(RTT, 2 * RTT)).toBe(false);
  });
});
