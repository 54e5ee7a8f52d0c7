/** octo0 as a port of Open vSwitch: a trunk of VLANs, MPLS, and a bond that LACP watches over. */
import type { Bed } from '../bed.js';
import { bulk } from '../bulk.js';
import { holdsThroughCuts } from '../drill.js';
import { flooded } from '../flood.js';
import { startSwitch } from '../open-vswitch.js';
import type { Outcome, Row } from '../row.js';

const BOTH = [1, 2];
/** MTU inside, where a tag or a label must fit beside it. */
const MTU_INSIDE = 1400;

/** Two VLANs by one trunk: what is in the one reaches the other host in the same one only. */
async function trunk(bed: Bed): Promise<Outcome> {
  for (const index of BOTH) {
    const host = bed.host(index);
    await startSwitch(host, ['octo0']);
    await host.sh('ovs-vsctl --timeout 20 set port octo0 vlan_mode=trunk trunks=10,20');
    for (const vlan of [10, 20]) {
      await host.sh(`ovs-vsctl --timeout 20 add-port br0 v${vlan} tag=${vlan} -- set interface v${vlan} type=internal
        ip addr add 10.88.${vlan}.${index}/24 dev v${vlan}; ip link set v${vlan} up`);
    }
  }
  await bed.host(1).holds('VLAN 20 to answer', 'ping -q -c 1 -W 1 10.88.20.2', 15_000);
  const outcome = await flooded(bed, '10.88.10.2');
  await bed.host(2).sh('ip addr flush dev v20; ip addr add 10.88.10.9/24 dev v20');
  const leaked = await bed.host(1).try('ping -q -c 3 -i 0.2 -W 1 10.88.10.9');
  if (leaked.code === 0) throw new Error('a frame of VLAN 10 reached VLAN 20');
  return outcome;
}

/** A switch at h2 only, whose own port has the address; at h1 the kernel speaks on octo0. */
function plain(bed: Bed): Promise<Outcome> {
  const prepare = async () => {
    await startSwitch(bed.host(2), ['octo0']);
    await bed.host(2).sh(`ip addr add ${bed.address(2)}/24 dev br0`);
    await bed.host(1).holds('the switch to be passed', `ping -q -c 1 -W 1 ${bed.address(2)}`, 15_000);
  };
  return bulk(bed, prepare, async () => 'the connection lived on');
}

/** Labels are pushed towards octo0 and popped behind it. */
async function mpls(bed: Bed): Promise<Outcome> {
  for (const index of BOTH) {
    const host = bed.host(index);
    await startSwitch(host, ['octo0']);
    await host.sh(`ip link set br0 mtu ${MTU_INSIDE}; ip addr add 10.88.0.${index}/24 dev br0
      ip neigh flush dev br0
      ovs-ofctl -O OpenFlow13 del-flows br0
      ovs-ofctl -O OpenFlow13 add-flow br0 'in_port=LOCAL,ip,actions=push_mpls:0x8847,set_field:${100 + index}->mpls_label,output:octo0'
      ovs-ofctl -O OpenFlow13 add-flow br0 'in_port=octo0,mpls,mpls_label=${103 - index},actions=pop_mpls:0x0800,output:LOCAL'
      ovs-ofctl -O OpenFlow13 add-flow br0 'arp,actions=NORMAL'`);
  }
  return flooded(bed, '10.88.0.2');
}

/** Geneve by the switch itself: a bridge for the stations, and one that has octo0 and its address, by which the tunnel leaves. */
async function geneve(bed: Bed): Promise<Outcome> {
  for (const index of BOTH) {
    const tunnel = `-- add-port br0 inner -- set interface inner type=geneve options:key=7 options:remote_ip=${bed.address(3 - index)}`;
    const below = '-- add-br below -- set bridge below datapath_type=netdev -- add-port below octo0';
    await startSwitch(bed.host(index), [], '', `${below} ${tunnel}`);
    await bed.host(index).sh(`ip addr add ${bed.address(index)}/24 dev below; ip link set below up
      ip link set br0 mtu ${MTU_INSIDE}; ip addr add 10.88.0.${index}/24 dev br0`);
  }
  return flooded(bed, '10.88.0.2');
}

/** A bond of octo0 and a cable: a cut link is nothing to it, and when all are cut it moves to the cable. */
async function lacp(bed: Bed): Promise<Outcome> {
  await bed.cable(1, 2, 'lan');
  for (const index of BOTH) {
    const host = bed.host(index);
    await startSwitch(host, []);
    await host.sh(`ovs-vsctl --timeout 20 add-bond br0 bond0 octo0 lan lacp=active bond_mode=active-backup \\
        -- set port bond0 other_config:lacp-time=fast other_config:bond-primary=octo0
      ip addr add 10.88.0.${index}/24 dev br0`);
    await host.says('ovs', /active member octo0|member octo0: enabled/);
  }
  const lost = async () =>
    BOTH.reduce(
      (sum, index) => sum + bed.host(index).log('ovs').split('member octo0: disabled').length - 1,
      0,
    );
  await bed.host(1).holds('the bond to carry', 'ping -q -c 1 -W 1 10.88.0.2', 15_000);
  await holdsThroughCuts(bed, 'octo0 left the bond', lost);
  return {
    without: 'negotiated',
    cut: 'octo0 stayed in the bond; all links cut: the bond moved to the cable',
  };
}

export const OPEN_VSWITCH: Row[] = [
  {
    name: 'ovs-trunk',
    program: 'Open vSwitch',
    packages: ['openvswitch-switch'],
    asked: 'octo0 as a trunk of two VLANs (datapath netdev)',
    know: 'Take the address off octo0: it belongs to a port of the switch. ARP is answered by octo0 too, unless `arp_ignore` is 1.',
    edit: (_, config) => config.replace(/^ address .*$/m, ''),
    run: trunk,
  },
  {
    name: 'ovs-port',
    program: 'Open vSwitch',
    packages: ['openvswitch-switch', 'iperf3'],
    asked: 'a switch with octo0 at one end (datapath netdev), a plain host at the other, TCP at 100 Mbit/s',
    know: 'Needs `no offload tap-checksum` where the switch runs: it reads octo0 by raw sockets, and would pass on checksums that are unfinished.',
    edit: (host, config) =>
      host === 2 ? config.replace(/^ address .*$/m, ' no offload tap-checksum') : config,
    run: plain,
  },
  {
    name: 'ovs-mpls',
    program: 'Open vSwitch',
    packages: ['openvswitch-switch'],
    asked: 'MPLS labels pushed at one end and popped at the other',
    know: 'A label takes 4 bytes of the MTU of octo0.',
    edit: (_, config) => config.replace(/^ address .*$/m, ''),
    run: mpls,
  },
  {
    name: 'ovs-geneve',
    program: 'Open vSwitch',
    packages: ['openvswitch-switch'],
    asked: 'Geneve made by the switch (datapath netdev), with octo0 as the port that it leaves by',
    know: 'Lower the MTU inside by 58 bytes. The address of octo0 belongs to the bridge that has it. `no offload tap-checksum`, as above.',
    edit: (_, config) => config.replace(/^ address .*$/m, ' no offload tap-checksum'),
    run: geneve,
  },
  {
    name: 'ovs-lacp',
    program: 'Open vSwitch',
    packages: ['openvswitch-switch'],
    asked: 'a bond of octo0 and a cable, LACP fast (three messages a second apart)',
    know: "Needs `forward reserved lacp` at every host, and one interface of Octolink for each port of the bond. Linux's own bonding is as good; where a tunnel has several links a bond over it is seldom needed.",
    interfaceLines: ['forward reserved lacp'],
    edit: (_, config) => config.replace(/^ address .*$/m, ''),
    run: lacp,
  },
];
