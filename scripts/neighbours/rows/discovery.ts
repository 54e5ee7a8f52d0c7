/** Services that are found by multicast: DNS-SD and SSDP. */

import type { ProgramHost } from '../../lab/program-host.js';
import type { Bed } from '../bed.js';
import type { Outcome, Row } from '../row.js';

const NAMES: Record<string, string> = { peace: 'first', 'carrier-down': 'second', 'black-hole': 'third' };

/** A new service is announced at h1 and must be found at h2, each time under another name. */
async function dnsSd(bed: Bed): Promise<Outcome> {
  for (const index of [1, 2]) {
    const host = bed.host(index);
    await host.users('avahi', 'messagebus');
    await host.sh('mkdir -p /run/dbus /run/avahi-daemon /etc/avahi/services');
    await host.file('/etc/avahi/avahi-daemon.conf', '[server]\nallow-interfaces=octo0\n[rlimits]\n');
    host.start('dbus', 'dbus-daemon --system --nofork --nopidfile');
    await host.holds('the message bus', 'test -S /run/dbus/system_bus_socket');
    host.start('avahi', 'avahi-daemon --no-drop-root --no-chroot --no-rlimits');
    await host.says('avahi', /Server startup complete/);
  }
  const announce = async (when: string) => {
    const service = `<service-group><name>${NAMES[when]}</name><service><type>_octo._tcp</type><port>9</port></service></service-group>`;
    await bed.host(1).file(`/etc/avahi/services/${NAMES[when]}.service`, service);
    const found = `avahi-browse -rpt _octo._tcp | grep -q "^=;octo0;IPv4;${NAMES[when]};.*;${bed.address(1)};9;"`;
    await bed.host(2).holds(`the ${NAMES[when]} service (${when})`, found, 20_000);
  };
  await announce('peace');
  await bed.eachCut(announce);
  return { without: 'a service is found and resolved', cut: 'new services are found and resolved' };
}

/** A media server that is searched for, and described by what it says over HTTP. */
async function ssdp(bed: Bed): Promise<Outcome> {
  const [server, client] = [bed.host(1), bed.host(2)];
  const config =
    'network_interface=octo0\nport=8200\nmedia_dir=/run/media\ndb_dir=/run/minidlna\nfriendly_name=octo\n';
  await server.file('/run/minidlna.conf', config);
  await server.sh('mkdir -p /run/media /run/minidlna /var/log/minidlna');
  server.start('minidlna', 'minidlnad -S -f /run/minidlna.conf -P /run/minidlna.pid');
  const search = (when: string) => find(client, bed.address(1), when);
  await search('in peace');
  await bed.eachCut(search);
  return { without: 'found by its M-SEARCH and described', cut: 'found again at either cut' };
}

function find(client: ProgramHost, address: string, when: string): Promise<void> {
  const root = `http://${address}:8200/rootDesc.xml`;
  return client.holds(
    `the media server (${when})`,
    `upnpc -m octo0 -s | grep -q ${root} && curl -sm 3 ${root} | grep -q octo`,
    20_000,
  );
}

export const DISCOVERY: Row[] = [
  {
    name: 'avahi',
    program: 'Avahi',
    packages: ['avahi-daemon', 'avahi-utils', 'dbus-daemon'],
    asked: 'DNS-SD over multicast DNS: new services are found',
    know: 'A name is told once for each interface: `allow-interfaces=octo0` where the underlay shall not hear of it.',
    run: dnsSd,
  },
  {
    name: 'minidlna',
    program: 'MiniDLNA',
    packages: ['minidlna', 'miniupnpc', 'curl'],
    asked: 'SSDP: a media server is searched for by multicast',
    know: '',
    run: ssdp,
  },
];
