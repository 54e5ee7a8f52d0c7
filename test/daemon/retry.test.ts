/** When something is tried again that did not succeed. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Retry } from '../../src/daemon/interfaces/retry.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function counted(succeeds: () => boolean): { retry: Retry; count: () => number; told: string[] } {
  let attempts = 0;
  const told: string[] = [];
  const attempt = (): boolean => {
    attempts++;
    return succeeds();
  };
  const retry = new Retry(attempt, (why) => told.push(why));
  return { retry, count: () => attempts, told };
}

describe('what did not succeed', () => {
  it('is tried again after 1, 2, 4 … seconds, and once a minute at last', () => {
    const { retry, count } = counted(() => false);
    retry.now();
    const after: number[] = [];
    for (let second = 1; second <= 300; second++) {
      const before = count();
      vi.advanceTimersByTime(1000);
      if (count() > before) after.push(second);
    }
    expect(after).toEqual([1, 3, 7, 15, 31, 63, 123, 183, 243]);
    retry.close();
  });

  it('is tried at once when there is news, and soon after it again', () => {
    const { retry, count } = counted(() => false);
    retry.now();
    vi.advanceTimersByTime(100_000);
    const before = count();
    retry.now();
    expect(count()).toBe(before + 1);
    vi.advanceTimersByTime(1000);
    expect(count()).toBe(before + 2);
    retry.close();
  });

  it('is left alone once it succeeded, here or elsewhere, and after the end', () => {
    for (const end of [(retry: Retry) => retry.tried(true), (retry: Retry) => retry.close()]) {
      const { retry, count } = counted(() => false);
      retry.now();
      end(retry);
      vi.advanceTimersByTime(600_000);
      expect(count()).toBe(1);
    }
    const { retry, count } = counted(() => true);
    retry.tried(false);
    vi.advanceTimersByTime(600_000);
    expect(count()).toBe(1);
  });

  it('says what is wrong, once', () => {
    const reasons = ['port taken', 'port taken', 'no right', 'no right', 'port taken'];
    const { retry, told } = counted(() => {
      throw new Error(reasons.shift());
    });
    retry.now();
    for (let second = 0; second < 20; second++) vi.advanceTimersByTime(1000);
    expect(told).toEqual(['port taken', 'no right', 'port taken']);
    retry.close();
  });
});
