/** The addresses of this host, by the devices that have them. */

import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';

/**
 * Addresses of the devices that have carrier. Node lists an address with a label, such as `octo0:vip`, under the label; here
 * it is with its device.
 */
export function addressesByDevice(listed = networkInterfaces()): Map<string, NetworkInterfaceInfo[]> {
  const found = new Map<string, NetworkInterfaceInfo[]>();
  for (const [label, addresses = []] of Object.entries(listed)) {
    const device = label.split(':', 1)[0];
    found.set(device, [...(found.get(device) ?? []), ...addresses]);
  }
  return found;
}
