import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LossWindows } from '../../src/state/loss-window.js';

/** Beats that count at least, and at most. */
const [LEAST, MOST] = [48, 64];

function windows(): LossWindows {
  const made = new LossWindows();
  made.ensure(2);
  made.reset(1);
  return made;
}

const beats = fc.array(
  fc
    .integer({ min: 0, max: 5000 })
    .chain((due) => fc.tuple(fc.constant(due), fc.integer({ min: 0, max: due }))),
  { minLength: 1, maxLength: 300 },
);

function lossOf(counted: readonly (readonly [number, number])[]): number {
  const due = counted.reduce((sum, [sent]) => sum + sent, 0);
  const arrived = counted.reduce((sum, [, came]) => sum + came, 0);
  return due === 0 ? 0 : (1 - arrived / due) * 1000;
}

describe('loss over the last beats', () => {
  it('is exact over some number of them between 48 and 64, or over all that there were', () => {
    fc.assert(
      fc.property(beats, (given) => {
        const made = windows();
        let told = 0;
        for (const [due, arrived] of given) told = made.add(1, due, arrived);
        const lengths = Array.from({ length: MOST - LEAST + 1 }, (_, more) => LEAST + more);
        const exact =
          given.length <= LEAST ? [lossOf(given)] : lengths.map((last) => lossOf(given.slice(-last)));
        expect(Math.min(...exact.map((loss) => Math.abs(loss - told)))).toBeLessThan(1e-6);
      }),
    );
  });

  it('forgets a busy moment as soon as a quiet one', () => {
    const made = windows();
    made.add(1, 1_000_000, 0);
    let told = 1000;
    for (let beat = 0; beat < MOST; beat++) told = made.add(1, 1, 1);
    expect(told).toBe(0);
  });

  it('is never negative, and nothing where nothing was sent', () => {
    const made = windows();
    expect(made.add(1, 0, 0)).toBe(0);
    expect(made.add(1, 10, 25)).toBe(0);
  });
});
