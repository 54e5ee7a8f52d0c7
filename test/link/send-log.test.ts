import { describe, expect, it } from 'vitest';
import { SendLog } from '../../src/link/lane/send-log.js';

describe('log of what a link sent', () => {
  it('finds when the last datagram left that a report covers, and what had left by then', () => {
    const log = new SendLog();
    log.note(false, 0, 3, 300, 10, 1000);
    log.note(true, 0, 4, 400, 13, 2000);
    log.note(false, 3, 2, 200, 17, 3000);
    expect(log.settle(3, 2)).toBe(true);
    expect(log).toMatchObject({ time: 2000, bytes: 500, datagrams: 15, sentBytes: 900 });
    // Nothing new.
    expect(log.settle(3, 0)).toBe(false);
    expect(log.settle(5, 4)).toBe(true);
    expect(log).toMatchObject({ time: 3000, bytes: 900, datagrams: 19, oldest: Number.POSITIVE_INFINITY });
  });

  it('measures the longest pause among what is covered', () => {
    const log = new SendLog();
    for (const [index, at] of [0, 10, 20, 520, 530].entries()) log.note(true, index, 1, 100, index, at);
    log.settle(0, 2);
    expect(log.longestGap).toBe(10);
    log.settle(0, 5);
    expect(log.longestGap).toBe(500);
  });

  it('says how long anything of what is covered had to wait', () => {
    const log = new SendLog();
    for (const [index, wait] of [5, 70, 20, 0].entries()) {
      log.note(true, index, 1, 100, index, index);
      log.noteWait(wait);
    }
    log.settle(0, 1);
    expect(log.longestWait).toBe(5);
    log.settle(0, 3);
    expect(log.longestWait).toBe(70);
    log.settle(0, 4);
    expect(log.longestWait).toBe(0);
  });

  it('keeps what fits, and forgets the rest without losing count', () => {
    const log = new SendLog();
    for (let index = 0; index < 5000; index++) log.note(true, index, 1, 100, index, index);
    expect(log.settle(0, 4500)).toBe(true);
    expect(log).toMatchObject({ time: 4499, bytes: 450_000, datagrams: 4500 });
  });
});
