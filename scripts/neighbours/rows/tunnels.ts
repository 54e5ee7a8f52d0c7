/** Tunnels of the kernel inside the tunnel. */

import type { Bed } from '../bed.js';
import { flooded } from '../flood.js';
import { needsKernel } from '../kernel.js';
import type { Outcome, Row } from '../row.js';

/** `kernel`: the option that it needs. */
function row(
  name: string,
  asked: string,
  kernel: string,
  make: (remote: string) => string,
  know: string,
): Row {
  return { name, program: 'Linux', packages: [], asked, know, run: (bed) => drill(bed, kernel, make) };
}

async function drill(bed: Bed, kernel: string, make: (remote: string) => string): Promise<Outcome> {
  needsKernel(kernel);
  for (const index of [1, 2]) {
    await bed.host(index).sh(`${make(bed.address(3 - index))}
      ip addr add 10.88.0.${index}/24 dev inner; ip link set inner up`);
  }
  return flooded(bed, '10.88.0.2');
}

export const TUNNELS: Row[] = [
  row(
    'vxlan',
    'VXLAN over octo0, pings',
    'VXLAN',
    (remote) => `ip link add inner type vxlan id 7 remote ${remote} dev octo0 dstport 4789`,
    'Lower the MTU inside by 50 bytes, as on any Ethernet. Bulk travels inside as beside it where both kernels are 6.17 or newer ([0120](decisions/0120-tunnels-travel-as-segments.md)).',
  ),
  row(
    'geneve',
    'Geneve over octo0, pings',
    'GENEVE',
    (remote) => `ip link add inner type geneve id 7 remote ${remote}`,
    'As VXLAN.',
  ),
  row(
    'vlan',
    'a tagged network (802.1Q) on octo0, pings',
    'VLAN_8021Q',
    () => 'ip link add link octo0 name inner type vlan id 30',
    '',
  ),
  row(
    'gretap',
    'Ethernet in GRE over octo0, pings',
    'NET_IPGRE',
    (remote) => `ip link add inner type gretap remote ${remote} dev octo0`,
    '',
  ),
  row(
    'macvlan',
    'a second station with its own MAC address (MACVLAN, as containers have it)',
    'MACVLAN',
    () => 'ip link add inner link octo0 type macvlan mode bridge',
    'Its address is learned as that of any station. Inside, broadcasts may come after unicast that followed them ([finding](../findings/linux-macvlan-broadcast-overtaken.sh)).',
  ),
];
