/** The pages about many hosts and clouds: a desk from which they are managed, and hosts that are reached over two networks. */
import { join } from 'node:path';
import { ROOT } from '../lab/mesh.js';
import type { End, Scene } from './scene.js';

/** Numbers of the hosts in both networks. */
const HOSTS = { tokyo: 10, osaka: 20, kobe: 30 } as const;
type HostName = keyof typeof HOSTS;

/** What the reader has at the desk: a checkout, and a key by which hosts are logged in to. */
const DESK = `
  mount --bind SHARED /root
  ln -s ${join(ROOT, 'scripts')} /root/scripts
  mkdir -m 700 /root/.ssh
  ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id_ed25519
  printf 'StrictHostKeyChecking no\\nUserKnownHostsFile /dev/null\\nLogLevel ERROR\\n' > /root/.ssh/config`;

const SSH_SERVER = `
  mkdir -p /run/sshd
  grep -q ^sshd: /etc/passwd || echo 'sshd:x:100:65534::/run/sshd:/usr/sbin/nologin' >> /etc/passwd
  ssh-keygen -q -t ed25519 -N '' -f /run/host_key
  /usr/sbin/sshd -f /dev/null -o HostKey=/run/host_key -o AuthorizedKeysFile=SHARED/.ssh/id_ed25519.pub \\
    -o StrictModes=no -o UsePAM=no -o PidFile=none -o PermitRootLogin=yes > /dev/null 2>&1`;

/** A switch for each network. */
const SWITCHES = `
  for net in red blue; do ip link add $net type bridge; ip link set $net up; done
  for port in $(ls /sys/class/net); do
    case $port in *.red | *.blue) ip link set $port master \${port##*.} ;; esac
  done`;

function cables(hosts: readonly HostName[]): [End, End][] {
  return [
    [
      { host: 'desk', device: 'eth0', address: '192.0.2.254/24' },
      { host: 'wires', device: 'desk.red' },
    ],
    ...hosts.flatMap((host): [End, End][] => [
      [
        { host, device: 'eth0', address: `192.0.2.${HOSTS[host]}/24` },
        { host: 'wires', device: `${host}.red` },
      ],
      [
        { host, device: 'eth1', address: `203.0.113.${HOSTS[host]}/24` },
        { host: 'wires', device: `${host}.blue` },
      ],
    ]),
  ];
}

/** A page whose reader sits at a desk with a key for `hosts`, on which Octolink is installed. */
export function deskScene(page: string, hosts: readonly HostName[], packages: readonly string[] = []): Scene {
  return {
    page: `docs/how-to/${page}.md`,
    hosts: ['desk', 'wires', ...hosts],
    cables: cables(hosts),
    packages: ['openssh-server', 'openssh-client', ...packages],
    before: [
      ['wires', SWITCHES],
      ['desk', DESK],
      ...hosts.map((host): [string, string] => [host, SSH_SERVER]),
    ],
    installed: [...hosts],
  };
}

/** Octolink is not there yet; a package that installs what is in this checkout can be fetched from the desk. */
const PACKAGE = `
  mkdir -p /run/deb/DEBIAN /run/deb/usr/bin /run/www
  ln -s ${join(ROOT, 'bin/octolink')} ${join(ROOT, 'bin/octolinkd')} /run/deb/usr/bin/
  printf '%s\\n' 'Package: octolink' 'Version: 0.1.0' 'Architecture: all' 'Maintainer: nobody <nobody@localhost>' \\
    'Description: stand-in' > /run/deb/DEBIAN/control
  cat > /run/deb/DEBIAN/postinst <<'END'
#!/bin/sh
mkdir -p /etc/octolink /run/octolink /var/lib/octolink
touch /etc/octolink/octolink.conf
setsid octolinkd < /dev/null > /run/octolinkd.log 2>&1 &
END
  chmod 755 /run/deb/DEBIAN/postinst
  dpkg-deb -b /run/deb /run/www/octolink.deb > /dev/null
  setsid python3 -m http.server -d /run/www 80 < /dev/null > /dev/null 2>&1 &`;

/** The command of a cloud that makes a host: here the host waits already, and boots with what it is given. */
const PROVIDER = `
  mkdir -p /usr/local/bin
  cat > /usr/local/bin/openstack <<'END'
#!/bin/sh
while [ $# -gt 0 ]; do
  case $1 in --user-data) data=$2; shift ;; esac
  name=$1
  shift
done
cp "$data" SHARED/$name.new
mv SHARED/$name.new SHARED/$name.boot
END
  chmod 755 /usr/local/bin/openstack`;

/** A host as its image is, and what happens at its first boot. */
function firstBoot(host: string): string {
  return `
  rm -r /usr/bin/octolink /usr/bin/octolinkd /etc/octolink
  : > /etc/apt/sources.list
  rm -rf /etc/apt/sources.list.d/* /etc/cloud/cloud.cfg.d/* /var/lib/cloud
  cat > /etc/cloud/cloud.cfg <<'END'
datasource_list: [NoCloud]
network: {config: disabled}
preserve_hostname: true
cloud_init_modules: [write-files]
cloud_config_modules: [runcmd]
cloud_final_modules: [package-update-upgrade-install, scripts-user]
system_info: {distro: debian, paths: {cloud_dir: /var/lib/cloud/, templates_dir: /etc/cloud/templates/}}
END
  cat > /run/boot <<'END'
until [ -e SHARED/${host}.boot ]; do sleep 0.1; done
seed=/var/lib/cloud/seed/nocloud
mkdir -p $seed
mv SHARED/${host}.boot $seed/user-data
printf 'instance-id: ${host}\\nlocal-hostname: ${host}\\n' > $seed/meta-data
cloud-init init --local
cloud-init init
cloud-init modules --mode=config
cloud-init modules --mode=final
END
  setsid sh /run/boot < /dev/null > /run/boot.log 2>&1 &`;
}

function bootedByCloudInit(page: string): Scene {
  const hosts = ['tokyo', 'osaka'] as const;
  const scene = deskScene(page, hosts, ['cloud-init', 'curl', 'gettext-base', 'python3-minimal']);
  return {
    ...scene,
    words: {
      'https://example.net/octolink_0.1.0_amd64.deb': 'http://192.0.2.254/octolink.deb',
      'HASH-OF-THE-PACKAGE': { host: 'desk', script: 'sha256sum < /run/www/octolink.deb | cut -d " " -f 1' },
    },
    before: [
      ...(scene.before ?? []),
      ['desk', PACKAGE],
      ['desk', PROVIDER],
      ...hosts.map((host): [string, string] => [host, firstBoot(host)]),
    ],
    installed: [],
  };
}

export const CLOUD_SCENES: Scene[] = [
  bootedByCloudInit('two-clouds'),
  deskScene('fifty-hosts', ['tokyo', 'osaka', 'kobe']),
  deskScene('ansible', ['tokyo', 'osaka', 'kobe'], ['ansible-core']),
];
