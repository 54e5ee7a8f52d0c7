import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { TimerWheel } from '../../src/state/timer-wheel.js';

const MS = 1000;
const SECOND = 1e6;

/** Everything due at `now`, taken out through a buffer of `size`. */
function drain(wheel: TimerWheel, now: number, size = 16): number[] {
  const buffer = new Int32Array(size);
  const ids: number[] = [];
  for (;;) {
    const count = wheel.advance(now, buffer);
    ids.push(...buffer.subarray(0, count));
    if (count < size) return ids;
  }
}

describe('timer wheel', () => {
  it('meets a deadline exactly, neither early nor late', () => {
    const wheel = new TimerWheel(4, 123_456_789.25);
    wheel.schedule(2, 123_466_789.5);
    expect(wheel.next()).toBe(123_466_789.5);
    expect(drain(wheel, 123_466_789.25)).toEqual([]);
    expect(wheel.isScheduled(2)).toBe(true);
    expect(drain(wheel, 123_466_789.5)).toEqual([2]);
    expect(wheel.isScheduled(2)).toBe(false);
    expect(wheel.next()).toBe(Number.POSITIVE_INFINITY);
  });

  it('a new deadline replaces the old one, a cancelled one never comes', () => {
    const wheel = new TimerWheel(2, 0);
    wheel.schedule(0, 10 * MS);
    wheel.schedule(0, 30 * MS);
    wheel.schedule(1, 20 * MS);
    wheel.cancel(1);
    wheel.cancel(1);
    wheel.cancel(999);
    expect(wheel.pending).toBe(1);
    expect(wheel.next()).toBe(30 * MS);
    expect(drain(wheel, 25 * MS)).toEqual([]);
    expect(drain(wheel, 30 * MS)).toEqual([0]);
  });

  it('takes a deadline in the past as due at once', () => {
    const wheel = new TimerWheel(2, 5 * SECOND);
    expect(drain(wheel, 6 * SECOND)).toEqual([]);
    wheel.schedule(1, 1);
    expect(wheel.next()).toBe(1);
    expect(drain(wheel, 6 * SECOND)).toEqual([1]);
  });

  it('hands out more than the buffer holds over several calls', () => {
    const wheel = new TimerWheel(1000, 0);
    for (let id = 0; id < 1000; id++) wheel.schedule(id, 10 * MS + (id % 3));
    const buffer = new Int32Array(300);
    expect(wheel.advance(11 * MS, buffer)).toBe(300);
    expect(wheel.next()).toBeLessThanOrEqual(10 * MS + 2);
    const ids = new Set(drain(wheel, 11 * MS, 300));
    expect(ids.size).toBe(700);
  });

  it('orders by slots of half a millisecond, over blocks and the outer wheel', () => {
    const wheel = new TimerWheel(6, 77);
    const deadlines = [600 * SECOND, 3 * SECOND, 1 * MS, 10_000 * SECOND, 2 * SECOND, 40 * SECOND];
    deadlines.forEach((at, id) => {
      wheel.schedule(id, at);
    });
    expect(drain(wheel, 20_000 * SECOND, 1)).toEqual([2, 4, 1, 5, 0, 3]);
  });

  it('sees an early deadline after a list that holds only far ones', () => {
    const wheel = new TimerWheel(3, 0);
    wheel.schedule(0, 5000 * SECOND);
    wheel.schedule(2, 10 * SECOND);
    expect(drain(wheel, 10 * SECOND)).toEqual([2]);
    wheel.schedule(1, 525 * SECOND);
    expect(wheel.next()).toBe(525 * SECOND);
    expect(drain(wheel, 525 * SECOND)).toEqual([1]);
    expect(wheel.next()).toBe(5000 * SECOND);
  });

  it('spreads little at once, however many deadlines there are', () => {
    const wheel = new TimerWheel(65_536, 0);
    for (let id = 0; id < 65_536; id++) wheel.schedule(id, (10 * SECOND * (id + 1)) / 65_536);
    const insert = vi.spyOn(wheel as unknown as { insert(id: number): void }, 'insert');
    let most = 0;
    for (let now = 0; now <= 10 * SECOND; now += 5 * MS) {
      const before = insert.mock.calls.length;
      drain(wheel, now);
      most = Math.max(most, insert.mock.calls.length - before);
    }
    expect(wheel.pending).toBe(0);
    expect(most).toBeLessThan(2000);
  });

  it('grows for higher ids and keeps what is pending', () => {
    const wheel = new TimerWheel(1, 0);
    wheel.schedule(0, 5 * MS);
    wheel.schedule(70_000, 6 * MS);
    expect(wheel.isScheduled(69_999)).toBe(false);
    expect(drain(wheel, 6 * MS)).toEqual([0, 70_000]);
  });

  it('agrees with a plain list over random histories', () => {
    const wait = fc.oneof(
      fc.double({ min: 0, max: 2 * MS, noNaN: true }),
      fc.double({ min: 0, max: 100 * MS, noNaN: true }),
      fc.double({ min: 0, max: 10 * SECOND, noNaN: true }),
      fc.double({ min: 0, max: 2000 * SECOND, noNaN: true }),
    );
    const step = fc.record({
      kind: fc.constantFrom('schedule', 'schedule', 'schedule', 'cancel', 'advance', 'advance to next'),
      id: fc.integer({ min: 0, max: 40 }),
      wait,
    });
    const start = fc.constantFrom(0, 1, 999.75, 86_400e6 * 400 + 0.5);
    fc.assert(
      fc.property(
        start,
        fc.array(step, { maxLength: 300 }),
        fc.integer({ min: 1, max: 5 }),
        (from, steps, size) => {
          let now = from;
          const wheel = new TimerWheel(8, now);
          const plain = new Map<number, number>();
          for (const { kind, id, wait: delay } of steps) {
            if (kind === 'schedule') {
              // Some deadlines lie in the past.
              wheel.schedule(id, now + delay - 50 * MS);
              plain.set(id, now + delay - 50 * MS);
            } else if (kind === 'cancel') {
              wheel.cancel(id);
              plain.delete(id);
            } else {
              const next = wheel.next();
              if (kind === 'advance') now += delay;
              else if (next !== Number.POSITIVE_INFINITY) now = Math.max(now, next);
              const due = [...plain].filter(([, at]) => at <= now).map(([each]) => each);
              const got = drain(wheel, now, size);
              expect([...got].sort((a, b) => a - b)).toEqual(due.sort((a, b) => a - b));
              for (const each of due) plain.delete(each);
            }
            expect(wheel.pending).toBe(plain.size);
            expect(wheel.next()).toBe(Math.min(Number.POSITIVE_INFINITY, ...plain.values()));
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
