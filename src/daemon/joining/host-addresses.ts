/** The addresses of this host that other hosts may reach it by, or that it may reach them from. */
import { existsSync, readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { type IpAddress, isLinkLocal, isLoopback, parseIp } from '../../grammar/address.js';
import type { Native } from '../../native/binding.js';

export interface HostAddress {
  device: string;
  address: IpAddress;
  /** As text, without zone. */
  text: string;
}

/**
 * Addresses of all devices that are up, but those in `apart`: our own TAPs. IPv4 first; loopback and link-local never. Other
 * tunnels are left out: a link through one would fail together with what carries it, and end when that is taken out of use.
 */
export function hostAddresses(apart: ReadonlySet<string>): HostAddress[] {
  const found: HostAddress[] = [];
  for (const [device, addresses = []] of Object.entries(networkInterfaces())) {
    if (apart.has(device) || isTunnel(device)) continue;
    for (const { address: text } of addresses) {
      const address = parseIp(text);
      if (address === null || isLoopback(address) || isLinkLocal(address) || isLinkLocalV4(address)) continue;
      found.push({ device, address, text });
    }
  }
  return found.sort((a, b) => a.address.family - b.address.family);
}

/** ARPHRD_TUNNEL, ARPHRD_TUNNEL6, ARPHRD_SIT, ARPHRD_IPGRE, ARPHRD_IP6GRE of linux/if_arp.h. */
const TUNNEL_TYPES = new Set(['768', '769', '776', '778', '823']);
const TUNNEL_KINDS = /^DEVTYPE=(wireguard|vxlan|geneve)$/m;

function isTunnel(device: string): boolean {
  const folder = join('/sys/class/net', device);
  return (
    existsSync(join(folder, 'tun_flags')) ||
    TUNNEL_KINDS.test(textOf(join(folder, 'uevent'))) ||
    TUNNEL_TYPES.has(textOf(join(folder, 'type')).trim())
  );
}

/** Empty where there is no such file: a device has gone, or the system shows none. */
function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** A place that is reached by a default route, if at all: nobody lives in networks for benchmarks (RFC 2544, RFC 5180). */
const FAR = { 4: '198.18.0.1', 6: '2001:2::1' } as const;

/** The devices that have a default route of their own, in the order of their addresses: a line of a provider each. */
export function uplinksOf(
  native: Pick<Native, 'routeDevice' | 'ifindex'>,
  addresses: readonly HostAddress[],
): string[] {
  const leading = addresses.filter(({ device, address: { family }, text }) => {
    const index = native.ifindex(device);
    return index !== 0 && native.routeDevice(family, FAR[family], text, index, 0) === index;
  });
  return [...new Set(leading.map(({ device }) => device))];
}

/** 169.254.0.0/16 (RFC 3927). */
function isLinkLocalV4({ family, bytes }: IpAddress): boolean {
  return family === 4 && bytes[0] === 169 && bytes[1] === 254;
}
