/** Routing by FRR: neighbours must stay while the link in use is cut. */
import type { Bed } from '../bed.js';
import { holdsThroughCuts } from '../drill.js';
import type { Outcome, Row } from '../row.js';

interface Protocol {
  name: string;
  asked: string;
  daemons: string[];
  /** What vtysh takes for a host. */
  config(host: number): string;
  /** A command that ends with 0 once the neighbour is fully there. */
  ready: string;
  /** What the log of the first daemon, or of a show command, says at each loss of a neighbour. */
  losses(bed: Bed): Promise<number>;
  know: string;
}

const BFD = { multiplier: 3, interval: 150 };

const PROTOCOLS: Protocol[] = [
  {
    name: 'ospf',
    asked: `OSPFv2 with BFD ${BFD.multiplier} × ${BFD.interval} ms`,
    daemons: ['ospfd', 'bfdd'],
    config: (host) => `interface octo0
 ip ospf hello-interval 1
 ip ospf dead-interval 4
 ip ospf bfd
 ip ospf bfd profile fast
bfd
 profile fast
  detect-multiplier ${BFD.multiplier}
  transmit-interval ${BFD.interval}
  receive-interval ${BFD.interval}
router ospf
 ospf router-id 192.0.2.${host}
 log-adjacency-changes
 network 10.77.0.0/24 area 0`,
    ready:
      "vtysh -c 'show ip ospf neighbor' | grep -q Full && vtysh -c 'show bfd peers' | grep -q 'Status: up'",
    losses: async (bed) => (await logged(bed, 'ospfd', /AdjChg: .*Full -> /g)) + (await bfdDowns(bed)),
    know: 'The detection time of BFD must be longer than the hold time of the links. An MTU changed at one end keeps OSPF in ExStart: set `mtu` of octo0 at both; `show peers` and an event name the peer.',
  },
  {
    name: 'ospf6',
    asked: 'OSPFv3, dead after 4 s',
    daemons: ['ospf6d'],
    config: (host) => `interface octo0
 ipv6 ospf6 area 0
 ipv6 ospf6 hello-interval 1
 ipv6 ospf6 dead-interval 4
router ospf6
 ospf6 router-id 192.0.2.${host}
 log-adjacency-changes`,
    ready: "vtysh -c 'show ipv6 ospf6 neighbor' | grep -q Full",
    losses: (bed) => logged(bed, 'ospf6d', /AdjChg: .*Full -> /g),
    know: '',
  },
  {
    name: 'isis',
    asked: 'IS-IS level 2, hold 3 s',
    daemons: ['isisd'],
    config: (host) => `interface octo0
 ip router isis LAB
 isis circuit-type level-2-only
 isis hello-interval level-2 1
 isis hello-multiplier level-2 3
router isis LAB
 net 49.0001.0000.0000.000${host}.00
 is-type level-2-only
 log-adjacency-changes`,
    ready: "vtysh -c 'show isis neighbor' | grep -q 'Up'",
    losses: (bed) => logged(bed, 'isisd', /changed from Up to/g),
    know: 'IS-IS pads its hellos to the full MTU: they pass, in pieces where the path is smaller. With `json` isisd shows one neighbour of an interface, however many there are ([finding](../findings/frr-isis-json-last-row.sh)): watch the text.',
  },
  {
    name: 'pim',
    asked: 'PIM-SM, hellos every second, hold 3 s',
    daemons: ['pimd'],
    config: () => `debug pim events
interface octo0
 ip pim
 ip pim hello 1 3`,
    ready: "vtysh -c 'show ip pim neighbor' | grep -q octo0",
    losses: (bed) => logged(bed, 'pimd', /NEIGHBOR DOWN|neighbor_delete|going DOWN/gi),
    know: '',
  },
];

async function start(bed: Bed, { daemons, config, ready }: Protocol): Promise<void> {
  for (const index of [1, 2]) {
    const host = bed.host(index);
    await host.sh('mkdir -p /run/frr /var/lib/frr; touch /etc/frr/vtysh.conf');
    await host.users('frr', 'frrvty');
    for (const daemon of ['zebra', ...daemons]) {
      host.start(
        daemon,
        `/usr/lib/frr/${daemon} -u root -g root -f /dev/null --log stdout --log-level debugging`,
      );
    }
    const sockets = ['zebra', ...daemons].map((daemon) => `[ -S /run/frr/${daemon}.vty ]`).join(' && ');
    await host.holds(`the daemons of FRR in h${index}`, sockets);
    await host.file('/etc/frr/lab.conf', `${config(index)}\n`);
    await host.sh('vtysh -f /etc/frr/lab.conf');
  }
  for (const index of [1, 2]) await bed.host(index).holds(`neighbours in h${index}`, ready, 40_000);
}

async function logged(bed: Bed, daemon: string, loss: RegExp): Promise<number> {
  return [1, 2].reduce((sum, host) => sum + [...bed.host(host).log(daemon).matchAll(loss)].length, 0);
}

async function bfdDowns(bed: Bed): Promise<number> {
  let downs = 0;
  for (const host of [1, 2]) {
    const said = await bed.host(host).sh("vtysh -c 'show bfd peers counters'");
    for (const [, count] of said.matchAll(/Session down events: (\d+)/g)) downs += Number(count);
  }
  return downs;
}

async function drill(bed: Bed, protocol: Protocol): Promise<Outcome> {
  await start(bed, protocol);
  await holdsThroughCuts(bed, 'neighbours were lost', () => protocol.losses(bed));
  return { without: 'neighbours complete', cut: 'no neighbour lost; all links cut: lost at both ends' };
}

export const FRR: Row[] = PROTOCOLS.map((protocol) => ({
  name: `frr-${protocol.name}`,
  program: 'FRR',
  packages: ['frr'],
  asked: protocol.asked,
  know: protocol.know,
  run: (bed) => drill(bed, protocol),
}));
