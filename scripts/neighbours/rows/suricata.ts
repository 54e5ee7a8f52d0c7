/** Suricata as it comes, watching octo0 beside the host, and in the way of its packets. */
import { until } from '../../lab/run.js';
import type { Bed } from '../bed.js';
import { bulk } from '../bulk.js';
import type { Outcome, Row } from '../row.js';

const PORT = 5202;
const NEEDLE = 'octolink-needle';
/** Connections that carry the needle, in peace and in each cut. */
const CONNECTIONS = 8;
/** Larger than any super-frame with its headers. */
const PACKET_SIZE = 66_000;
const READY = /Engine started/;

async function prepare(bed: Bed, verb: 'alert' | 'drop', flags: string): Promise<void> {
  const host = bed.host(2);
  await host.file(
    '/run/needle.rules',
    `${verb} tcp any any -> any ${PORT} (msg:"needle"; content:"${NEEDLE}"; sid:1;)\n`,
  );
  await host.sh('mkdir -p /var/log/suricata /run/suricata');
  host.start('suricata', `suricata -c /etc/suricata/suricata.yaml -S /run/needle.rules -l /run ${flags}`);
  await host.says('suricata', READY, 60_000);
  host.start('sink', `ncat -lk ${PORT} --recv-only -o /dev/null`);
  await host.holds('the sink', `ss -tln | grep -q :${PORT}`);
  await bed.host(1).sh(`{ head -c 300000 /dev/zero; echo ${NEEDLE}; head -c 300000 /dev/zero; } > /run/hay`);
}

async function watch(bed: Bed): Promise<Outcome> {
  await prepare(bed, 'alert', `--af-packet=octo0 --set default-packet-size=${PACKET_SIZE}`);
  let sent = 0;
  const alerts = async () =>
    Number(await bed.host(2).sh('cat /run/fast.log 2>/dev/null | grep -c needle || true'));
  const send = async () => {
    for (let i = 0; i < CONNECTIONS; i++)
      await bed.host(1).sh(`ncat --send-only ${bed.address(2)} ${PORT} < /run/hay`, { timeoutMs: 20_000 });
    sent += CONNECTIONS;
  };
  await send();
  await until(`${sent} alerts`, async () => (await alerts()) === sent, 20_000);
  await bed.eachCut(send);
  await until(`${sent} alerts`, async () => (await alerts()) === sent, 20_000);
  return {
    without: `${CONNECTIONS} of ${CONNECTIONS} needles found in streams of 600 KB`,
    cut: `${sent - CONNECTIONS} of ${sent - CONNECTIONS} found`,
  };
}

async function inline(bed: Bed): Promise<void> {
  await prepare(bed, 'drop', '-q 5');
  await bed.host(2).sh('iptables-nft -A INPUT -i octo0 -p tcp -j NFQUEUE --queue-num 5');
}

async function judge(bed: Bed): Promise<string> {
  await bed.host(1).try(`timeout 5 ncat --send-only ${bed.address(2)} ${PORT} < /run/hay`);
  await bed.host(2).holds('the needle to be dropped', 'grep -q "Drop.*needle" /run/fast.log', 20_000);
  return 'a connection with the needle was stopped';
}

export const SURICATA: Row[] = [
  {
    name: 'suricata',
    program: 'Suricata',
    packages: ['suricata/bookworm-backports', 'ncat'],
    asked: 'alerts for a word in TCP streams, by a packet socket on octo0',
    know: `Needs \`default-packet-size: ${PACKET_SIZE}\`: with its own value Suricata throws away whatever is longer than 9 KB, unread.`,
    run: watch,
  },
  {
    name: 'suricata-inline',
    program: 'Suricata',
    packages: ['suricata/bookworm-backports', 'ncat', 'iptables', 'iperf3'],
    asked: 'every packet through Suricata by NFQUEUE, which stops connections with a word in them',
    know: '',
    run: (bed) => bulk(bed, inline, judge),
  },
];
