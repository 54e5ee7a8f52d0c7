/** Router advertisements by radvd and by dnsmasq. */

import type { ProgramHost } from '../../lab/program-host.js';
import { pause } from '../../lab/run.js';
import type { Bed } from '../bed.js';
import type { Outcome, Row } from '../row.js';

const PREFIX = '2001:db8:77';
/** Advertised every 3 to 4 s; an address that is not renewed for this long would be gone. */
const LIFETIME_S = 10;

interface Advertiser {
  name: string;
  program: string;
  packages: string[];
  start(host: ProgramHost): Promise<void>;
}

const RADVD: Advertiser = {
  name: 'radvd',
  program: 'radvd',
  packages: ['radvd', 'ndisc6'],
  async start(host) {
    await host.file(
      '/etc/radvd.conf',
      `interface octo0 { AdvSendAdvert on; MinRtrAdvInterval 3; MaxRtrAdvInterval 4; AdvDefaultLifetime ${LIFETIME_S};
       prefix ${PREFIX}::/64 { AdvValidLifetime ${LIFETIME_S}; AdvPreferredLifetime ${LIFETIME_S}; }; };\n`,
    );
    host.start('radvd', 'radvd -n -m stderr -C /etc/radvd.conf -p /run/radvd.pid');
  },
};

const DNSMASQ: Advertiser = {
  name: 'dnsmasq-ra',
  program: 'dnsmasq',
  packages: ['dnsmasq-base', 'ndisc6'],
  async start(host) {
    host.start(
      'dnsmasq',
      'dnsmasq -k --conf-file=/dev/null --port=0 --user=root --interface=octo0 --bind-dynamic --log-facility=- --enable-ra ' +
        `--ra-param=octo0,4,${LIFETIME_S} --dhcp-range=${PREFIX}::,ra-only,2m`,
    );
  },
};

async function drill(bed: Bed, advertiser: Advertiser): Promise<Outcome> {
  const [router, host] = [bed.host(1), bed.host(2)];
  await router.sh(
    `echo 1 > /proc/sys/net/ipv6/conf/all/forwarding; ip addr add ${PREFIX}::1/64 dev octo0 nodad`,
  );
  await advertiser.start(router);
  const hasAddress = `ip -6 -o addr show octo0 scope global | grep -q 'inet6 ${PREFIX}:'`;
  const hasRoute = 'ip -6 route show default | grep -q octo0';
  await host.holds('an address and a default route', `${hasAddress} && ${hasRoute}`, 20_000);
  await bed.eachCut(async () => {
    await host.sh('rdisc6 -1 -r 3 -w 2000 octo0', { timeoutMs: 10_000 });
    // Longer than the default route lives without another advertisement.
    await pause(1_000 * (LIFETIME_S + 2));
    await host.sh(`${hasRoute} && ping -q -c 1 -W 2 ${PREFIX}::1`);
  });
  return {
    without: 'address and default route',
    cut: `a solicitation was answered; the route, which lives ${LIFETIME_S} s, stayed`,
  };
}

export const SLAAC: Row[] = [RADVD, DNSMASQ].map((advertiser) => ({
  name: advertiser.name,
  program: advertiser.program,
  packages: advertiser.packages,
  asked: 'router advertisements, SLAAC and a default route',
  know: 'Every host on the LAN takes the route: a peer that must not send advertisements gets `guard ra`.',
  run: (bed) => drill(bed, advertiser),
}));
