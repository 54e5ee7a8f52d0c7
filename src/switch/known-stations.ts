/** Stations from before a restart, put back where they were. */
import { type KnownStations, STATION } from '../contract/stations.js';
import { type MacTable, MISS } from './mac-table.js';

/**
 * Learns stations as of the time when they were last heard. What has been heard since then knows better, and nothing has
 * to give way for them. `mayLearn` says whether a port is there and learns; `now` in µs.
 */
export function recallStations(
  macs: MacTable,
  { words, heardUs }: KnownStations,
  mayLearn: (port: number) => boolean,
  now: number,
): void {
  for (let index = 0; index < heardUs.length && macs.size < macs.limit; index++) {
    const at = index * STATION.WORDS;
    const port = words[at + STATION.PORT];
    const low = words[at + STATION.LOW];
    const vlan = words[at + STATION.VLAN_HIGH] >>> 16;
    const high = words[at + STATION.VLAN_HIGH] & 0xffff;
    if (mayLearn(port) && macs.lookup(vlan, high, low, now) === MISS)
      macs.learn(vlan, high, low, port, heardUs[index]);
  }
}
