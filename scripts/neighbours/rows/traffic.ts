/** Bulk, group traffic and firewalls with memory across cuts. */
import { pause } from '../../lab/run.js';
import type { Bed } from '../bed.js';
import { bulk } from '../bulk.js';
import type { Outcome, Row } from '../row.js';

const GROUP = '239.7.7.7';
const STREAM_S = 14;

async function stream(bed: Bed): Promise<Outcome> {
  const [source, sink] = [bed.host(1), bed.host(2)];
  await source.sh('ip route add 239.0.0.0/8 dev octo0');
  await sink.sh('ip route add 239.0.0.0/8 dev octo0');
  const receiver = sink.start('sink', `iperf -s -u -B ${GROUP}%octo0 -i 1 -t ${STREAM_S + 4} -e`);
  await sink.holds('the group to be joined', `ip maddr show octo0 | grep -q ${GROUP}`);
  source.start('source', `iperf -c ${GROUP} -u -b 4M -l 1316 -t ${STREAM_S} -T 4`);
  await pause(2_000);
  await bed.cutAll();
  // The stream outlasts the cuts: a receiver counts only what something follows.
  await source.holds('the source to end', '! pidof iperf', 30_000);
  await receiver.stop('SIGINT');
  const lines = [...sink.log('sink').matchAll(/ (\d+)\/\s*(\d+) \([\d.e+-]+%\)/g)];
  const lost = lines.reduce((sum, [, n]) => sum + Number(n), 0);
  if (lines.length < STREAM_S - 2 || lost > 0) throw new Error(`${lost} datagrams lost in ${lines.length} s`);
  return { without: '0 datagrams lost', cut: '0 datagrams lost' };
}

const FIREWALL = `table inet fw {
 chain in { type filter hook input priority 0; policy accept;
  iifname "octo0" ct state invalid counter name bad drop
  iifname "octo0" tcp dport 5201 ct state new,established accept
  iifname "octo0" meta l4proto tcp drop
 }
 counter bad { }
}`;

async function noneInvalid(bed: Bed): Promise<string> {
  const said = await bed.host(2).sh('nft list counter inet fw bad');
  if (!/packets 0 /.test(said)) throw new Error(`packets were invalid to the firewall: ${said}`);
  return 'no packet was invalid';
}

export const TRAFFIC: Row[] = [
  {
    name: 'iperf-multicast',
    program: 'iperf',
    packages: ['iperf'],
    asked: 'a stream of 4 Mbit/s to a group, joined by IGMP',
    know: 'Set a route for the groups to octo0; only hosts that have joined get them.',
    run: stream,
  },
  {
    name: 'iperf3',
    program: 'iperf3',
    packages: ['iperf3'],
    asked: 'TCP at 100 Mbit/s',
    know: '',
    run: (bed) =>
      bulk(
        bed,
        async () => {},
        async () => 'the connection lived on',
      ),
  },
  {
    name: 'nftables-conntrack',
    program: 'nftables',
    packages: ['nftables', 'iperf3'],
    asked: 'a firewall on octo0 that drops what is not of a known connection',
    know: 'What is sent again after a cut is new to the host: nothing arrives twice.',
    run: (bed) =>
      bulk(
        bed,
        async () => {
          await bed.host(2).sh('nft -f -', { input: FIREWALL });
        },
        noneInvalid,
      ),
  },
];
