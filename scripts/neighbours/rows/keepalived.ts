/** VRRP by keepalived: the backup must not take over because a link is cut, and must when all are. */
import { pause, until } from '../../lab/run.js';
import type { Bed } from '../bed.js';
import type { Row } from '../row.js';

const VIRTUAL = '10.77.0.50';
const STATES = /Entering (MASTER|BACKUP) STATE/g;

interface Variant {
  version: 2 | 3;
  /** Seconds between advertisements. */
  interval: number;
  unicast: boolean;
}

function row(name: string, asked: string, variant: Variant, know: string): Row {
  return {
    name,
    program: 'keepalived',
    packages: ['keepalived'],
    asked,
    know,
    run: (bed) => drill(bed, variant),
  };
}

async function drill(bed: Bed, variant: Variant) {
  for (const host of [1, 2]) {
    await bed.host(host).file('/etc/keepalived.conf', configFor(bed, host, variant));
    bed.host(host).start('keepalived', 'keepalived -n -l -P -f /etc/keepalived.conf');
  }
  await bed.host(1).says('keepalived', /Entering MASTER STATE/);
  await until('one master', () => masters(bed) === 1, 10_000);
  const before = changes(bed);
  await pause(2_000);
  const calm = changes(bed) - before;
  await bed.cutAll();
  const moved = changes(bed) - before - calm;
  if (calm + moved > 0)
    throw new Error(`the address moved ${calm} times in peace and ${moved} times at cuts`);
  // The backup takes over after three intervals and a part of one.
  await bed.split(4_000 * variant.interval + 1_500);
  if (changes(bed) === before) throw new Error('nobody noticed that all links were cut');
  await until('one master after the split', () => masters(bed) === 1, 10_000);
  return {
    without: 'one master',
    cut: 'one master, no change of state; all links cut: two, healed: one again',
  };
}

function configFor(bed: Bed, host: number, { version, interval, unicast }: Variant): string {
  const peers = unicast
    ? `unicast_src_ip ${bed.address(host)}\n  unicast_peer { ${bed.address(3 - host)} }`
    : '';
  return `global_defs { vrrp_version ${version} }
vrrp_instance one {
  state BACKUP
  interface octo0
  virtual_router_id 51
  priority ${host === 1 ? 150 : 100}
  advert_int ${interval}
  ${peers}
  virtual_ipaddress { ${VIRTUAL}/24 }
}
`;
}

function statesOf(bed: Bed, host: number): string[] {
  return [...bed.host(host).log('keepalived').matchAll(STATES)].map((match) => match[1]);
}

function changes(bed: Bed): number {
  return statesOf(bed, 1).length + statesOf(bed, 2).length;
}

function masters(bed: Bed): number {
  return [1, 2].filter((host) => statesOf(bed, host).at(-1) === 'MASTER').length;
}

export const KEEPALIVED: Row[] = [
  row(
    'keepalived-v2',
    'VRRPv2, every second',
    { version: 2, interval: 1, unicast: false },
    'Addresses move only if all links of a host are cut.',
  ),
  row(
    'keepalived-v3',
    'VRRPv3, every 0.1 s (takes over after 0.36 s)',
    { version: 3, interval: 0.1, unicast: false },
    'Three intervals must be longer than the hold time of the links, or a black hole moves the address.',
  ),
  row('keepalived-unicast', 'VRRPv3 to a unicast peer', { version: 3, interval: 0.1, unicast: true }, ''),
];
