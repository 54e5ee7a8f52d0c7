/** Routing by BIRD: OSPF with BFD. */
import type { Bed } from '../bed.js';
import { holdsThroughCuts } from '../drill.js';
import type { Outcome, Row } from '../row.js';

const LOST = /changed state from (Full|Up) to Down/gi;

function configFor(host: number): string {
  return `router id 192.0.2.${host};
log stderr all;
protocol device { }
protocol direct { ipv4; interface "octo0"; }
protocol bfd { debug { events }; interface "octo0" { min rx interval 150 ms; min tx interval 150 ms; multiplier 3; }; }
protocol ospf v2 { debug { states, events }; ipv4; area 0 { interface "octo0" { hello 1; dead 4; bfd on; }; }; }
`;
}

async function drill(bed: Bed): Promise<Outcome> {
  for (const index of [1, 2]) {
    await bed.host(index).file('/etc/bird.conf', configFor(index));
    await bed.host(index).sh('mkdir -p /run/bird');
    bed.host(index).start('bird', 'bird -f -c /etc/bird.conf -s /run/bird/ctl');
  }
  const ready = `birdc -s /run/bird/ctl show ospf neighbors | grep -q Full && birdc -s /run/bird/ctl show bfd sessions | grep -qi ' up '`;
  for (const index of [1, 2]) await bed.host(index).holds(`neighbours in h${index}`, ready, 40_000);
  const losses = async () =>
    [1, 2].reduce((sum, i) => sum + [...bed.host(i).log('bird').matchAll(LOST)].length, 0);
  await holdsThroughCuts(bed, 'neighbours were lost', losses);
  return { without: 'neighbours complete', cut: 'no neighbour lost; all links cut: lost at both ends' };
}

export const BIRD: Row[] = [
  {
    name: 'bird',
    program: 'BIRD',
    packages: ['bird2'],
    asked: 'OSPFv2 with BFD 3 × 150 ms',
    know: 'As FRR.',
    run: drill,
  },
];
