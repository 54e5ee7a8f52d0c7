/** What the kernel's ARP table says of IPv4 hosts in the networks of this one. */
import { readFileSync } from 'node:fs';

/** Answers to one command come from one reading. */
const FRESH_MS = 1_000;
const TABLE = '/proc/net/arp';
/** ATF_COM: the hardware address is known. */
const COMPLETE = 0x2;

let unresolved: ReadonlySet<string> = new Set();
let readAt = Number.NEGATIVE_INFINITY;

/**
 * Whether the kernel looked for an IPv4 address in a network of this host and nobody answered. False as well where the
 * address lies behind a router or the table cannot be read.
 */
export function isUnresolved(address: string): boolean {
  const now = performance.now();
  if (now - readAt > FRESH_MS) {
    readAt = now;
    unresolved = unresolvedIn(tableText());
  }
  return unresolved.has(address);
}

function tableText(): string {
  try {
    return readFileSync(TABLE, 'latin1');
  } catch {
    return '';
  }
}

/** The addresses that have entries in the text of `/proc/net/arp`, none of them complete. */
export function unresolvedIn(table: string): ReadonlySet<string> {
  const found = new Set<string>();
  const resolved = new Set<string>();
  for (const line of table.split('\n').slice(1)) {
    const [address, , flags] = line.split(/\s+/);
    if (flags === undefined) continue;
    (Number(flags) & COMPLETE ? resolved : found).add(address);
  }
  for (const address of resolved) found.delete(address);
  return found;
}

/** The hardware address of an IPv4 host on a device, lower-case, as the kernel knows it now; null: it does not. */
export function stationOf(address: string, device: string): string | null {
  return stationIn(tableText(), address, device);
}

/** The same in the text of `/proc/net/arp`. */
export function stationIn(table: string, address: string, device: string): string | null {
  for (const line of table.split('\n').slice(1)) {
    const [host, , flags, mac, , on] = line.trim().split(/\s+/);
    if (host === address && on === device && Number(flags) & COMPLETE) return mac.toLowerCase();
  }
  return null;
}
