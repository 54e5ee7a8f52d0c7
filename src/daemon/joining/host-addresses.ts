/** The addresses of this host that other hosts may reach it by, or that it may reach them from. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type IpAddress, isLinkLocal, isLoopback, parseIp } from '../../grammar/address.js';
import { addressesByDevice } from '../base/device-addresses.js';

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
  for (const [device, addresses] of addressesByDevice()) {
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

/** Names of the devices that have a default route of their own, by family: a line of a provider each. */
export interface DefaultRoutes {
  4: ReadonlySet<string>;
  6: ReadonlySet<string>;
}

/** The default routes of the main table. */
export function defaultRoutes(): DefaultRoutes {
  return { 4: defaultsOf4(textOf('/proc/net/route')), 6: defaultsOf6(textOf('/proc/net/ipv6_route')) };
}

/** Of the text of /proc/net/route: device, destination, gateway, flags, …, the mask in the eighth column. */
export function defaultsOf4(text: string): Set<string> {
  const rows = text.split('\n').map((line) => line.split('\t'));
  return new Set(
    rows.filter(([, to, , , , , , mask]) => to === ANY_4 && mask === ANY_4).map(([device]) => device),
  );
}

/** Of the text of /proc/net/ipv6_route: destination, prefix length, six more, flags, and the device. */
export function defaultsOf6(text: string): Set<string> {
  const rows = text.split('\n').map((line) => line.trim().split(/\s+/));
  const leading = rows.filter(
    ([to, length, ...rest]) => ANY_6.test(to) && length === '00' && rest.at(-1) !== 'lo',
  );
  return new Set(leading.map((row) => row.at(-1) as string));
}

const ANY_4 = '00000000';
const ANY_6 = /^0{32}$/;

/** The devices of addresses that have a default route for them, in the order of the addresses. */
export function uplinksOf(addresses: readonly HostAddress[], routes: DefaultRoutes): string[] {
  const leading = addresses.filter(({ device, address }) => routes[address.family].has(device));
  return [...new Set(leading.map(({ device }) => device))];
}

/** 169.254.0.0/16 (RFC 3927). */
function isLinkLocalV4({ family, bytes }: IpAddress): boolean {
  return family === 4 && bytes[0] === 169 && bytes[1] === 254;
}
