/** Tunnels of the kernel inside the tunnel. */

import type { Bed } from '../bed.js';
import { flooded } from '../flood.js';
import type { Outcome, Row } from '../row.js';

function row(name: string, asked: string, make: (remote: string) => string, know: string): Row {
  return { name, program: 'Linux', packages: [], asked, know, run: (bed) => drill(bed, make) };
}

async function drill(bed: Bed, make: (remote: string) => string): Promise<Outcome> {
  for (const index of [1, 2]) {
    await bed.host(index).sh(`${make(bed.address(3 - index))}
      ip addr add 10.88.0.${index}/24 dev inner; ip link set inner up`);
  }
  return flooded(bed, '10.88.0.2');
}

export const TUNNELS: Row[] = [
  row(
    'vxlan',
    'VXLAN over octo0, pings of full size',
    (remote) => `ip link add inner type vxlan id 7 remote ${remote} dev octo0 dstport 4789`,
    'Lower the MTU inside by 50 bytes, as on any Ethernet. Bulk inside VXLAN costs four times as much as beside it.',
  ),
  row(
    'gretap',
    'Ethernet in GRE over octo0, pings of full size',
    (remote) => `ip link add inner type gretap remote ${remote} dev octo0`,
    '',
  ),
  row(
    'macvlan',
    'a second station with its own MAC address (MACVLAN, as containers have it)',
    () => 'ip link add inner link octo0 type macvlan mode bridge',
    'Its address is learned as that of any station.',
  ),
];
