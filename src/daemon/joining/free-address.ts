/** Addresses for those who join. Pure. */
import { parseCidr } from '../../grammar/address.js';

/** Largest number of addresses looked at. */
const MAX_TRIES = 65_536;

/**
 * The lowest free IPv4 address in the first IPv4 prefix of an interface, CIDR notation; null when there is none. `taken`:
 * addresses in CIDR notation that others have.
 */
export function freeAddress(own: readonly string[], taken: Iterable<string>): string | null {
  const prefixes = own.map(parseCidr).filter((cidr) => cidr?.address.family === 4);
  const first = prefixes[0];
  if (first == null || first.prefix > 30) return null;
  const used = new Set([...own, ...taken].map((text) => text.split('/')[0]));
  const size = 2 ** (32 - first.prefix);
  const network = Math.floor(numberOf(first.address.bytes) / size) * size;
  for (let host = 1; host < Math.min(size - 1, MAX_TRIES); host++) {
    const text = textOf(network + host);
    if (!used.has(text)) return `${text}/${first.prefix}`;
  }
  return null;
}

function numberOf(bytes: readonly number[]): number {
  return bytes.reduce((sum, byte) => sum * 256 + byte, 0);
}

function textOf(number: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');
}
