/** DHCP: three servers, four clients, and each client asks for a first lease while the link in use is cut. */

import type { ProgramHost } from '../../lab/program-host.js';
import type { Bed } from '../bed.js';
import type { Row } from '../row.js';

const CLIENTS: Record<string, { get: string; drop: string }> = {
  dhclient: {
    get: 'dhclient -1 -4 -lf /run/leases -pf /run/dhclient.pid octo0',
    drop: 'dhclient -x -pf /run/dhclient.pid octo0',
  },
  udhcpc: { get: 'udhcpc -i octo0 -n -q -f -t 5 -T 2 -s /etc/udhcpc/default.script', drop: 'true' },
  dhcpcd: { get: 'dhcpcd -4 -1 -A -t 20 octo0', drop: 'dhcpcd -x octo0' },
  'systemd-networkd': {
    get: `mkdir -p /etc/systemd/network /run/systemd/netif
      printf '[Match]\\nName=octo0\\n[Network]\\nDHCP=ipv4\\nLinkLocalAddressing=no\\n' > /etc/systemd/network/octo0.network
      mount -o remount,ro /sys
      SYSTEMD_LOG_LEVEL=debug /lib/systemd/systemd-networkd > /run/networkd.log 2>&1 & echo $! > /run/networkd.pid`,
    drop: 'kill $(cat /run/networkd.pid); mount -o remount,rw /sys',
  },
};
const CLIENT_PACKAGES = ['isc-dhcp-client', 'udhcpc', 'dhcpcd-base', 'systemd'];
const LEASED = "ip -4 -o addr show octo0 | grep -q '10\\.77\\.0\\.1[0-9][0-9]'";

interface Server {
  name: string;
  program: string;
  packages: string[];
  start(host: ProgramHost): Promise<void>;
  know: string;
}

const SERVERS: Server[] = [
  {
    name: 'dnsmasq',
    program: 'dnsmasq',
    packages: ['dnsmasq-base'],
    know: '',
    async start(host) {
      host.start(
        'server',
        'dnsmasq -k --conf-file=/dev/null --port=0 --user=root --interface=octo0 --bind-dynamic --no-ping --log-dhcp ' +
          '--log-facility=- --dhcp-range=10.77.0.100,10.77.0.199,2m --dhcp-leasefile=/run/leases',
      );
      await host.says('server', /DHCP, IP range/);
    },
  },
  {
    name: 'isc-dhcp-server',
    program: 'ISC dhcpd',
    packages: ['isc-dhcp-server'],
    know: '',
    async start(host) {
      await host.file(
        '/etc/dhcpd.conf',
        'authoritative; ping-check false; default-lease-time 120;\nsubnet 10.77.0.0 netmask 255.255.255.0 { range 10.77.0.100 10.77.0.199; }\n',
      );
      await host.file('/var/lib/dhcp/dhcpd.leases', '');
      host.start('server', 'dhcpd -4 -f -d -user root -group root -cf /etc/dhcpd.conf octo0');
      await host.says('server', /Sending on/);
    },
  },
  {
    name: 'kea',
    program: 'Kea',
    packages: ['kea-dhcp4-server'],
    know: 'Name `octo0` in `interfaces`; Kea started before octo0 exists does not serve it.',
    async start(host) {
      const config = {
        Dhcp4: {
          'interfaces-config': { interfaces: ['octo0'] },
          'lease-database': { type: 'memfile', persist: false },
          'valid-lifetime': 120,
          subnet4: [{ subnet: '10.77.0.0/24', pools: [{ pool: '10.77.0.100 - 10.77.0.199' }] }],
          loggers: [{ name: 'kea-dhcp4', output_options: [{ output: 'stdout' }], severity: 'INFO' }],
        },
      };
      await host.file('/etc/kea.conf', JSON.stringify(config));
      await host.sh('mkdir -p /run/kea /var/lib/kea');
      host.start('server', 'kea-dhcp4 -c /etc/kea.conf');
      await host.says('server', /DHCP4_STARTED/);
    },
  },
];

function rowOf(server: Server): Row {
  return {
    name: `dhcp-${server.name}`,
    program: server.program,
    packages: [...server.packages, ...CLIENT_PACKAGES],
    asked: 'a first lease for dhclient, udhcpc, dhcpcd and systemd-networkd',
    know: server.know,
    edit: (host, config) => (host === 2 ? config.replace(/^ address .*\n/m, '') : config),
    run: (bed) => lease(bed, server),
  };
}

async function lease(bed: Bed, server: Server) {
  await server.start(bed.host(1));
  const clients = Object.keys(CLIENTS);
  for (const client of clients) await bind(bed, client);
  // A fresh cut for each client, so that each asks while frames still go by the link that is dead.
  for (const client of clients) await bed.eachCut((cut) => bind(bed, client, cut));
  const all = `${clients.length} of ${clients.length} clients bound`;
  return { without: all, cut: `${all}, at either cut` };
}

/** Asks for a lease from nothing, and gives it up again. */
async function bind(bed: Bed, client: string, when = 'peace'): Promise<void> {
  const host = bed.host(2);
  await host.sh('ip addr flush dev octo0');
  try {
    await host.sh(CLIENTS[client].get, { timeoutMs: 40_000 });
    await host.holds(`a lease for ${client} (${when})`, LEASED, 15_000);
  } finally {
    await host.try(CLIENTS[client].drop);
  }
}

export const DHCP: Row[] = SERVERS.map(rowOf);
