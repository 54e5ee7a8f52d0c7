/** The STATION_LEFT: a station is not behind the sender any more, and is to be sought by the server. */

/** Body of a STATION_LEFT: byte offsets from the kind byte. Integers are big-endian. */
export const STATION_LEFT = { VLAN: 2, STATION: 4, BYTES: 10 } as const;
