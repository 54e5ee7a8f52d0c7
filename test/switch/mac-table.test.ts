import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LEARN } from '../../src/switch/learning.js';
import { LOCAL_PORT, MacTable, MISS } from '../../src/switch/mac-table.js';

const SECOND = 1e6;
const HIGH = 0x0200;
const seed = [0x12345678, 0x9abcdef0] as const;
/** Slots that a sweep may look at to have met all of a small table. */
const ROUND = 512;

interface Row {
  port: number;
  isStatic: boolean;
}

const keyOf = (vlan: number, high: number, low: number): string => `${vlan}/${high}/${low}`;

function rows(table: MacTable, now: number): Map<string, Row> {
  const found = new Map<string, Row>();
  for (let from = 0; from >= 0; ) {
    from = table.entries(now, from, 3, (vlan, high, low, port, _age, isStatic) => {
      expect(found.has(keyOf(vlan, high, low))).toBe(false);
      found.set(keyOf(vlan, high, low), { port, isStatic });
    });
  }
  return found;
}

describe('MAC table', () => {
  it('learns, refreshes, moves and counts moves', () => {
    const table = new MacTable({ limit: 8, seed });
    expect(table.lookup(0, HIGH, 1, 0)).toBe(MISS);
    expect(table.learn(0, HIGH, 1, 3, 0)).toBe(LEARN.LEARNED);
    expect(table.learn(0, HIGH, 1, 3, SECOND)).toBe(LEARN.REFRESHED);
    expect(table.lookup(0, HIGH, 1, SECOND)).toBe(3);
    expect(table.learn(0, HIGH, 1, LOCAL_PORT, SECOND)).toBe(LEARN.MOVED);
    expect(table.lookup(0, HIGH, 1, SECOND)).toBe(LOCAL_PORT);
    expect(table.moves).toBe(1);
    expect(table.learnedCount(3)).toBe(0);
    expect(table.learnedCount(LOCAL_PORT)).toBe(1);
  });

  it('keeps VLANs and the full 48 bits apart, however the low half is signed', () => {
    const table = new MacTable({ limit: 8, seed });
    table.learn(0, HIGH, 0xffffffff, 1, 0);
    table.learn(4095, HIGH, 0xffffffff, 2, 0);
    table.learn(0, 0xfe00, 0xffffffff, 3, 0);
    expect(table.lookup(0, HIGH, 0xffffffff, 0)).toBe(1);
    expect(table.lookup(0, HIGH, -1, 0)).toBe(1);
    expect(table.lookup(4095, HIGH, 0xffffffff, 0)).toBe(2);
    expect(table.lookup(0, 0xfe00, 0xffffffff, 0)).toBe(3);
    expect(rows(table, 0).get(keyOf(4095, HIGH, 0xffffffff))).toEqual({ port: 2, isStatic: false });
  });

  it('learns no more behind a peer than its limit, whatever comes, goes and changes', () => {
    const step = fc.record({
      low: fc.nat(12),
      port: fc.nat(2),
      what: fc.constantFrom('learn', 'learn', 'learn', 'remove', 'limit', 'gone'),
      most: fc.nat(4),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const table = new MacTable({ limit: 64, seed });
        for (const { low, port, what, most } of steps) {
          const [before, limit] = [table.learnedCount(port), table.limits.of(port)];
          const was = table.lookup(0, HIGH, low, 0);
          if (what === 'limit') table.limits.set(port, most);
          else if (what === 'remove') table.remove(0, HIGH, low);
          else if (what === 'gone') table.peerRemoved(port);
          else {
            const isFull = limit > 0 && before >= limit && was !== port;
            const learned = table.learn(0, HIGH, low, port, 0);
            if (learned === LEARN.FROZEN) continue;
            expect(learned === LEARN.LIMITED).toBe(isFull);
            expect(table.lookup(0, HIGH, low, 0)).toBe(isFull ? was : port);
          }
        }
        for (let port = 0; port < 3; port++) table.peerRemoved(port);
        expect(table.limits.isOn).toBe(false);
      }),
    );
  });

  it('never learns group or zero addresses', () => {
    const table = new MacTable({ limit: 8, seed });
    expect(table.learn(0, 0x0100, 0x5e000001, 1, 0)).toBe(LEARN.REFUSED);
    expect(table.learn(0, 0xffff, 0xffffffff, 1, 0)).toBe(LEARN.REFUSED);
    expect(table.learn(0, 0, 0, 1, 0)).toBe(LEARN.REFUSED);
    expect(table.addStatic(0, 0x3333, 1, 1)).toBe(false);
    expect(table.size).toBe(0);
  });

  it('forgets after the ageing time: by lookup, by learning elsewhere and by sweep', () => {
    const table = new MacTable({ limit: 8, seed });
    for (const low of [1, 2, 3]) table.learn(0, HIGH, low, low, 0);
    table.learn(0, HIGH, 4, 4, 200 * SECOND);
    const late = 300 * SECOND;
    expect(table.lookup(0, HIGH, 1, late - 1)).toBe(1);
    expect(table.lookup(0, HIGH, 1, late)).toBe(MISS);
    expect(table.learn(0, HIGH, 2, 7, late)).toBe(LEARN.LEARNED);
    expect(table.moves).toBe(0);
    expect(rows(table, late).size).toBe(2);
    expect(table.sweep(late, ROUND)).toBe(1);
    expect(table.size).toBe(2);
    expect(table.lookup(0, HIGH, 4, late)).toBe(4);
  });

  it('keeps the ages of its entries when the ageing time changes', () => {
    const table = new MacTable({ limit: 8, ageingUs: 256 * SECOND, seed });
    table.learn(0, HIGH, 1, 1, 1000 * SECOND);
    table.learn(0, HIGH, 2, 2, 1090 * SECOND);
    table.addStatic(0, HIGH, 3, 3);
    table.setAgeing(64 * SECOND, 1100 * SECOND);
    expect(table.lookup(0, HIGH, 1, 1100 * SECOND)).toBe(MISS);
    expect(table.lookup(0, HIGH, 2, 1100 * SECOND)).toBe(2);
    table.setAgeing(512 * SECOND, 1150 * SECOND);
    expect(table.lookup(0, HIGH, 2, 1598 * SECOND)).toBe(2);
    expect(table.lookup(0, HIGH, 2, 1603 * SECOND)).toBe(MISS);
    expect(table.lookup(0, HIGH, 3, 1e15)).toBe(3);
  });

  it('sweeps all in one round, a budget at a time', () => {
    const table = new MacTable({ limit: 100, ageingUs: 256, seed });
    for (let low = 1; low <= 100; low++) table.learn(0, HIGH, low, low % 7, low % 2);
    let removed = 0;
    for (let call = 0; call < 2 * ROUND; call += 10) {
      const swept = table.sweep(256, 10);
      expect(swept).toBeLessThanOrEqual(10);
      removed += swept;
    }
    expect(removed).toBe(50);
    expect(table.size).toBe(50);
    for (let low = 1; low <= 100; low++) {
      expect(table.lookup(0, HIGH, low, 256)).toBe(low % 2 === 1 ? low % 7 : MISS);
    }
  });

  it('never moves, ages, evicts or flushes a static entry unasked', () => {
    const table = new MacTable({ limit: 2, seed });
    expect(table.addStatic(5, HIGH, 1, 9)).toBe(true);
    expect(table.learn(5, HIGH, 1, 3, 0)).toBe(LEARN.PINNED);
    expect(table.learn(5, HIGH, 1, 9, 0)).toBe(LEARN.REFRESHED);
    expect(table.lookup(5, HIGH, 1, 1e12)).toBe(9);
    expect(table.sweep(1e12, ROUND)).toBe(0);
    expect(table.learn(5, HIGH, 2, 3, 0)).toBe(LEARN.LEARNED);
    expect(table.learn(5, HIGH, 3, 3, 0)).toBe(LEARN.EVICTED);
    expect(table.addStatic(5, HIGH, 4, 9)).toBe(true);
    expect(table.learn(5, HIGH, 5, 3, 0)).toBe(LEARN.REFUSED);
    expect(table.addStatic(5, HIGH, 6, 9)).toBe(false);
    expect(table.flushPort(9)).toBe(0);
    expect(table.flushPort(9, true)).toBe(2);
    expect(table.flushPort(77)).toBe(0);
    expect(table.size).toBe(0);
  });

  it('a static entry takes the place of a learned one, and can be removed', () => {
    const table = new MacTable({ limit: 4, seed });
    table.learn(0, HIGH, 1, 3, 0);
    expect(table.addStatic(0, HIGH, 1, 5)).toBe(true);
    expect(table.lookup(0, HIGH, 1, 0)).toBe(5);
    expect(table.size).toBe(1);
    expect(table.learnedCount(3)).toBe(0);
    expect(table.remove(0, HIGH, 1)).toBe(true);
    expect(table.remove(0, HIGH, 1)).toBe(false);
  });

  it('a million random addresses from one peer evict nobody else', () => {
    const table = new MacTable({ limit: 4096, seed });
    for (let port = 0; port < 100; port++) {
      for (let station = 1; station <= 20; station++) table.learn(0, HIGH, port * 100 + station, port, 0);
    }
    // A fixed linear congruential generator: the same million addresses in every run.
    let state = 42;
    for (let frame = 0; frame < 1e6; frame++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      table.learn(state & 0xfff, 0x0600, state, 500, frame);
    }
    for (let port = 0; port < 100; port++) {
      expect(table.learnedCount(port)).toBe(20);
      for (let station = 1; station <= 20; station++) {
        expect(table.lookup(0, HIGH, port * 100 + station, 1e6)).toBe(port);
      }
    }
    expect(table.size).toBe(4096);
    expect(table.learnedCount(500)).toBe(4096 - 2000);
  });

  it('gives up its own oldest on a tie and shrinks nobody below a fair share', () => {
    const table = new MacTable({ limit: 10, seed });
    for (let low = 1; low <= 7; low++) table.learn(0, HIGH, low, 0, low);
    for (let low = 11; low <= 40; low++) table.learn(0, HIGH, low, 1, low);
    expect(table.learnedCount(0)).toBe(5);
    expect(table.learnedCount(1)).toBe(5);
    for (const low of [1, 2]) expect(table.lookup(0, HIGH, low, 50)).toBe(MISS);
    for (const low of [3, 7]) expect(table.lookup(0, HIGH, low, 50)).toBe(0);
  });

  it('takes 65,537 ports', () => {
    const table = new MacTable({ limit: 70_000, seed });
    table.learn(0, HIGH, 0x70000000, LOCAL_PORT, 0);
    for (let port = 0; port < 65_536; port++) table.learn(0, HIGH, port + 1, port, 0);
    expect(table.size).toBe(65_537);
    expect(table.lookup(0, HIGH, 65_536, 0)).toBe(65_535);
    expect(table.flushPort(65_535)).toBe(1);
    expect(table.lookup(0, HIGH, 65_536, 0)).toBe(MISS);
  });

  it('keeps entries, order and static marks over a change of the limit', () => {
    const table = new MacTable({ limit: 10, seed });
    for (let low = 1; low <= 8; low++) table.learn(7, HIGH, low, low <= 6 ? 0 : 1, low);
    table.addStatic(7, HIGH, 100, 0);
    table.setLimit(5);
    expect(table.limit).toBe(5);
    expect([...rows(table, 10).keys()].sort()).toEqual(
      [5, 6, 7, 8, 100].map((low) => keyOf(7, HIGH, low)).sort(),
    );
    expect(table.learn(7, HIGH, 9, 0, 9)).toBe(LEARN.EVICTED);
    expect(table.lookup(7, HIGH, 5, 9)).toBe(MISS);
    table.setLimit(20);
    expect(table.size).toBe(5);
    expect(table.lookup(7, HIGH, 100, 1e12)).toBe(0);
    expect(() => table.setLimit(0)).toThrow(RangeError);
    table.addStatic(7, HIGH, 101, 0);
    table.setLimit(1);
    expect([table.limit, table.size]).toEqual([1, 2]);
    expect(table.learn(7, HIGH, 9, 0, 9)).toBe(LEARN.REFUSED);
    expect(table.remove(7, HIGH, 101)).toBe(true);
  });

  it('holds the static entries of each port as they are set, beyond its limit if they are more', () => {
    const entry = fc.record({ vlan: fc.integer({ min: 0, max: 1 }), low: fc.integer({ min: 1, max: 12 }) });
    const step = fc.record({
      port: fc.integer({ min: -1, max: 3 }),
      stations: fc.uniqueArray(entry, { maxLength: 8, selector: ({ vlan, low }) => keyOf(vlan, HIGH, low) }),
      limit: fc.integer({ min: 1, max: 20 }),
      learned: fc.integer({ min: 1, max: 40 }),
      isGone: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        const table = new MacTable({ limit: 16, seed });
        const model = new Map<string, number>();
        for (const { port, stations, limit, learned, isGone } of steps) {
          table.learn(0, HIGH, learned, 9, 0);
          table.setLimit(limit);
          for (const [key, holder] of model) if (holder === port) model.delete(key);
          if (isGone) table.flushPort(port, true);
          else {
            table.setStatics(
              port,
              stations.map(({ vlan, low }) => ({ vlan, high: HIGH, low })),
            );
            for (const { vlan, low } of stations) model.set(keyOf(vlan, HIGH, low), port);
          }
          const found = [...rows(table, 0)].filter(([, { isStatic }]) => isStatic);
          expect(new Map(found.map(([key, row]) => [key, row.port]))).toEqual(model);
          expect(table.size).toBeLessThanOrEqual(Math.max(limit, model.size));
        }
      }),
    );
  });

  it('behaves like a plain map with the rules written out, over random histories', () => {
    const stray = fc.oneof(
      { weight: 4, arbitrary: fc.constant(null) },
      { weight: 1, arbitrary: fc.integer({ min: -1, max: 4 }) },
    );
    const kind = fc.oneof(
      { weight: 12, arbitrary: fc.constant('learn') },
      { weight: 4, arbitrary: fc.constantFrom('lookup', 'sweep', 'remove') },
      { weight: 1, arbitrary: fc.constantFrom('static', 'flush') },
    );
    const low = fc.integer({ min: 1, max: 10 });
    const step = fc
      .record({
        kind,
        low,
        vlan: fc.integer({ min: 0, max: 1 }),
        stray,
        wait: fc.integer({ min: 0, max: 20 }),
      })
      // Most stations stay on their port, so that entries are refreshed in every place of their lists.
      .map((each) => ({ ...each, port: each.stray ?? (each.low % 2) - 1 }));
    fc.assert(
      fc.property(fc.array(step, { minLength: 50, maxLength: 300 }), fc.integer(), (steps, key) => {
        const limit = 12;
        const ageing = 256;
        const table = new MacTable({ limit, ageingUs: ageing, seed: [key, 7] });
        const model = new Map<string, Row & { seen: number; moves?: number }>();
        const learnedOn = (port: number) =>
          [...model].filter(([, row]) => row.port === port && !row.isStatic);
        const most = () => Math.max(0, ...[-1, 0, 1, 2, 3, 4].map((port) => learnedOn(port).length));
        /** Takes out of the model what the table dropped, after checking that it was right to drop it. */
        const follow = (asking: number, now: number): void => {
          const held = new Set(heldKeys(table));
          const gone = [...model].filter(([name]) => !held.has(name));
          expect(gone.length).toBe(1);
          const [name, row] = gone[0]!;
          const own = learnedOn(asking).length;
          expect(row.isStatic).toBe(false);
          expect(row.port).toBe(own === most() ? asking : row.port);
          expect(learnedOn(row.port).length).toBe(most());
          // An eighth of the ageing time is as near as it must come to the oldest.
          const oldest = Math.min(...learnedOn(row.port).map(([, other]) => other.seen));
          expect(row.seen - oldest).toBeLessThan(ageing / 8);
          expect(now).toBeGreaterThanOrEqual(row.seen);
          model.delete(name);
        };
        let now = 0;
        for (const { kind, low, vlan, port, wait } of steps) {
          now += wait;
          const name = keyOf(vlan, HIGH, low);
          const known = model.get(name);
          const expired = known !== undefined && !known.isStatic && now - known.seen >= ageing;
          const statics = [...model.values()].filter((row) => row.isStatic).length;
          if (kind === 'lookup') {
            expect(table.lookup(vlan, HIGH, low, now)).toBe(known && !expired ? known.port : MISS);
            if (expired) model.delete(name);
          } else if (kind === 'learn') {
            const answer = table.learn(vlan, HIGH, low, port, now);
            if (known?.isStatic) {
              expect(answer).toBe(known.port === port ? LEARN.REFRESHED : LEARN.PINNED);
              continue;
            }
            // Windows of minutes never end here.
            const moves = known === undefined || (expired && known.port !== port) ? 0 : (known.moves ?? 0);
            const leaves = known !== undefined && !expired && known.port !== port;
            if (leaves && moves === 4) {
              expect(answer).toBe(LEARN.FROZEN);
              continue;
            }
            if (known && known.port === port) expect(answer).toBe(LEARN.REFRESHED);
            else if (known) expect(answer).toBe(expired ? LEARN.LEARNED : LEARN.MOVED);
            else if (statics === limit) expect(answer).toBe(LEARN.REFUSED);
            else if (model.size < limit) expect(answer).toBe(LEARN.LEARNED);
            else {
              expect(answer).toBe(LEARN.EVICTED);
              follow(port, now);
            }
            if (answer === LEARN.REFUSED) continue;
            // An ageing time of 256 makes a tick 1: the time is exact.
            model.set(name, { port, isStatic: false, seen: now, moves: moves + Number(leaves) });
          } else if (kind === 'static') {
            if (known) model.delete(name);
            const full = model.size === limit;
            const done = table.addStatic(vlan, HIGH, low, port);
            expect(done).toBe(!full || statics < limit);
            if (!done) continue;
            if (full) follow(port, now);
            model.set(name, { port, isStatic: true, seen: 0 });
          } else if (kind === 'flush') {
            const lost = learnedOn(port);
            expect(table.flushPort(port)).toBe(lost.length);
            for (const [flushed] of lost) model.delete(flushed);
          } else if (kind === 'sweep') {
            const old = [...model].filter(([, row]) => !row.isStatic && now - row.seen >= ageing);
            expect(table.sweep(now, ROUND)).toBe(old.length);
            for (const [swept] of old) model.delete(swept);
          } else {
            expect(table.remove(vlan, HIGH, low)).toBe(model.delete(name));
          }
          expect(table.size).toBe(model.size);
          for (let each = -1; each <= 4; each++) {
            expect(table.learnedCount(each)).toBe(learnedOn(each).length);
          }
        }
        expect(heldKeys(table).sort()).toEqual([...model.keys()].sort());
      }),
      { numRuns: 300 },
    );
  });
});

/** Every key held, whatever its age. */
function heldKeys(table: MacTable): string[] {
  return [...rows(table, Number.NEGATIVE_INFINITY).keys()];
}

describe('a station that moves too often', () => {
  it('stays for a minute where it is at its fifth move in three minutes, and is told of once', () => {
    const macs = new MacTable({ limit: 16, seed: [1, 2], ageingUs: 1e12 });
    const hear = (port: number, seconds: number): number => macs.learn(0, 0x0200, 7, port, seconds * 1e6);
    hear(LOCAL_PORT, 0);
    for (const [second, port] of [3, LOCAL_PORT, 3, LOCAL_PORT].entries()) {
      expect(hear(port, second + 1)).toBe(LEARN.MOVED);
    }
    expect(hear(3, 10)).toBe(LEARN.FROZEN);
    expect(macs.frozen).toEqual({ vlan: 0, high: 0x0200, low: 7, port: LOCAL_PORT, other: 3, count: 1 });
    expect(hear(3, 69)).toBe(LEARN.FROZEN);
    expect(hear(LOCAL_PORT, 69)).toBe(LEARN.REFRESHED);
    expect(macs.frozen.count).toBe(1);
    expect(hear(3, 70)).toBe(LEARN.MOVED);
    expect(macs.moves).toBe(5);
  });

  it('may move as often as it likes at a slower pace', () => {
    const macs = new MacTable({ limit: 16, seed: [1, 2], ageingUs: 1e12 });
    macs.learn(0, 0x0200, 7, 1, 0);
    for (let move = 1; move < 50; move++) {
      expect(macs.learn(0, 0x0200, 7, 1 + (move % 2), move * 46e6)).toBe(LEARN.MOVED);
    }
  });
});
