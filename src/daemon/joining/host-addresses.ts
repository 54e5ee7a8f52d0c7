/** The addresses of this host that other hosts may reach it by, or that it may reach them from. */
import { networkInterfaces } from 'node:os';
import { type IpAddress, isLinkLocal, isLoopback, parseIp } from '../../grammar/address.js';

export interface HostAddress {
  device: string;
  address: IpAddress;
  /** As text, without zone. */
  text: string;
}

/** Addresses of all devices that are up, but those in `apart`: our own TAPs. IPv4 first; loopback and link-local never. */
export function hostAddresses(apart: ReadonlySet<string>): HostAddress[] {
  const found: HostAddress[] = [];
  for (const [device, addresses = []] of Object.entries(networkInterfaces())) {
    if (apart.has(device)) continue;
    for (const { address: text } of addresses) {
      const address = parseIp(text);
      if (address === null || isLoopback(address) || isLinkLocal(address) || isLinkLocalV4(address)) continue;
      found.push({ device, address, text });
    }
  }
  return found.sort((a, b) => a.address.family - b.address.family);
}

/** 169.254.0.0/16 (RFC 3927). */
function isLinkLocalV4({ family, bytes }: IpAddress): boolean {
  return family === 4 && bytes[0] === 169 && bytes[1] === 254;
}
