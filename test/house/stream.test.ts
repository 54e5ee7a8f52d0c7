import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StreamAccount, streamWindow } from '../../scripts/stream/account.js';
import { readNumbered, writeNumbered } from '../../scripts/stream/datagram.js';
import { parseOptions } from '../../scripts/stream/options.js';

/** Of a stream of 1000 a second, by number: one arrival 2 ms after sending for each time that it is named. */
function received(sequences: number[], sent?: number) {
  const account = new StreamAccount();
  for (const sequence of sequences) account.arrived(sequence, 1000 + sequence, 1002 + sequence);
  return account.report(sent);
}

const upTo = (count: number) => [...Array(count).keys()];

describe('a datagram of a stream', () => {
  it('reads as it was written, at any offset', () =>
    fc.assert(
      fc.property(
        fc.nat(0xffff_ffff),
        fc.nat(0xffff_ffff),
        fc.boolean(),
        fc.double({ min: 0, max: 1e16, noNaN: true }),
        fc.nat(40),
        (run, sequence, isLast, sentUs, at) => {
          const view = new DataView(new ArrayBuffer(at + 24));
          writeNumbered(view, at, { run, sequence, isLast, sentUs });
          expect(readNumbered(view, at, 24)).toEqual({ run, sequence, isLast, sentUs });
          expect(readNumbered(view, at, 23)).toBeNull();
        },
      ),
    ));

  it('is distinguished from others', () =>
    expect(readNumbered(new DataView(new ArrayBuffer(64)), 0, 64)).toBeNull());
});

describe('the account of a stream', () => {
  it('that is whole says so', () => {
    expect(received(upTo(5000), 5000)).toMatchObject({ sent: 5000, lost: 0, duplicated: 0, reordered: 0 });
  });

  it('counts what is missing and what comes twice, in any order', () =>
    fc.assert(
      fc.property(
        fc.array(fc.record({ times: fc.nat(3), place: fc.double({ noNaN: true }) }), {
          minLength: 1,
          maxLength: 400,
        }),
        (fates) => {
          const arrivals = fates
            .flatMap(({ times, place }, sequence) => Array(times).fill({ sequence, place }))
            .sort((a, b) => a.place - b.place)
            .map(({ sequence }) => sequence as number);
          const report = received(arrivals, fates.length);
          expect(report.lost).toBe(fates.filter(({ times }) => times === 0).length);
          expect(report.duplicated).toBe(fates.reduce((sum, { times }) => sum + Math.max(0, times - 1), 0));
        },
      ),
    ));

  it('sees the loss of the last ones, once the sender has said how many there were', () => {
    expect(received(upTo(90)).lost).toBe(0);
    expect(received(upTo(90), 100).lost).toBe(10);
  });

  it('tells how far out of order something came', () => {
    expect(received([0, 1, 5, 2, 3, 4, 6])).toMatchObject({ lost: 0, reordered: 3, displacement: 3 });
  });

  it('dates losses by the sending of their neighbours', () => {
    const report = received([...upTo(1000), ...upTo(3000).slice(1020)], 3000);
    expect(streamWindow(report, 2000, 2020)).toMatchObject({ sent: 20, lost: 20 });
    expect(streamWindow(report, 1000, 2000).lost).toBe(0);
    expect(streamWindow(report, 2020, 4000).lost).toBe(0);
  });

  it('tells the longest silence that overlaps a window', () => {
    const report = received([...upTo(1000), ...upTo(3000).slice(1050)]);
    expect(streamWindow(report, 2010, 2030).silenceMs).toBe(51);
    expect(streamWindow(report, 1100, 1200).silenceMs).toBe(1);
  });
});

describe('the options of a stream', () => {
  it('are 20,000 small datagrams a second by default', () => {
    expect(parseOptions(['send', '--to', '10.0.0.1'])).toMatchObject({
      send: { to: '10.0.0.1', rate: 20_000, bytes: 64, seconds: undefined },
    });
  });

  it.each([
    [[], 'send'],
    [['dance'], 'send'],
    [['send'], '--to is missing'],
    [['send', '--to', 'x', '--rate', '0'], '--rate takes'],
    [['receive', '--port', '70000'], '--port takes'],
  ])('refuse %j', (args, message) => expect(() => parseOptions(args)).toThrow(message));
});
