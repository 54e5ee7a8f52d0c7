/** Conversion of addresses between text and the words of a path. */
import { readU16, readU32 } from '../../base/bytes.js';
import type { EffectiveLink } from '../../config/defaults.js';
import type { LocalWish } from '../../contract/place.js';
import { PATH } from '../../native/ops.js';
import { RELAY_FAMILY } from '../../wire/overhead.js';

/** Before an IPv4 address in four words. */
const MAPPED = 0xffff;

const ADDRESS_WORDS = 4;

/** Parses an IPv4 or IPv6 address into its family and four words of raw network-order bytes. */
export function addressWords(text: string): { family: 4 | 6; words: number[] } {
  const bytes = text.includes(':') ? ipv6Bytes(text) : text.split('.').map(Number);
  const words = new Int32Array(ADDRESS_WORDS);
  new Uint8Array(words.buffer).set(bytes);
  return { family: bytes.length === 4 ? 4 : 6, words: [...words] };
}

function ipv6Bytes(text: string): number[] {
  const [head, tail] = text.split('%')[0].split('::') as [string, string | undefined];
  const left = groups(head);
  if (tail === undefined) return left;
  const right = groups(tail);
  return [...left, ...new Array<number>(16 - left.length - right.length).fill(0), ...right];
}

function groups(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (group.includes('.')) return group.split('.').map(Number);
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}

/** The same for every way to write one address with its prefix length. */
function addressKey(text: string): string {
  const [address, prefix] = text.split('/');
  const { family, words } = addressWords(address);
  return `${family}/${words.join('.')}/${prefix}`;
}

/** Addresses with prefix lengths that are wanted and not held, however they are written. */
export function lackingAddresses(wanted: readonly string[], held: readonly string[]): string[] {
  const keys = new Set(held.map(addressKey));
  return wanted.filter((address) => !keys.has(addressKey(address)));
}

/** The local end of a link as the datapath looks for it. */
export function localWish(local: EffectiveLink['local']): LocalWish {
  if (local.kind === 'address')
    return { kind: 'address', address: addressWords(local.address), zone: local.zone ?? null };
  return local.kind === 'interface' ? { kind: 'interface', name: local.name } : { kind: 'any' };
}

/** The name by which relays know a peer: the first 48 bits of its public key. */
export function relayName(publicKey: Uint8Array): number {
  return Buffer.from(publicKey).readUIntBE(0, 6);
}

/** Words of the path to the peer called `name` through the peer in row `relay`. */
export function relayedPath(relay: number, name: number): number[] {
  const words = new Array<number>(PATH.WORDS).fill(0);
  words[PATH.FAMILY] = RELAY_FAMILY;
  words[PATH.ADDR] = relay;
  words[PATH.ADDR + 1] = Math.floor(name / 2 ** 32);
  words[PATH.ADDR + 2] = (name % 2 ** 32) | 0;
  return words;
}

/** The raw bytes of the address in a path's words: 4 or 16. */
export function pathAddressBytes(words: ArrayLike<number>, at = 0): Uint8Array {
  const raw = Int32Array.from({ length: ADDRESS_WORDS }, (_, index) => words[at + PATH.ADDR + index]);
  return new Uint8Array(raw.buffer).slice(0, words[at + PATH.FAMILY] === 4 ? 4 : 16);
}

/** `192.0.2.1:7700` or `[2001:db8::1]:7700`, with the zone if there is one; null for an empty path. */
export function formatPath(words: ArrayLike<number>, zone?: string): string | null {
  if (words[PATH.FAMILY] === 0) return null;
  const address = formatAddress(pathAddressBytes(words));
  return formatEndpoint(zone === undefined ? address : `${address}%${zone}`, words[PATH.PORT]);
}

export function formatEndpoint(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** Text of 4 or 16 raw bytes; IPv6 as in RFC 5952. */
export function formatAddress(bytes: Uint8Array): string {
  if (bytes.length === 4) return [...bytes].join('.');
  const parts = Array.from({ length: 8 }, (_, index) => (bytes[index * 2] << 8) | bytes[index * 2 + 1]);
  let best = { start: -1, length: 1 };
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (start + length < 8 && parts[start + length] === 0) length++;
    if (length > best.length) best = { start, length };
  }
  const hex = parts.map((part) => part.toString(16));
  if (best.start < 0) return hex.join(':');
  const end = best.start + best.length;
  return `${hex.slice(0, best.start).join(':')}::${hex.slice(end).join(':')}`;
}

/** A MAC address, of six bytes, in colon form. */
export function formatMacBytes(bytes: Iterable<number>): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}

/** The first 16 and the last 32 bits of a MAC address. */
export function macNumbers(mac: string): { high: number; low: number } {
  const station = Uint8Array.from(mac.split(':'), (byte) => Number.parseInt(byte, 16));
  return { high: readU16(station, 0), low: readU32(station, 2) };
}

/** A MAC address in colon form. `high`: the first 16 bits of the address, `low`: the other 32. */
export function formatMac(high: number, low: number): string {
  const hex = high.toString(16).padStart(4, '0') + low.toString(16).padStart(8, '0');
  return (hex.match(/../g) as string[]).join(':');
}

/** Four words: an IPv6 address, or IPv4 after ::ffff:0:0/96. */
export function addressText(words: readonly number[]): string {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  for (const [index, word] of words.entries()) view.setInt32(4 * index, word);
  const isIpv4 = words[0] === 0 && words[1] === 0 && words[2] === MAPPED;
  return formatAddress(isIpv4 ? bytes.subarray(12) : bytes);
}
