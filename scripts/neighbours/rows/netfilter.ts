/** What the kernel's packet filter hands to programs, and its proxy for new connections, under a TCP connection across cuts. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../lab/mesh.js';
import { CannotRun } from '../../lab/packages.js';
import type { Bed } from '../bed.js';
import { bulk } from '../bulk.js';
import { needsKernel } from '../kernel.js';
import type { Row } from '../row.js';

const QUEUE_PROGRAM = join(ROOT, 'scripts/neighbours/nfqueue.c');
/** In bytes: what is larger than any MTU here is a super-frame. */
const MTU = 1500;

/** `flag` is the word for the program: with `gso` it gets super-frames whole. */
function queueRow(name: string, flag: string, asked: string, know: string): Row {
  return {
    name,
    program: 'libnetfilter_queue',
    packages: ['libnetfilter-queue-dev', 'iptables', 'iperf3'],
    asked,
    know,
    run: (bed) =>
      bulk(
        bed,
        (it) => queue(it, flag),
        (it) => judgeQueue(it, flag),
      ),
  };
}

async function queue(bed: Bed, flag: string): Promise<void> {
  needsKernel('NETFILTER_XT_TARGET_NFQUEUE');
  const host = bed.host(2);
  const compiled = await host.try(
    'command -v gcc && gcc -O2 -Wall -x c -o /run/nfqueue - -lnetfilter_queue -lnfnetlink',
    { input: readFileSync(QUEUE_PROGRAM, 'utf8') },
  );
  if (compiled.code === 127 || compiled.stdout === '') throw new CannotRun('no C compiler');
  if (compiled.code !== 0) throw new Error(compiled.stderr);
  host.start('queue', `/run/nfqueue ${flag}`);
  await host.says('queue', /ready/);
  await host.sh('iptables-nft -A INPUT -i octo0 -p tcp -j NFQUEUE --queue-num 5');
}

async function judgeQueue(bed: Bed, flag: string): Promise<string> {
  await bed.host(2).sh('pkill -INT -x nfqueue');
  await bed.host(2).says('queue', /overruns/);
  const [said, largest, overruns] =
    /largest (\d+) bytes, (\d+) overruns/.exec(bed.host(2).log('queue')) ?? [];
  if (Number(overruns) > 0 || Number(largest) > MTU !== (flag === 'gso')) throw new Error(said);
  return `largest packet ${largest} bytes`;
}

const LOG_RULE = `table inet watch {
 chain in { type filter hook input priority 0; iifname "octo0" tcp dport 5201 log prefix "octo" group 5; }
}`;
const LOGGER = `[global]
logfile="stdout"
loglevel=5
stack=log1:NFLOG,base1:BASE,ifi1:IFINDEX,ip2str1:IP2STR,print1:PRINTPKT,emu1:LOGEMU
[log1]
group=5
[emu1]
file="/run/packets.log"
sync=1
`;

async function log(bed: Bed): Promise<void> {
  const host = bed.host(2);
  await host.file('/etc/ulogd.conf', LOGGER);
  host.start('ulogd', 'ulogd -c /etc/ulogd.conf');
  await host.sh('nft -f -', { input: LOG_RULE });
}

async function judgeLog(bed: Bed): Promise<string> {
  const host = bed.host(2);
  await host.holds('packets in the log', 'test -s /run/packets.log');
  const counted = await host.sh(
    `sed -n 's/.* LEN=\\([0-9]*\\) .*/\\1/p' /run/packets.log | awk '{n++; b+=$1; if ($1>m) m=$1} END {print n, b, m}'`,
  );
  const [packets, bytes, largest] = counted.trim().split(' ').map(Number);
  // 12 s of 100 Mbit/s, less what ulogd was too slow for.
  if (!(bytes > 100e6)) throw new Error(`${bytes} bytes in the log`);
  return `${packets} packets logged, the largest of ${largest} bytes`;
}

const PROXY = `table ip guard {
 chain raw { type filter hook prerouting priority raw; iifname "octo0" tcp dport 5201 tcp flags syn notrack; }
 chain in { type filter hook input priority filter;
  iifname "octo0" tcp dport 5201 ct state invalid,untracked counter name proxied synproxy mss 1460 wscale 7 timestamp sack-perm
  ct state invalid counter name bad drop
 }
 counter proxied { }
 counter bad { }
}`;

async function proxy(bed: Bed): Promise<void> {
  needsKernel('NFT_SYNPROXY');
  await bed.host(2).sh('echo 0 > /proc/sys/net/netfilter/nf_conntrack_tcp_loose; nft -f -', { input: PROXY });
}

async function judgeProxy(bed: Bed): Promise<string> {
  const said = await bed.host(2).sh('nft list counters table ip guard');
  const [proxied, bad] = [...said.matchAll(/packets (\d+)/g)].map(([, n]) => Number(n));
  if (!(proxied > 0) || bad > 0) throw new Error(`${proxied} packets by the proxy, ${bad} invalid`);
  return 'no packet was invalid';
}

export const NETFILTER: Row[] = [
  queueRow(
    'nfqueue',
    '',
    'every packet through a program, without GSO',
    'The kernel cuts each super-frame for the program: up to 45 messages where one would do. Ask for `NFQA_CFG_F_GSO`.',
  ),
  queueRow(
    'nfqueue-gso',
    'gso',
    'every packet through a program that asks for GSO',
    'The program sees super-frames of up to 64 KB. A queue that fails open lets later packets overtake.',
  ),
  {
    name: 'ulogd',
    program: 'ulogd2',
    packages: ['ulogd2', 'nftables', 'iperf3'],
    asked: 'every packet logged by NFLOG',
    know: '`LEN` is that of super-frames, so counts of packets are too small and counts of bytes right.',
    run: (bed) => bulk(bed, log, judgeLog),
  },
  {
    name: 'synproxy',
    program: 'nftables',
    packages: ['nftables', 'iperf3'],
    asked: 'connections accepted by the SYN proxy of the kernel',
    know: '',
    run: (bed) => bulk(bed, proxy, judgeProxy),
  },
];
