/** A cluster of two nodes with two rings, one of them over octo0. */
import type { Bed } from '../bed.js';
import { holdsThroughCuts } from '../drill.js';
import type { Outcome, Row } from '../row.js';

const LOST = /host: \d+ link: 0 is down|A new membership/g;

const CONFIG = `totem {
 version: 2
 cluster_name: lab
 transport: knet
 crypto_cipher: none
 crypto_hash: none
 token: 1000
}
nodelist {
 node {
  nodeid: 1
  name: h1
  ring0_addr: 10.77.0.1
  ring1_addr: 10.2.0.1
 }
 node {
  nodeid: 2
  name: h2
  ring0_addr: 10.77.0.2
  ring1_addr: 10.2.0.2
 }
}
quorum {
 provider: corosync_votequorum
 two_node: 1
}
logging {
 to_stderr: yes
 to_syslog: no
 debug: off
}
`;

async function drill(bed: Bed): Promise<Outcome> {
  for (const index of [1, 2]) {
    await bed.host(index).file('/etc/corosync/corosync.conf', CONFIG);
    await bed.host(index).sh('mkdir -p /var/lib/corosync /var/log/corosync');
    bed.host(index).start('corosync', 'corosync -f');
  }
  const ready =
    "corosync-cfgtool -s | tr '\\n' ' ' | grep -Eq 'LINK ID 0.*nodeid:.*connected.*LINK ID 1.*nodeid:.*connected' && corosync-quorumtool | grep -q 'Nodes: *2'";
  for (const index of [1, 2]) await bed.host(index).holds(`both nodes in h${index}`, ready, 30_000);
  const losses = async () =>
    [1, 2].reduce((n, i) => n + [...bed.host(i).log('corosync').matchAll(LOST)].length, 0);
  await holdsThroughCuts(bed, 'ring 0 went down or the membership changed', losses);
  return {
    without: 'two nodes, both rings connected',
    cut: 'ring over octo0 never down, membership unchanged',
  };
}

export const COROSYNC: Row[] = [
  {
    name: 'corosync',
    program: 'Corosync',
    packages: ['corosync'],
    asked: 'two nodes, ring 0 over octo0 and ring 1 beside it, token 1 s',
    know: 'A ring over octo0 stays up as long as one link does; a second ring is still needed for the death of octolinkd itself. Keep `link_mode: passive`: under `active` a message that the first ring cannot send goes by no other ([finding](../findings/libknet-active-stops-at-an-error.sh)).',
    run: drill,
  },
];
