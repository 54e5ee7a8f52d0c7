/** The pages that are run, each with the place in which it plays. */
import { CLOUD_SCENES } from './cloud-scenes.js';
import { CONTAINER_SCENES } from './container-scenes.js';
import type { End, Scene } from './scene.js';
import { WATCH_SCENES } from './watch-scenes.js';

const end = (host: string, device: string, address?: string, gateway?: End['gateway']): End => ({
  host,
  device,
  ...(address && { address }),
  ...(gateway && { gateway }),
});

/** A line to a provider: `host` is .5 of the /24 `network`, the provider's router .1 and the default route. */
function providerLine(
  host: string,
  device: string,
  provider: string,
  network: string,
  metric: number,
): [End, End] {
  return [
    end(host, device, `${network}.5/24`, { address: `${network}.1`, metric }),
    end(provider, `${host}${device}`, `${network}.1/24`),
  ];
}

/** Two hosts with one cable between them. */
const PAIR: Scene['cables'] = [
  [end('tokyo', 'eth0', '203.0.113.1/24'), end('osaka', 'eth0', '203.0.113.2/24')],
];
const ROUTER = 'sysctl -qw net.ipv4.ip_forward=1';
const MASQUERADE = `${ROUTER}
  nft add table ip nat
  nft add chain ip nat out '{ type nat hook postrouting priority 100; }'
  nft add rule ip nat out oifname wan0 masquerade`;
/** The token that the last block of a host has printed. */
const TOKEN_SHOWN = "grep -o '^octolink1-.*' /run/block.log";

/** An old tunnel as it was before the move. Its scripts know the host as ME and MINE, the other as OTHER and THEIRS. */
interface OldTunnel {
  name: string;
  device: string;
  packages: string[];
  /** Leaves in SHARED/$ME what the other end needs. */
  keys: string;
  start: string;
}
const OLD_TUNNELS: OldTunnel[] = [
  {
    name: 'tinc',
    device: 'office',
    packages: ['tinc'],
    keys: `mkdir -p /etc/tinc/office/hosts
      printf 'Name = %s\nMode = switch\nInterface = office\nConnectTo = %s\n' $ME $OTHER > /etc/tinc/office/tinc.conf
      echo "Address = $MINE" > /etc/tinc/office/hosts/$ME
      printf '\n\n' | tincd -n office -K2048
      cp /etc/tinc/office/hosts/$ME SHARED/`,
    start: 'cp SHARED/$OTHER /etc/tinc/office/hosts/; tincd -n office',
  },
  {
    name: 'fastd',
    device: 'fastd0',
    packages: ['fastd'],
    keys: `fastd --generate-key > /run/fastd.key 2> /dev/null
      sed -n 's/Public: //p' /run/fastd.key > SHARED/$ME`,
    start: `cat > /run/fastd.conf <<EOF
        mode tap;
        interface "fastd0";
        method "salsa2012+umac";
        bind any:10000;
        secret "$(sed -n 's/Secret: //p' /run/fastd.key)";
        peer "$OTHER" { key "$(cat SHARED/$OTHER)"; remote $THEIRS port 10000; }
EOF
      fastd -c /run/fastd.conf --daemon`,
  },
  {
    name: 'openvpn',
    device: 'tap0',
    packages: ['openvpn'],
    keys: '[ -e SHARED/key ] || openvpn --genkey secret SHARED/key',
    start: `openvpn --daemon --dev tap0 --dev-type tap --remote $THEIRS --secret SHARED/key --cipher AES-256-CBC`,
  },
  {
    name: 'wireguard',
    device: 'vxlan0',
    packages: ['wireguard-tools', 'wireguard-go'],
    keys: 'wg genkey > /run/wg.key; wg pubkey < /run/wg.key > SHARED/$ME',
    start: `wireguard-go wg0
      wg set wg0 listen-port 51820 private-key /run/wg.key \
        peer "$(cat SHARED/$OTHER)" endpoint $THEIRS:51820 allowed-ips 10.65.0.0/24
      ip address add 10.65.0.$N/24 dev wg0
      ip link set wg0 up
      ip link add vxlan0 type vxlan id 7 dstport 4789 remote 10.65.0.$((3 - N))`,
  },
];

const TOKEN = { TOKEN: { host: 'tokyo', script: TOKEN_SHOWN } };

function moveFrom({ name, device, packages, keys, start }: OldTunnel): Scene {
  const ends = [
    ['tokyo', 'N=1 ME=tokyo MINE=203.0.113.1 OTHER=osaka THEIRS=203.0.113.2'],
    ['osaka', 'N=2 ME=osaka MINE=203.0.113.2 OTHER=tokyo THEIRS=203.0.113.1'],
  ];
  const up = `until ip link show ${device}; do sleep 0.1; done
    ip link set ${device} up
    ip address add 10.66.0.$N/24 dev ${device}`;
  return {
    page: 'docs/how-to/migrate.md',
    variant: name,
    words: { ...TOKEN, OLD: device },
    hosts: ['tokyo', 'osaka'],
    cables: PAIR,
    packages,
    before: [keys, `${start}\n${up}`].flatMap((script) =>
      ends.map(([host, names]): [string, string] => [host, `${names}\n${script}`]),
    ),
    installed: ['tokyo', 'osaka'],
  };
}

/** Two hosts as after an installation, joined by two cables. */
export const README_SCENE: Scene = {
  page: 'README.md',
  words: TOKEN,
  hosts: ['tokyo', 'osaka'],
  cables: [...PAIR, [end('tokyo', 'eth1', '198.51.100.1/24'), end('osaka', 'eth1', '198.51.100.2/24')]],
  installed: ['tokyo', 'osaka'],
};

export const SCENES: Scene[] = [
  README_SCENE,
  {
    page: 'docs/how-to/by-hand.md',
    words: Object.fromEntries(
      ['tokyo', 'osaka'].map((host) => [
        `${host.toUpperCase()}-PUBLIC-KEY`,
        { host, script: 'octolink pubkey < /var/lib/octolink/keys/octo0.key' },
      ]),
    ),
    hosts: ['tokyo', 'osaka'],
    cables: [
      [
        end('tokyo', 'eth0', '192.0.2.10/24', { address: '198.51.100.7', metric: 100 }),
        end('osaka', 'eth0', '198.51.100.7/24', { address: '192.0.2.10', metric: 100 }),
      ],
      [end('tokyo', 'eth1', '203.0.113.10/24'), end('osaka', 'eth1', '203.0.113.70/24')],
    ],
    installed: [],
  },
  {
    page: 'docs/how-to/two-providers.md',
    words: TOKEN,
    hosts: ['tokyo', 'osaka', 'red', 'blue'],
    cables: [
      ...(['tokyo', 'osaka'] as const).flatMap((host, i) => [
        providerLine(host, 'eth0', 'red', `100.64.${i}`, 100),
        providerLine(host, 'eth1', 'blue', `100.65.${i}`, 200),
      ]),
    ],
    packages: ['nftables'],
    before: [
      ['red', ROUTER],
      ['blue', ROUTER],
    ],
    installed: ['tokyo', 'osaka'],
  },
  {
    page: 'docs/how-to/bridge.md',
    words: TOKEN,
    hosts: ['tokyo', 'osaka', 'desk', 'printer'],
    cables: [
      ...PAIR,
      [end('tokyo', 'lan0'), end('desk', 'eth0', '192.168.5.10/24')],
      [end('osaka', 'lan0'), end('printer', 'eth0', '192.168.5.20/24')],
    ],
    installed: ['tokyo', 'osaka'],
  },
  {
    page: 'docs/how-to/home-and-office.md',
    words: { TOKEN: { host: 'office', script: TOKEN_SHOWN } },
    hosts: ['office', 'home', 'internet', 'router', 'phone'],
    cables: [
      providerLine('office', 'eth0', 'internet', '203.0.113', 100),
      providerLine('router', 'wan0', 'internet', '100.64.1', 100),
      providerLine('phone', 'wan0', 'internet', '100.64.2', 100),
      providerLine('home', 'eth0', 'router', '192.168.1', 100),
      providerLine('home', 'usb0', 'phone', '192.168.42', 200),
    ],
    packages: ['nftables', 'conntrack'],
    before: [
      ['internet', ROUTER],
      ['router', MASQUERADE],
      ['phone', MASQUERADE],
    ],
    installed: ['office', 'home'],
  },
  {
    page: 'docs/how-to/authority.md',
    words: {
      'AUTHORITY-KEY': { host: 'vault', script: 'octolink authority pubkey /etc/octolink/authority.key' },
      'OSAKA-KEY': { host: 'osaka', script: 'octolink pubkey < /var/lib/octolink/keys/octo0.key' },
      'TOKYO-KEY': {
        host: 'tokyo',
        script: "octolink show interfaces json | grep -o '[A-Za-z0-9+/]\\{43\\}='",
      },
      CERTIFICATE: { host: 'vault', script: "grep -o '^octolink-certificate1-.*' /run/block.log" },
    },
    hosts: ['vault', 'tokyo', 'osaka'],
    cables: PAIR,
    installed: ['tokyo', 'osaka'],
  },
  {
    page: 'docs/registry.md',
    hosts: ['etcd'],
    cables: [],
    packages: ['etcd-server', 'etcd-client'],
    before: [
      [
        'etcd',
        `ip link set lo up
        setsid etcd --data-dir /run/etcd < /dev/null > /run/etcd.log 2>&1 &
        echo correct-horse-battery > /etc/octolink/etcd-password
        until etcdctl put ready 1; do sleep 0.1; done`,
      ],
    ],
    installed: [],
  },
  ...OLD_TUNNELS.map(moveFrom),
  ...CLOUD_SCENES,
  ...CONTAINER_SCENES,
  ...WATCH_SCENES,
];
