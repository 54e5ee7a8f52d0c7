/** What a switch knew before a restart, put back into its MAC table. */
import { describe, expect, it } from 'vitest';
import { type KnownStations, STATION } from '../../src/contract/stations.js';
import { recallStations } from '../../src/switch/known-stations.js';
import { MacTable, MISS } from '../../src/switch/mac-table.js';

const NOW = 1000e6;
const HIGH = 0x0200;

/** Stations by the last part of their address. */
function known(...stations: { low: number; port: number; agoS: number; vlan?: number }[]): KnownStations {
  const words = new Int32Array(stations.length * STATION.WORDS);
  stations.forEach(({ low, port, vlan = 0 }, index) => {
    words.set([port, (vlan << 16) | HIGH, low], index * STATION.WORDS);
  });
  return { words, heardUs: Float64Array.from(stations, ({ agoS }) => NOW - agoS * 1e6) };
}

function table(limit = 8): MacTable {
  return new MacTable({ limit, seed: [1, 2], ageingUs: 300e6 });
}

const always = () => true;

describe('stations from before a restart', () => {
  it('are where they were, in their VLAN, and age from when they were last heard', () => {
    const macs = table();
    recallStations(macs, known({ low: 1, port: 3, agoS: 299, vlan: 4095 }), always, NOW);
    expect(macs.lookup(4095, HIGH, 1, NOW)).toBe(3);
    expect(macs.lookup(0, HIGH, 1, NOW)).toBe(MISS);
    expect(macs.lookup(4095, HIGH, 1, NOW + 1e6)).toBe(MISS);
  });

  it('give way to what was heard since, and to static entries', () => {
    const macs = table();
    macs.learn(0, HIGH, 1, 5, NOW);
    macs.setStatics(6, [{ vlan: 0, high: HIGH, low: 2 }]);
    recallStations(macs, known({ low: 1, port: 3, agoS: 1 }, { low: 2, port: 3, agoS: 1 }), always, NOW);
    expect(macs.lookup(0, HIGH, 1, NOW)).toBe(5);
    expect(macs.lookup(0, HIGH, 2, NOW)).toBe(6);
    expect(macs.moves).toBe(0);
  });

  it('push nothing out of a full table, and are not learned where nothing is learned', () => {
    const macs = table(2);
    macs.learn(0, HIGH, 9, 5, NOW);
    const stations = known(
      { low: 1, port: 4, agoS: 1 },
      { low: 2, port: 3, agoS: 1 },
      { low: 3, port: 3, agoS: 1 },
    );
    recallStations(macs, stations, (port) => port !== 4, NOW);
    expect([9, 1, 2, 3].map((low) => macs.lookup(0, HIGH, low, NOW))).toEqual([5, MISS, 3, MISS]);
  });
});
