/** Guests with a network card of their own in a bridge with octo0: a container of systemd and a machine of QEMU. */

import type { ProgramHost } from '../../lab/program-host.js';
import type { Bed } from '../bed.js';
import { flooded } from '../flood.js';
import type { Outcome, Row } from '../row.js';

const GUEST = '10.77.0.9';
const MEGABYTES = 50;
const START_MS = 90_000;

/** What runs in a guest whose card is `card`: an address, and a file by HTTP. */
function guestScript(card: string): string {
  return `ip link set lo up; ip link set ${card} up; ip addr add ${GUEST}/24 dev ${card}
mkdir -p /tmp/www; head -c ${MEGABYTES << 20} /dev/zero > /tmp/www/file
httpd -h /tmp/www
echo guest ready
exec sleep 3600
`;
}

/** The tree of a guest that has busybox and nothing else. */
async function guestTree(host: ProgramHost, script: string): Promise<void> {
  await host.sh(`mkdir -p /run/guest && cd /run/guest && mkdir -p bin usr etc dev proc sys tmp root
    cp -L $(command -v busybox) bin/busybox
    for name in sh ip mkdir head httpd sleep echo mount insmod poweroff; do ln -sf busybox bin/$name; done
    touch etc/os-release`);
  await host.file('/run/guest/start', `#!/bin/sh\nexport PATH=/bin\n${script}`);
  await host.sh('chmod 755 /run/guest/start');
}

async function drill(bed: Bed, start: (host: ProgramHost) => Promise<void>): Promise<Outcome> {
  const [far, near] = [bed.host(1), bed.host(2)];
  await near.sh('ip link add br0 type bridge; ip link set br0 up');
  await start(near);
  await near.says('guest', /guest ready/, START_MS);
  const outcome = await flooded(bed, GUEST);
  const sum = `head -c ${MEGABYTES}M /dev/zero | sha256sum`;
  const fetch = async () => {
    await far.sh(`[ "$(curl -sm 20 http://${GUEST}/file | sha256sum)" = "$(${sum})" ]`, {
      timeoutMs: 30_000,
    });
  };
  await fetch();
  await bed.eachCut(fetch);
  return {
    without: `${outcome.without}, a file of ${MEGABYTES} MB whole`,
    cut: `${outcome.cut}, files whole`,
  };
}

/** Control group of the container, which outlives the lab unless it is taken away. */
const GROUP = '/sys/fs/cgroup/octo-guest';

async function container(bed: Bed): Promise<Outcome> {
  try {
    return await drill(bed, startContainer);
  } finally {
    await bed.host(2).try(`echo 1 > ${GROUP}/cgroup.kill
      for i in $(seq 50); do find ${GROUP} -depth -type d -exec rmdir {} + && break; sleep 0.1; done`);
  }
}

async function startContainer(host: ProgramHost): Promise<void> {
  await guestTree(host, guestScript('host0'));
  // The sysfs of a namespace comes without the control groups that nspawn looks for.
  await host.sh('mount -t cgroup2 none /sys/fs/cgroup');
  host.start(
    'guest',
    `sh -c 'mkdir ${GROUP}; echo 0 > ${GROUP}/cgroup.procs; exec systemd-nspawn -q -D /run/guest --register=no --keep-unit --network-bridge=br0 --machine=guest /start'`,
  );
}

/** Modules of the network card, each after those that it needs. */
const MODULES = [
  'virtio_ring',
  'virtio',
  'virtio_pci_modern_dev',
  'virtio_pci_legacy_dev',
  'virtio_pci',
  'failover',
  'net_failover',
  'virtio_net',
];

async function startMachine(host: ProgramHost): Promise<void> {
  const insert = MODULES.map((name) => `[ ! -e /root/${name}.ko ] || insmod /root/${name}.ko`).join('\n');
  await guestTree(
    host,
    `mount -t devtmpfs none /dev; mount -t tmpfs none /tmp\n${insert}\n${guestScript('eth0')}`,
  );
  // The folder of modules is /usr/lib/modules in the overlay.
  await host.sh(`cd /run/guest; ln -sf start init
    for name in ${MODULES.join(' ')}; do find /usr/lib/modules/*cloud* -name $name.ko -exec cp {} root/ \\;; done
    find . | busybox cpio -o -H newc 2>/dev/null | gzip -1 > /run/initrd
    cp $(find /boot -name 'vmlinuz-*cloud*' | head -1) /run/kernel
    ip tuntap add guest mode tap vnet_hdr; ip link set guest master br0 up`);
  host.start(
    'guest',
    'qemu-system-x86_64 -accel tcg -cpu max -m 256 -nographic -no-reboot -kernel /run/kernel -initrd /run/initrd ' +
      "-append 'console=ttyS0 loglevel=4 panic=-1' -netdev tap,id=n,ifname=guest,script=no,downscript=no -device virtio-net-pci,netdev=n,romfile=",
  );
}

const bridged = (host: number, config: string) =>
  host === 2 ? config.replace(/^ address .*$/m, ' bridge br0') : config;

export const GUESTS: Row[] = [
  {
    name: 'nspawn',
    program: 'systemd-nspawn',
    packages: ['systemd-container', 'busybox-static', 'curl'],
    asked: 'a container with its card in the bridge of octo0',
    know: '`bridge br0` in the block of the interface, `--network-bridge=br0` for the container.',
    edit: bridged,
    run: container,
  },
  {
    name: 'qemu',
    program: 'QEMU',
    packages: ['qemu-system-x86', 'linux-image-cloud-amd64', 'busybox-static', 'curl'],
    asked: 'a virtual machine with its card (virtio) in the bridge of octo0',
    know: 'Super-frames of the guest travel as such: leave the offloads of its card on.',
    edit: bridged,
    run: (bed) => drill(bed, startMachine),
  },
];
