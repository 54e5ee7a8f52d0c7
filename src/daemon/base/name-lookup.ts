/**
 * Addresses of host names: from the hosts file (hosts(5)), else from the name servers of resolv.conf(5). It never asks the C
 * library, whose look-ups hold a thread of the pool that files are read with for as long as a dead name server takes to give up.
 */

import { promises as dns } from 'node:dns';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { isLinkLocal, parseIp, unusableHost } from '../../grammar/address.js';

export type Family = 4 | 6;

export type NameAnswer =
  /** In order of preference; `ttlS`: for how long it holds. */
  | { kind: 'found'; addresses: string[]; ttlS: number }
  /** It is certain that there is none. */
  | { kind: 'none'; reason: string }
  /** Nobody could say. */
  | { kind: 'failed'; reason: string };

/** Looks a name up; never rejects. */
export type LookUp = (name: string) => Promise<NameAnswer>;

const HOSTS_FILE = '/etc/hosts';
/** How long a line of the hosts file is believed, in seconds. */
const HOSTS_TTL_S = 30;
/** Addresses of each family that are used. */
const MAX_ADDRESSES = 4;
/** How long a name server has for its answer, and how often it is asked. */
const SERVER = { timeout: 2000, tries: 2 };

/** Codes of `node:dns` with which a name server says that there is nothing. */
const NOTHING: Readonly<Record<string, string>> = { ENOTFOUND: 'NXDOMAIN', ENODATA: 'no A or AAAA record' };
const FAILURES: Readonly<Record<string, string>> = {
  ETIMEOUT: 'no name server answers',
  ECONNREFUSED: 'no name server answers',
  ESERVFAIL: 'SERVFAIL',
  EREFUSED: 'REFUSED',
};

interface Found {
  addresses: string[];
  ttlS: number;
}

/** Looks a name up in the hosts file and then in DNS. */
export const lookUpName: LookUp = async (name) => {
  const host = name.replace(/\.$/, '').toLowerCase();
  const listed = addressesInHosts(await hostsFile(), host);
  if (listed.length > 0) return { kind: 'found', addresses: listed, ttlS: HOSTS_TTL_S };
  // A new one each time reads what resolv.conf says now.
  const resolver = new dns.Resolver(SERVER);
  const answers = await Promise.all([
    asked(resolver.resolve6(host, { ttl: true })),
    asked(resolver.resolve4(host, { ttl: true })),
  ]);
  return together(answers);
};

async function hostsFile(): Promise<string> {
  return readFile(HOSTS_FILE, 'utf8').catch(() => '');
}

/** Addresses that a hosts file has for a name in lower case. */
export function addressesInHosts(text: string, host: string): string[] {
  const found: string[] = [];
  for (const line of text.split('\n')) {
    if (!line.toLowerCase().includes(host)) continue;
    const [address, ...names] = line.replace(/#.*/, '').trim().toLowerCase().split(/\s+/);
    if (names.includes(host) && isUsable(address)) found.push(address);
  }
  return inOrder(found);
}

async function asked(answer: Promise<{ address: string; ttl: number }[]>): Promise<Found | string> {
  try {
    const records = await answer;
    return {
      addresses: records.map(({ address }) => address).filter(isUsable),
      ttlS: Math.min(...records.map(({ ttl }) => ttl)),
    };
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'EFAIL';
  }
}

/** What the questions for the two families say together: one that failed takes nothing from the other. */
export function together(answers: readonly (Found | string)[]): NameAnswer {
  const found = answers.filter((answer) => typeof answer !== 'string');
  const codes = answers.filter((answer) => typeof answer === 'string');
  const addresses = inOrder(found.flatMap((answer) => answer.addresses));
  if (addresses.length > 0) {
    const ttls = found.filter((answer) => answer.addresses.length > 0).map(({ ttlS }) => ttlS);
    return { kind: 'found', addresses, ttlS: Math.min(...ttls) };
  }
  const failure = codes.find((code) => NOTHING[code] === undefined);
  if (failure !== undefined) return { kind: 'failed', reason: FAILURES[failure] ?? failure };
  const none = codes.find((code) => code === 'ENOTFOUND') ?? codes[0];
  return { kind: 'none', reason: NOTHING[none ?? ''] ?? 'no usable address' };
}

/** The families by turns, IPv6 first (RFC 8305 section 4), each address once. */
function inOrder(addresses: readonly string[]): string[] {
  const distinct = [...new Set(addresses)];
  const [v6, v4] = ([6, 4] as const).map((family) =>
    distinct.filter((address) => isIP(address) === family).slice(0, MAX_ADDRESSES),
  );
  return Array.from({ length: MAX_ADDRESSES }, (_, index) => [v6[index], v4[index]])
    .flat()
    .filter((address) => address !== undefined);
}

/** Link-local addresses mean nothing without their interface, which no record names. */
function isUsable(text: string): boolean {
  const address = parseIp(text);
  return address !== null && unusableHost(address) === null && !isLinkLocal(address);
}
