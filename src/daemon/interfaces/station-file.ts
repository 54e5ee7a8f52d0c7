/**
 * The file in which what a switch knows of stations and of multicast, and the ends at which peers were found, outlive a daemon: a
 * line with the form and a checksum of all that follows, a line of JSON, then `RECORD` bytes for each station in network order.
 */
import { createHash } from 'node:crypto';
import type { MacRow } from '../../contract/answers.js';
import { PATH } from '../../native/ops.js';
import { isKeptMulticast, type KeptMulticast, MOST_QUERIERS, MOST_ROUTERS } from './kept-multicast.js';

/** Stations kept at most. */
export const MOST_STATIONS = 65_536;
/** A file from a daemon that has ended longer ago says nothing of where stations are now. */
const FRESH_US = 30e6;
const FORM = 'octolink stations 3';
/** Index of the port, VLAN, MAC address, and when it was last heard: µs since boot. */
const RECORD = { PORT: 0, VLAN: 4, HIGH: 6, LOW: 8, HEARD: 12, BYTES: 20 } as const;
/** Ends kept at most, and the most bytes that one takes as JSON. */
export const MOST_ENDS = 8192;
const END_BYTES = 256;
/** More than multicast takes as JSON. */
const MULTICAST_BYTES = (MOST_QUERIERS + MOST_ROUTERS) * 512;
/** Each port may have one station only. */
const MOST_BYTES = MOST_STATIONS * (RECORD.BYTES + 64) + MOST_ENDS * END_BYTES + MULTICAST_BYTES;
const HIGHEST_LINK = 7;

/** What must be the same before and after; the stations of something else are of no use. */
export interface StationPlace {
  /** The kernel's name for this boot. */
  boot: string;
  /** Index of the TAP device. */
  tap: number;
  /** The configuration of the interface as text. */
  config: string;
}

/** Where a station was, by the public key of the peer in base64; null: behind the TAP. */
export interface KeptStation extends Pick<MacRow, 'vlan' | 'high' | 'low'> {
  key: string | null;
  /** In µs since boot. */
  heardUs: number;
}

/** An end at which the peer of a link was found, and which is none of those that are configured. */
export interface KeptEnd {
  /** The peer's public key in base64. */
  key: string;
  /** Id of the link. */
  link: number;
  /** The path there, in words of `PATH`. */
  words: readonly number[];
}

export interface Kept {
  stations: KeptStation[];
  ends: KeptEnd[];
  multicast: KeptMulticast;
}

interface Header {
  boot: string;
  tap: number;
  /** SHA-256 of `StationPlace.config`. */
  config: string;
  /** When the file was written, in µs since boot. */
  atUs: number;
  keys: (string | null)[];
  ends: KeptEnd[];
  multicast: KeptMulticast;
}

/** The file for what is known; stations after the first `MOST_STATIONS` are left out, and ends after `MOST_ENDS`. */
export function encodeStations(place: StationPlace, kept: Kept, nowUs: number): Buffer {
  const stations = kept.stations.slice(0, MOST_STATIONS);
  const ports = new Map<string | null, number>();
  const body = Buffer.alloc(stations.length * RECORD.BYTES);
  stations.forEach(({ key, vlan, high, low, heardUs }, index) => {
    const at = index * RECORD.BYTES;
    const port = ports.get(key) ?? ports.size;
    ports.set(key, port);
    body.writeUInt32BE(port, at + RECORD.PORT);
    body.writeUInt16BE(vlan, at + RECORD.VLAN);
    body.writeUInt16BE(high, at + RECORD.HIGH);
    body.writeUInt32BE(low, at + RECORD.LOW);
    body.writeDoubleBE(heardUs, at + RECORD.HEARD);
  });
  const header: Header = {
    boot: place.boot,
    tap: place.tap,
    config: sha256(Buffer.from(place.config)),
    atUs: nowUs,
    keys: [...ports.keys()],
    ends: kept.ends.slice(0, MOST_ENDS),
    multicast: kept.multicast,
  };
  const rest = Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), body]);
  return Buffer.concat([Buffer.from(`${FORM} ${sha256(rest)}\n`), rest]);
}

/**
 * What is in a file; null when it is of another boot, device or configuration, or from too long ago.
 * @throws Error with a plain sentence when it is no such file, or not whole.
 */
export function decodeStations(file: Buffer, place: StationPlace, nowUs: number): Kept | null {
  if (file.length > MOST_BYTES) throw new Error('the file is too long');
  const [head, rest] = cut(file);
  if (!head.startsWith(`${FORM} `)) throw new Error(`the file does not begin with "${FORM}"`);
  if (head.slice(FORM.length + 1) !== sha256(rest)) throw new Error('its checksum is wrong');
  const [line, body] = cut(rest);
  const header = headerOf(line);
  if (header.boot !== place.boot || header.tap !== place.tap) return null;
  if (header.config !== sha256(Buffer.from(place.config))) return null;
  if (!(header.atUs <= nowUs && nowUs - header.atUs <= FRESH_US)) return null;
  if (body.length % RECORD.BYTES !== 0 || body.length > MOST_STATIONS * RECORD.BYTES)
    throw new Error('the stations in it are not whole');
  const stations = Array.from({ length: body.length / RECORD.BYTES }, (_, index) =>
    stationAt(body, index * RECORD.BYTES, header),
  );
  return { stations, ends: header.ends, multicast: header.multicast };
}

function stationAt(body: Buffer, at: number, { keys, atUs }: Header): KeptStation {
  const port = body.readUInt32BE(at + RECORD.PORT);
  const vlan = body.readUInt16BE(at + RECORD.VLAN);
  const heardUs = body.readDoubleBE(at + RECORD.HEARD);
  if (port >= keys.length || vlan > 4095 || !(heardUs >= 0 && heardUs <= atUs))
    throw new Error(`its station ${at / RECORD.BYTES + 1} cannot be`);
  const [high, low] = [body.readUInt16BE(at + RECORD.HIGH), body.readUInt32BE(at + RECORD.LOW)];
  return { key: keys[port], vlan, high, low, heardUs };
}

function headerOf(line: string): Header {
  const header = parsed(line);
  const { boot, tap, config, atUs, keys, ends, multicast } = header ?? {};
  const isWhole =
    typeof boot === 'string' &&
    typeof tap === 'number' &&
    typeof config === 'string' &&
    typeof atUs === 'number' &&
    Array.isArray(keys) &&
    keys.every((key) => key === null || typeof key === 'string') &&
    Array.isArray(ends) &&
    ends.length <= MOST_ENDS &&
    ends.every(isEnd) &&
    isKeptMulticast(multicast);
  if (!isWhole) throw new Error('its second line is not as it should be');
  return { boot, tap, config, atUs, keys, ends, multicast };
}

function isEnd(end: Partial<KeptEnd> | null): end is KeptEnd {
  const { key, link, words } = end ?? {};
  if (typeof key !== 'string' || !Array.isArray(words) || words.length !== PATH.WORDS) return false;
  if (!Number.isInteger(link) || Number(link) < 0 || Number(link) > HIGHEST_LINK) return false;
  const port = words[PATH.PORT];
  const family = words[PATH.FAMILY];
  return (
    words.every((word) => word === (word | 0)) && port > 0 && port < 65_536 && (family === 4 || family === 6)
  );
}

function parsed(line: string): Partial<Header> | null {
  try {
    return JSON.parse(line) as Partial<Header> | null;
  } catch {
    return null;
  }
}

/** The first line, and what follows it. */
function cut(bytes: Buffer): [line: string, rest: Buffer] {
  const end = bytes.indexOf('\n');
  if (end < 0) throw new Error('the file ends too early');
  return [bytes.toString('utf8', 0, end), bytes.subarray(end + 1)];
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
