/** What this host says of itself by its own programs, as far as it can be read: nothing here needs the daemon. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const PATIENCE_MS = 2000;

/** A network device of this host. */
export interface HostDevice {
  name: string;
  ifindex: number;
  addresses: readonly string[];
  /** Addresses that another station of the LAN has as well (RFC 4862, section 5.4.5). */
  duplicates: readonly string[];
  /** Drops what comes by another device than the answer would leave by (RFC 3704, strict). */
  isStrict: boolean;
  /** The bridge that it is a port of, and that takes all that comes in by it. */
  bridge: string | null;
}

/** A chain of nftables that drops what no rule of its table accepts. */
export interface DroppingChain {
  family: string;
  table: string;
  name: string;
  /** UDP ports that its rules name, as ranges. */
  udpPorts: readonly (readonly [number, number])[];
}

export interface HostFacts {
  devices: readonly HostDevice[];
  /** Those that see what comes in for this host. */
  chains: readonly DroppingChain[];
  /** Whether a time server keeps the clock; null: nobody says. */
  isClockKept: boolean | null;
}

export async function hostFacts(): Promise<HostFacts> {
  const [devices, chains, isClockKept] = await Promise.all([readDevices(), readChains(), readClock()]);
  return { devices, chains, isClockKept };
}

interface IpDevice {
  ifname: string;
  ifindex: number;
  addr_info: { local: string; dadfailed?: boolean }[];
  master?: string;
  linkinfo?: { info_slave_kind?: string };
}

async function readDevices(): Promise<HostDevice[]> {
  const found = (await answerOf('ip', ['-j', '-d', 'address', 'show'])) as IpDevice[] | null;
  const ofAll = await reversePath('all');
  return Promise.all(
    (found ?? []).map(async ({ ifname: name, ifindex, addr_info: addresses, master, linkinfo }) => ({
      name,
      ifindex,
      addresses: addresses.map(({ local }) => local),
      duplicates: addresses.filter(({ dadfailed }) => dadfailed).map(({ local }) => local),
      isStrict: Math.max(ofAll, await reversePath(name)) === STRICT,
      bridge: linkinfo?.info_slave_kind === 'bridge' ? (master ?? null) : null,
    })),
  );
}

const STRICT = 1;

/** The reverse path filter of a device or of all: the larger value counts (ip-sysctl in the kernel's documentation). */
async function reversePath(device: string): Promise<number> {
  return Number(await readFile(`/proc/sys/net/ipv4/conf/${device}/rp_filter`, 'utf8').catch(() => '0'));
}

/** One entry of what `nft -j list ruleset` says. */
interface NftEntry {
  chain?: { family: string; table: string; name: string; hook?: string; policy?: string };
  rule?: { family: string; table: string; expr: unknown[] };
}

async function readChains(): Promise<DroppingChain[]> {
  const found = (await answerOf('nft', ['-j', 'list', 'ruleset'])) as { nftables: NftEntry[] } | null;
  return droppingChains(found?.nftables ?? []);
}

/** The chains among the entries of a ruleset that drop by default what comes in, and the UDP ports that their tables name. */
export function droppingChains(entries: readonly NftEntry[]): DroppingChain[] {
  const chains = entries.flatMap(({ chain }) =>
    chain?.hook === 'input' && chain.policy === 'drop' ? [chain] : [],
  );
  return chains.map(({ family, table, name }) => {
    const rules = entries.flatMap(({ rule }) =>
      rule?.family === family && rule.table === table ? [rule] : [],
    );
    return { family, table, name, udpPorts: rules.flatMap(({ expr }) => expr.flatMap(portsOf)) };
  });
}

/** The ports that a part of a rule compares a UDP destination port with: a number, a range, or a set of both. */
function portsOf(part: unknown): [number, number][] {
  const { match } = part as {
    match?: { left?: { payload?: { protocol?: string; field?: string } }; right?: unknown };
  };
  const { protocol, field } = match?.left?.payload ?? {};
  return field === 'dport' && (protocol === 'udp' || protocol === 'th') ? rangesOf(match?.right) : [];
}

function rangesOf(value: unknown): [number, number][] {
  if (typeof value === 'number') return [[value, value]];
  const { range, set } = (value ?? {}) as { range?: [number, number]; set?: unknown[] };
  if (range !== undefined) return [range];
  return (set ?? []).flatMap(rangesOf);
}

async function readClock(): Promise<boolean | null> {
  const said = await outputOf('timedatectl', ['show', '-p', 'NTPSynchronized', '--value']);
  return said === null ? null : said.trim() === 'yes';
}

/** What a program prints as JSON; null when it is missing, may not, or says something else. */
async function answerOf(program: string, args: readonly string[]): Promise<unknown> {
  const text = await outputOf(program, args);
  try {
    return text === null ? null : JSON.parse(text);
  } catch {
    return null;
  }
}

async function outputOf(program: string, args: readonly string[]): Promise<string | null> {
  const options = { timeout: PATIENCE_MS, maxBuffer: 16 << 20 };
  return run(program, args, options).then(
    ({ stdout }) => stdout,
    () => null,
  );
}
