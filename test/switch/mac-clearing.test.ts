/** `clear mac-table` in the switch: what goes, what stays, and how much is looked at between two batches. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MacCleared, MacUnwanted } from '../../src/contract/answers.js';
import { clearMacs } from '../../src/switch/mac-rows.js';
import { LOCAL_PORT, MacTable, MISS } from '../../src/switch/mac-table.js';

const HIGH = 0x0200;
const ANY: MacUnwanted = { vlan: null, port: null, address: null };
const AGEING_US = 256;

interface Station {
  vlan: number;
  low: number;
  port: number;
  isStatic: boolean;
}

const nameOf = ({ vlan, low }: { vlan: number; low: number }): string => `${vlan}/${low}`;

const fits = ({ vlan, low, port }: Station, wanted: MacUnwanted): boolean =>
  (wanted.vlan ?? vlan) === vlan && (wanted.port ?? port) === port && (wanted.address ?? { low }).low === low;

/** Clears to the end, doing something between two slices; how many entries went. */
function clear(macs: MacTable, wanted: MacUnwanted, slots: number, now: number, between = () => {}): number {
  let removed = 0;
  let walk: MacCleared['next'] = null;
  do {
    const done: MacCleared = clearMacs(macs, { walk, slots, wanted }, now);
    removed += done.removed;
    walk = done.next;
    if (walk !== null) between();
  } while (walk !== null);
  return removed;
}

const station = fc.record({
  vlan: fc.nat(1),
  low: fc.integer({ min: 1, max: 40 }),
  port: fc.integer({ min: LOCAL_PORT, max: 2 }),
  isStatic: fc.boolean(),
});
const stations = fc.uniqueArray(station, { maxLength: 32, selector: nameOf });
const wanted = fc.record({
  vlan: fc.option(fc.nat(1)),
  port: fc.option(fc.integer({ min: LOCAL_PORT, max: 2 })),
  address: fc.option(fc.record({ high: fc.constant(HIGH), low: fc.integer({ min: 1, max: 40 }) })),
});
const seed = fc.tuple(fc.integer(), fc.integer());

function tableOf(known: readonly Station[], seedOf: [number, number]): MacTable {
  const macs = new MacTable({ limit: 40, ageingUs: AGEING_US, seed: seedOf });
  for (const { vlan, low, port, isStatic } of known) {
    if (isStatic) macs.addStatic(vlan, HIGH, low, port);
    else macs.learn(vlan, HIGH, low, port, 0);
  }
  return macs;
}

describe('clearing the MAC table', () => {
  it('removes what was learned and is named, says how much that is, and leaves the rest', () => {
    fc.assert(
      fc.property(stations, wanted, fc.integer({ min: 1, max: 200 }), seed, (known, which, slots, seedOf) => {
        const macs = tableOf(known, seedOf);
        const goes = (one: Station): boolean => !one.isStatic && fits(one, which);
        expect(clear(macs, which, slots, 0)).toBe(known.filter(goes).length);
        for (const one of known)
          expect(macs.lookup(one.vlan, HIGH, one.low, 0)).toBe(goes(one) ? MISS : one.port);
        expect(macs.size).toBe(known.filter((one) => !goes(one)).length);
      }),
    );
  });

  it('misses nothing that was known when it began, whatever is learned, forgotten or rebuilt meanwhile', () => {
    const change = fc.record({
      what: fc.constantFrom('learn', 'learn', 'remove', 'remove', 'age', 'limit'),
      vlan: fc.nat(1),
      low: fc.integer({ min: 1, max: 80 }),
      port: fc.integer({ min: LOCAL_PORT, max: 2 }),
    });
    fc.assert(
      fc.property(stations, fc.array(change, { maxLength: 60 }), seed, (known, changes, seedOf) => {
        const macs = tableOf(known, seedOf);
        const touched = new Set<string>();
        let next = 0;
        clear(macs, ANY, 2, 0, () => {
          if (next >= changes.length) return;
          const { what, vlan, low, port } = changes[next++];
          if (what === 'age') macs.lookup(vlan, HIGH, low, AGEING_US);
          else if (what === 'limit') macs.setLimit(40 + low);
          else if (what === 'remove') macs.remove(vlan, HIGH, low);
          else {
            macs.learn(vlan, HIGH, low, port, 0);
            touched.add(nameOf({ vlan, low }));
          }
        });
        for (const one of known) {
          if (one.isStatic || touched.has(nameOf(one))) continue;
          expect(macs.lookup(one.vlan, HIGH, one.low, 0), nameOf(one)).toBe(MISS);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('does not count what is past its age, but removes it', () => {
    const macs = tableOf([{ vlan: 0, low: 1, port: 1, isStatic: false }], [1, 2]);
    macs.learn(0, HIGH, 2, 1, 10);
    expect(clear(macs, ANY, 1000, AGEING_US + 5)).toBe(1);
    expect(macs.size).toBe(0);
  });

  it('lets a station move again that was held at its port', () => {
    const macs = new MacTable({ limit: 8, seed: [1, 2] });
    for (let move = 0; move < 6; move++) macs.learn(0, HIGH, 7, 1 + (move % 2), 0);
    expect(macs.frozen.count).toBe(1);
    clear(macs, { ...ANY, address: { high: HIGH, low: 7 } }, 1000, 0);
    macs.learn(0, HIGH, 7, 3, 0);
    expect(macs.lookup(0, HIGH, 7, 0)).toBe(3);
  });

  it('looks at no more slots at once than it may', () => {
    const macs = new MacTable({ limit: 1000, seed: [1, 2] });
    for (let low = 1; low <= 1000; low++) macs.learn(0, HIGH, low, low % 3, 0);
    const walk = macs.beginWalk();
    let [looked, most] = [0, 0];
    while (walk.left > 0) {
      looked = 0;
      macs.clear(0, walk, 100, () => {
        looked++;
        return true;
      });
      most = Math.max(most, looked);
    }
    expect(most).toBeLessThanOrEqual(100);
    expect(macs.size).toBe(0);
  });
});
