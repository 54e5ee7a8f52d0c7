/** The file that carries what a switch knows from a daemon to the next. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeStations,
  encodeStations,
  type KeptStation,
  MOST_STATIONS,
} from '../../src/daemon/interfaces/station-file.js';

const NOW = 5000e6;
const PLACE = { boot: 'f0c2', tap: 7, config: 'interface octo0\n' };

const stations = fc.array(
  fc.record<KeptStation>({
    key: fc.constantFrom(null, 'key of one', 'key of another'),
    vlan: fc.nat(4095),
    high: fc.nat(0xffff),
    low: fc.nat(0xffffffff),
    heardUs: fc.integer({ min: 0, max: NOW }),
  }),
);

describe('the file of stations', () => {
  it('gives back what was written', () => {
    fc.assert(
      fc.property(stations, (all) => {
        expect(decodeStations(encodeStations(PLACE, all, NOW), PLACE, NOW + 1e6)).toEqual(all);
      }),
    );
  });

  it('is refused with a sentence when a byte of it is another, or it ends too early', () => {
    fc.assert(
      fc.property(
        stations,
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        fc.boolean(),
        (all, seed, flip, cut) => {
          const file = encodeStations(PLACE, all, NOW);
          const at = seed % file.length;
          if (!cut) file[at] ^= flip;
          const wrong = cut ? file.subarray(0, at) : file;
          expect(() => decodeStations(wrong, PLACE, NOW)).toThrow(/^(the file|its checksum)/);
        },
      ),
    );
  });

  it('counts for the same boot, device and configuration only, and soon after', () => {
    const one: KeptStation = { key: null, vlan: 0, high: 0x200, low: 1, heardUs: NOW };
    const file = encodeStations(PLACE, [one], NOW);
    expect(decodeStations(file, PLACE, NOW + 29e6)).toEqual([one]);
    expect(decodeStations(file, PLACE, NOW + 31e6)).toBeNull();
    expect(decodeStations(file, PLACE, NOW - 1)).toBeNull();
    for (const other of [{ boot: 'f0c3' }, { tap: 8 }, { config: 'interface octo0\n mtu 1400\n' }])
      expect(decodeStations(file, { ...PLACE, ...other }, NOW)).toBeNull();
  });

  it('holds no more than it may', () => {
    const one: KeptStation = { key: null, vlan: 1, high: 0x200, low: 1, heardUs: 1 };
    const file = encodeStations(PLACE, new Array(MOST_STATIONS + 5).fill(one), NOW);
    expect(decodeStations(file, PLACE, NOW)).toHaveLength(MOST_STATIONS);
    expect(() => decodeStations(Buffer.alloc(100e6), PLACE, NOW)).toThrow('the file is too long');
  });
});
