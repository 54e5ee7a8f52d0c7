/** Open vSwitch in user space (datapath netdev) in a host of the lab, so that no module of the kernel is needed. */
import type { ProgramHost } from '../lab/program-host.js';

const START_MS = 20_000;
const SCHEMA = '/usr/share/openvswitch/vswitch.ovsschema';
const SERVER =
  'ovsdb-server /etc/openvswitch/conf.db --remote=punix:/run/openvswitch/db.sock --pidfile=/run/openvswitch/ovsdb-server.pid';
const DAEMON =
  '/usr/lib/openvswitch-switch/ovs-vswitchd unix:/run/openvswitch/db.sock --pidfile=/run/openvswitch/ovs-vswitchd.pid';

/** Starts it with a bridge `br0` that has `ports`; `settings`: columns of the bridge, as ovs-vsctl takes them; `more`: commands for it, after that. */
export async function startSwitch(
  host: ProgramHost,
  ports: string[],
  settings = '',
  more = '',
): Promise<void> {
  await host.sh(`mkdir -p /run/openvswitch /etc/openvswitch; rm -f /etc/openvswitch/conf.db
    ovsdb-tool create /etc/openvswitch/conf.db ${SCHEMA}`);
  // octo0 has a stack of the host above it as well, which would answer for addresses of other devices.
  await host.sh('echo 1 > /proc/sys/net/ipv4/conf/all/arp_ignore');
  host.start('ovsdb', SERVER);
  await host.holds('the database of Open vSwitch', 'ovs-vsctl --no-wait --timeout 1 init', START_MS);
  host.start('ovs', DAEMON);
  const added = ports.map((port) => `-- add-port br0 ${port}`).join(' ');
  await host.sh(
    `ovs-vsctl --timeout 20 add-br br0 -- set bridge br0 datapath_type=netdev ${settings} ${added} ${more}
    ip link set br0 up`,
    { timeoutMs: 30_000 },
  );
}
