import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PingLog } from '../../scripts/lab/ping-log.js';

const START = 1_700_000_000;

/** The line that ping prints for an answer; times in seconds. */
function answer(sequence: number, sentAt: number, roundTrip = 0.0005, suffix = ''): string {
  const time = (sentAt + roundTrip).toFixed(6);
  return `[${time}] 64 bytes from 10.77.0.2: icmp_seq=${sequence % 65_536} ttl=64 time=${roundTrip * 1000} ms${suffix}`;
}

/** A log of `count` requests, one a millisecond, of which `lost` were never answered. */
function logOf(count: number, lost: Set<number>): PingLog {
  const log = new PingLog();
  for (let sequence = 1; sequence <= count; sequence++) {
    if (!lost.has(sequence)) log.feed(answer(sequence, START + sequence / 1000));
  }
  return log;
}

describe('the log of a ping', () => {
  it('passes over lines that are no answers', () => {
    const log = new PingLog();
    log.feed('PING 10.77.0.2 (10.77.0.2) 56(84) bytes of data.');
    log.feed('[1700000000.1] From 10.77.0.1 icmp_seq=5 Destination Host Unreachable');
    log.feed('');
    expect([log.sent, log.received, log.lastRoundTripMs]).toEqual([0, 0, undefined]);
  });

  it('knows of requests that have no answer yet', () => {
    const log = logOf(3, new Set());
    log.feed(`[${START}.005] no answer yet for icmp_seq=4`);
    expect([log.sent, log.received, log.unanswered]).toEqual([4, 3, 1]);
  });

  it('counts an answer that comes late as an answer', () => {
    const log = new PingLog();
    log.feed(answer(1, START + 0.001));
    log.feed(answer(3, START + 0.003));
    log.feed(answer(2, START + 0.002, 0.04));
    log.feed(answer(4, START + 0.042));
    expect(log.window(START, START + 1)).toMatchObject({ sent: 4, lost: 0 });
  });

  it('tells duplicates from answers', () => {
    const log = logOf(5, new Set());
    log.feed(answer(5, START + 0.005, 0.001, ' (DUP!)'));
    expect([log.received, log.window(START, START + 1).duplicated]).toEqual([5, 1]);
  });

  it('assigns a loss to the window in which the request was sent', () => {
    const log = logOf(1000, new Set([300, 301, 302, 700]));
    expect(log.window(START + 0.2, START + 0.5)).toMatchObject({ sent: 300, lost: 3 });
    expect(log.window(START + 0.5, START + 0.9)).toMatchObject({ lost: 1 });
  });

  it('measures the longest silence by the times of the answers', () => {
    const gap = new Set(Array.from({ length: 40 }, (_, i) => 500 + i));
    expect(logOf(1000, gap).window(START + 0.4, START + 0.8).silenceMs).toBeCloseTo(41, 3);
  });

  it('takes silence until the end of the window for an outage', () => {
    expect(logOf(100, new Set()).window(START + 0.05, START + 0.6).silenceMs).toBeCloseTo(499.5, 3);
  });

  it('takes a window without any answer for one long outage', () => {
    expect(new PingLog().window(START, START + 2).silenceMs).toBe(2000);
  });

  it('counts requests after the last answer as lost', () => {
    const log = logOf(100, new Set());
    log.feed(`[${START}.12] no answer yet for icmp_seq=120`);
    expect(log.window(START, START + 1).lost).toBe(20);
  });

  it('counts on when the 16 bits of the sequence wrap', () => {
    const log = logOf(140_000, new Set([65_536, 131_072]));
    expect([log.sent, log.received]).toEqual([140_000, 139_998]);
    expect(log.window(START, START + 200).lost).toBe(2);
  });

  it('splits sent and lost over adjoining windows without a remainder', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 2, max: 499 }), { maxLength: 200 }),
        fc.integer({ min: 1, max: 499 }),
        (lost, cutAt) => {
          const log = logOf(500, new Set(lost));
          const middle = START + cutAt / 1000 + 0.0004;
          const [whole, left, right] = [
            log.window(START, START + 1),
            log.window(START, middle),
            log.window(middle, START + 1),
          ];
          expect([left.sent + right.sent, left.lost + right.lost]).toEqual([whole.sent, whole.lost]);
          expect(whole).toMatchObject({ sent: 500, lost: lost.length });
        },
      ),
    );
  });
});
