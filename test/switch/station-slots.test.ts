import fc from 'fast-check';
import { expect, it } from 'vitest';
import { KeyedHash } from '../../src/switch/keyed-hash.js';
import { NO_SLOT, StationSlots } from '../../src/switch/station-slots.js';

const ENTRIES = 12;

/** Sends all to the last slots and the first, so that entries stand behind each other over the end of the table. */
class FewHomes extends KeyedHash {
  constructor(private readonly homes: number) {
    super(1, 2);
  }

  override hash(_vlanHigh: number, low: number): number {
    return (Math.abs(low) % this.homes) - 2;
  }
}

/** Lets an entry go, as the MAC table does. */
function release(slots: StationSlots, slot: number): void {
  let hole = slot;
  for (let from = slots.follower(hole); from !== NO_SLOT; from = slots.follower(hole)) {
    slots.move(from, hole);
    hole = from;
  }
  slots.release(hole);
}

it('finds each station that it was given and no other, however they crowd, with all that was noted of it', () => {
  const step = fc.record({
    vlan: fc.constantFrom(0, 4095),
    high: fc.constantFrom(0, 0xfeff),
    low: fc.integer({ min: 0, max: 9 }),
    port: fc.integer({ min: -1, max: 70_000 }),
    isStatic: fc.integer({ min: 0, max: 1 }),
    stamp: fc.integer(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), fc.integer({ min: 1, max: 5 }), (steps, homes) => {
      const slots = new StationSlots(ENTRIES, new FewHomes(homes));
      const model = new Map<string, { vlanHigh: number; low: number; noted: number[] }>();
      for (const { vlan, high, low: least, port, isStatic, stamp } of steps) {
        const vlanHigh = (vlan << 16) | high;
        const low = least - 5;
        const key = `${vlanHigh} ${low}`;
        const found = slots.find(vlanHigh, low);
        expect(found !== NO_SLOT).toBe(model.has(key));
        if (found !== NO_SLOT) {
          release(slots, found);
          model.delete(key);
        } else if (model.size < ENTRIES) {
          const slot = slots.take(vlanHigh, low);
          slots.setPlace(slot, port, isStatic);
          slots.setStamp(slot, stamp);
          model.set(key, { vlanHigh, low, noted: [port, isStatic, stamp] });
        }
        const places = new Set<number>();
        for (const { vlanHigh, low, noted } of model.values()) {
          const slot = slots.find(vlanHigh, low);
          places.add(slot);
          expect([slots.vlanHigh(slot), slots.low(slot)]).toEqual([vlanHigh, low]);
          expect([slots.port(slot), slots.isStatic(slot), slots.stamp(slot)]).toEqual(noted);
        }
        const held = Array.from({ length: slots.count }, (_, slot) => slot).filter((slot) =>
          slots.isHeld(slot),
        );
        expect(new Set(held)).toEqual(places);
        expect(places.size).toBe(model.size);
      }
    }),
  );
});

it('an address of zeros in no VLAN is not what a free slot holds', () => {
  const slots = new StationSlots(1, new KeyedHash(1, 2));
  expect(slots.find(0, 0)).toBe(NO_SLOT);
});
