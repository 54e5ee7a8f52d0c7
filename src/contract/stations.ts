/** Stations that a switch knew before its daemon was started again, as they go to the datapath. */

/** Words of one station in `KnownStations.words`. */
export const STATION = {
  /** Row of the peer, or -1 for the TAP. */
  PORT: 0,
  /** VLAN id (0: untagged), and the first 16 bits of the MAC address below it. */
  VLAN_HIGH: 1,
  /** The last 32 bits. */
  LOW: 2,
  WORDS: 3,
} as const;

export interface KnownStations {
  /** `STATION.WORDS` for each. */
  words: Int32Array;
  /** When each was last heard, in µs since boot. The one heard longest ago is the first. */
  heardUs: Float64Array;
}
