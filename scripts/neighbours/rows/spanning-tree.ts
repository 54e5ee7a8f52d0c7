/** Sites with two gateways: the spanning tree over the tunnel and the site's own cable, by the kernel and by Open vSwitch. */
import type { Bed } from '../bed.js';
import { flooded } from '../flood.js';
import { startSwitch } from '../open-vswitch.js';
import type { Outcome, Row } from '../row.js';

/** h1 and h2 are gateways of one site, joined by a cable; h3 is the gateway of the other. */
const HOSTS = 3;
const CABLE = 'lan';
/** Higher than that of the cable, as a tunnel should have it. */
const COST = 10_000;
const FAR = '10.77.0.3';
/** Twice the forward delay, the age of the last BPDU, and a busy machine. */
const PATIENCE_MS = 30_000;

interface Kind {
  /** A bridge that runs the protocol with short timers, with `ports` in it and `priority` of 0 to 61440. */
  make(bed: Bed, index: number, ports: string[], priority: number): Promise<void>;
  /** A script that ends with 0 where octo0 is blocked. */
  blocked: string;
}

const BRIDGE: Kind = {
  async make(bed, index, ports, priority) {
    const timers = 'forward_delay 200 hello_time 100 max_age 600';
    await bed.host(index).sh(`ip link add br0 type bridge stp_state 1 ${timers} priority ${priority}`);
    for (const port of ports) await bed.host(index).sh(`ip link set ${port} master br0`);
    await bed.host(index).sh(`ip link set octo0 type bridge_slave cost ${COST}; ip link set br0 up`);
    // The interface takes to the tree of a bridge when it is configured.
    await bed.mesh.cli(index, 'reload');
  },
  blocked: 'bridge link show dev octo0 | grep -q "state blocking"',
};

const SWITCH: Kind = {
  async make(bed, index, ports, priority) {
    const timers = `other_config:rstp-priority=${priority} other_config:rstp-forward-delay=4 other_config:rstp-max-age=6`;
    const cost = `-- set port octo0 other_config:rstp-path-cost=${COST}`;
    await startSwitch(bed.host(index), ports, `rstp_enable=true ${timers}`, cost);
  },
  blocked: 'ovs-appctl rstp/show br0 | grep -E "^ *octo0 .* Discarding"',
};

async function drill(bed: Bed, kind: Kind): Promise<Outcome> {
  await bed.cable(1, 2, CABLE);
  for (let index = 1; index <= HOSTS; index++) {
    await kind.make(bed, index, index === HOSTS ? ['octo0'] : ['octo0', CABLE], 4096 * index);
    await bed.host(index).sh(`ip addr add 10.77.0.${index}/24 dev br0; ip link set br0 up`);
  }
  const backup = bed.host(2);
  await backup.holds('octo0 of the second gateway to be blocked', kind.blocked, PATIENCE_MS);
  const { without, cut } = await flooded(bed, FAR, 2);
  await backup.sh(`ip link set ${CABLE} down`);
  const cable = await secondsUntilAnswer(bed);
  await backup.sh(`ip link set ${CABLE} up`);
  await backup.holds('octo0 to be blocked again', kind.blocked, PATIENCE_MS);
  await bed.mesh.hosts[0].daemon.stop('SIGKILL');
  const gateway = await secondsUntilAnswer(bed);
  return {
    without,
    cut: `${cut}; the site's cable cut: other gateway after ${cable} s; octolinkd of the first killed: after ${gateway} s`,
  };
}

async function secondsUntilAnswer(bed: Bed): Promise<string> {
  const from = performance.now();
  await bed.host(2).holds('the other way', `ping -q -c 1 -W 1 ${FAR}`, PATIENCE_MS);
  return ((performance.now() - from) / 1_000).toFixed(0);
}

const withoutAddress = (line: string) => (_: number, config: string) =>
  config.replace(/^ address .*$/m, line);

export const SPANNING_TREE: Row[] = [
  {
    name: 'bridge-stp',
    program: 'Linux',
    packages: [],
    hosts: HOSTS,
    asked: "a site with two gateways, STP of the kernel's bridge (forward delay 2 s, max age 6 s)",
    know: "With `bridge br0` BPDUs pass unasked where the bridge runs STP; `reload` after it was switched on. A cut link is nothing to the tree; how long another gateway takes is the tree's own timers. Linux takes a TAP for a fast port: give it a higher cost than the site's own cables have ([switch](switch.md#reserved-groups)).",
    edit: withoutAddress(' bridge br0'),
    run: (bed) => drill(bed, BRIDGE),
  },
  {
    name: 'ovs-rstp',
    program: 'Open vSwitch',
    packages: ['openvswitch-switch'],
    hosts: HOSTS,
    asked: 'a site with two gateways, RSTP of Open vSwitch',
    know: 'Needs `forward reserved bpdu` at every host: only in a bridge of the kernel is a spanning tree seen.',
    interfaceLines: ['forward reserved bpdu'],
    edit: withoutAddress(''),
    run: (bed) => drill(bed, SWITCH),
  },
];
