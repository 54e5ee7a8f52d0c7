import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Frame } from '../../../src/switch/frame.js';
import { GroupMessage, MESSAGE } from '../../../src/switch/multicast/message.js';
import {
  data,
  type GroupRecord,
  HOST6,
  igmp,
  igmpOf,
  igmpQuery,
  ip4,
  ip6,
  mldOf,
  mldQuery,
  RECORD,
  report,
} from '../../sim/memberships.js';

const AT = 7;

/** Reads a frame that lies in the middle of other bytes. */
function read(frame: Uint8Array, message = new GroupMessage()): GroupMessage {
  const bytes = new Uint8Array(AT + frame.length + 9).fill(0xee);
  bytes.set(frame, AT);
  message.read(bytes, new Frame().place(AT, frame.length), 14);
  return message;
}

function kinds(message: GroupMessage): number[] {
  const found: number[] = [];
  for (let kind = message.nextRecord(); kind >= 0; kind = message.nextRecord()) found.push(kind);
  return found;
}

/** The group as bytes. */
function groupOf({ group }: GroupMessage): number[] {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  group.words.forEach((word, index) => {
    view.setInt32(4 * index, word);
  });
  return [...(group.isIpv4 ? bytes.subarray(12) : bytes)];
}

const address4 = fc.tuple(fc.integer({ min: 224, max: 239 }), fc.nat(255), fc.nat(255), fc.nat(255));
const group4 = address4.map((bytes) => Uint8Array.from(bytes));
const group6 = fc.uint8Array({ minLength: 15, maxLength: 15 }).map((bytes) => Uint8Array.of(0xff, ...bytes));
const recordsOf = (group: fc.Arbitrary<Uint8Array>): fc.Arbitrary<GroupRecord[]> =>
  fc.array(
    fc.tuple(fc.integer({ min: 0, max: 9 }), group, fc.nat(4), fc.nat(3)).map(
      ([type, address, sources, aux]): GroupRecord => ({
        type,
        group: address,
        sources: new Array<Uint8Array>(sources).fill(address.map((byte) => byte & 0x7f)),
        aux,
      }),
    ),
    { minLength: 1, maxLength: 12 },
  );

describe('messages about multicast groups', () => {
  it('are read in every version', () => {
    const group = ip4('239.1.2.3');
    for (const type of [0x12, 0x16]) {
      const joined = read(igmpOf(type, group));
      expect([joined.kind, groupOf(joined)]).toEqual([MESSAGE.JOIN, [...group]]);
    }
    expect(read(igmpOf(0x17, group)).kind).toBe(MESSAGE.LEAVE);
    const group6 = ip6(14, 77);
    expect([read(mldOf(131, group6)).kind, groupOf(read(mldOf(131, group6)))]).toEqual([
      MESSAGE.JOIN,
      [...group6],
    ]);
    expect(read(mldOf(132, group6)).kind).toBe(MESSAGE.LEAVE);
    const query = read(igmpQuery(ip4('10.0.0.1')));
    expect([query.kind, query.responseUs, query.group.isUnspecified]).toEqual([MESSAGE.QUERY, 10e6, true]);
    const query6 = read(mldQuery(HOST6, group6));
    expect([query6.kind, query6.responseUs, groupOf(query6)]).toEqual([MESSAGE.QUERY, 10e6, [...group6]]);
  });

  it('know what is no message about groups', () => {
    expect(read(data(ip4('239.1.1.1'))).kind).toBe(MESSAGE.NONE);
    expect(read(data(ip6(14, 1))).kind).toBe(MESSAGE.NONE);
    expect(read(igmpOf(0x55, ip4('239.1.1.1'))).kind).toBe(MESSAGE.NONE);
    // Neighbour solicitation.
    expect(read(mldOf(135, ip6(2, 1))).kind).toBe(MESSAGE.NONE);
  });

  for (const [family, group] of [
    ['IGMPv3', group4],
    ['MLDv2', group6],
  ] as const) {
    it(`records of ${family} mean what their type and sources say, whatever is between them`, () => {
      fc.assert(
        fc.property(recordsOf(group), (records) => {
          const message = read(report(...records));
          expect(message.kind).toBe(MESSAGE.RECORDS);
          for (const { type, group: wanted, sources = [] } of records) {
            const kind = message.nextRecord();
            const asks = sources.length > 0;
            const meanings: Record<number, number> = {
              [RECORD.IS_INCLUDE]: asks ? MESSAGE.JOIN : MESSAGE.NONE,
              [RECORD.IS_EXCLUDE]: MESSAGE.JOIN,
              [RECORD.TO_INCLUDE]: asks ? MESSAGE.JOIN : MESSAGE.LEAVE,
              [RECORD.TO_EXCLUDE]: MESSAGE.JOIN,
              [RECORD.ALLOW]: asks ? MESSAGE.JOIN : MESSAGE.NONE,
              [RECORD.BLOCK]: MESSAGE.LESS,
            };
            expect([kind, groupOf(message)]).toEqual([meanings[type] ?? MESSAGE.NONE, [...wanted]]);
          }
          expect(message.nextRecord()).toBe(-1);
        }),
      );
    });

    it(`a report of ${family} cut short or changed anywhere is malformed as a whole`, () => {
      fc.assert(
        fc.property(recordsOf(group), fc.nat(), fc.nat(7), (records, where, bit) => {
          const whole = report(...records);
          const start = family === 'IGMPv3' ? 14 + 24 : 14 + 48;
          const cut = read(whole.subarray(0, start + (where % (whole.length - start))));
          expect(cut.kind === MESSAGE.MALFORMED || cut.kind === MESSAGE.NONE).toBe(true);
          const changed = whole.slice();
          changed[start + (where % (whole.length - start))] ^= 1 << bit;
          const kind = read(changed).kind;
          expect(kind === MESSAGE.MALFORMED || kind === MESSAGE.NONE).toBe(true);
        }),
      );
    });
  }

  it('that count more records or sources than they hold are malformed, checksum and all', () => {
    const body = Uint8Array.of(0x22, 0, 0, 0, 0, 0, 0, 2, 4, 0, 0, 0, 239, 1, 1, 1);
    expect(read(igmp(body.slice(), ip4('224.0.0.22'))).kind).toBe(MESSAGE.MALFORMED);
    body[7] = 1;
    expect(kinds(read(igmp(body.slice(), ip4('224.0.0.22'))))).toEqual([MESSAGE.JOIN]);
    body[11] = 1;
    expect(read(igmp(body.slice(), ip4('224.0.0.22'))).kind).toBe(MESSAGE.MALFORMED);
    body[11] = 0;
    body[9] = 255;
    expect(read(igmp(body.slice(), ip4('224.0.0.22'))).kind).toBe(MESSAGE.MALFORMED);
  });

  it('for groups that are none, or from a router far away, are malformed', () => {
    expect(read(igmpOf(0x16, ip4('10.1.1.1'))).kind).toBe(MESSAGE.MALFORMED);
    expect(read(mldQuery(ip6(14, 1))).kind).toBe(MESSAGE.MALFORMED);
    // Hosts answer no general query that is not for all, nor one of MLD without a router alert.
    const unheard = igmpQuery(ip4('10.0.0.1'));
    unheard[5] = 9;
    expect(read(unheard).kind).toBe(MESSAGE.MALFORMED);
    const general = Uint8Array.of(0x11, 100, 0, 0, 0, 0, 0, 0);
    expect(read(igmp(general, ip4('239.9.9.9'), ip4('10.0.0.1'))).kind).toBe(MESSAGE.MALFORMED);
    expect(read(igmp(general, ip4('224.0.0.1'), ip4('10.0.0.1'))).kind).toBe(MESSAGE.QUERY);
    const asked = mldQuery(HOST6);
    expect(read(asked).kind).toBe(MESSAGE.QUERY);
    expect(read(asked.with(14 + 42, 1).with(14 + 43, 2)).kind).toBe(MESSAGE.MALFORMED);
    expect(read(asked.with(5, 9)).kind).toBe(MESSAGE.MALFORMED);
    const far = mldOf(131, ip6(14, 1));
    far[14 + 7] = 64;
    expect(read(far).kind).toBe(MESSAGE.MALFORMED);
  });

  it('no bytes at all make the reader fail or read past the frame', () => {
    const message = new GroupMessage();
    const header = fc.constantFrom([0x08, 0x00, 0x46, 0xc0], [0x08, 0x00, 0x45, 0], [0x86, 0xdd, 0x60, 0]);
    fc.assert(
      fc.property(header, fc.uint8Array({ maxLength: 120 }), (start, rest) => {
        const frame = Uint8Array.of(...new Array(12).fill(1), ...start, ...rest);
        read(frame, message);
        if (message.kind !== MESSAGE.RECORDS) return;
        expect(kinds(message).length).toBeLessThanOrEqual(frame.length);
      }),
    );
  });
});
