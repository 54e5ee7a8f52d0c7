/** Layer-2 VPNs over a TAP device: tinc, OpenVPN, fastd and n2n. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Lab } from '../../scripts/lab/lab.js';
import { run, until } from '../../scripts/lab/run.js';
import { peerEnvironment } from '../packages.js';
import { addressDevice, INNER_TARGET, outer, type Peer, program, startPeer } from './peer.js';

const DEVICE = 'tap0';
const BOTH = [1, 2];

/** Waits for the device that the programs open, then addresses it. */
async function addressWhenOpen(lab: Lab): Promise<string> {
  for (const host of BOTH) {
    const opened = () => lab.run(host, 'ip', ['link', 'show', DEVICE]).then(Boolean, () => false);
    await until(`${DEVICE} in h${host}`, opened, 10_000);
  }
  await addressDevice(lab, DEVICE);
  return INNER_TARGET;
}

export const tinc: Peer = {
  name: 'tinc',
  title: 'tinc, switch mode, AES-256-CBC',
  layer: 2,
  encrypted: true,
  packages: [{ name: 'tinc' }],
  programs: ['tincd'],
  async start(lab) {
    const folder = (host: number) => join(lab.folder, `tinc-h${host}`);
    for (const host of BOTH) {
      mkdirSync(join(folder(host), 'hosts'), { recursive: true });
      const connect = host === 1 ? 'ConnectTo=h2\n' : '';
      writeFileSync(
        join(folder(host), 'tinc.conf'),
        `Name=h${host}\nMode=switch\nInterface=${DEVICE}\nDeviceType=tap\n${connect}`,
      );
      writeFileSync(
        join(folder(host), 'hosts', `h${host}`),
        `Address=${outer(lab, host)}\nCipher=aes-256-cbc\nDigest=sha256\n`,
      );
      const generate = ['-c', folder(host), '-K', '2048'];
      await run(program('tincd'), generate, { input: '\n\n\n', env: peerEnvironment() });
    }
    for (const host of BOTH) {
      const published = readFileSync(join(folder(host), 'hosts', `h${host}`));
      writeFileSync(join(folder(3 - host), 'hosts', `h${host}`), published);
    }
    for (const host of [2, 1]) {
      const flags = ['-c', folder(host), '-D', `--pidfile=${folder(host)}/pid`];
      startPeer(lab, host, 'tincd', flags);
    }
    return addressWhenOpen(lab);
  },
};

export const openvpn: Peer = {
  name: 'openvpn',
  title: 'OpenVPN, tap, AES-256-GCM',
  layer: 2,
  encrypted: true,
  packages: [{ name: 'openvpn' }],
  programs: ['openvpn', 'openssl'],
  async start(lab) {
    const file = (host: number, kind: string) => join(lab.folder, `openvpn-h${host}.${kind}`);
    for (const host of BOTH) {
      const request = [
        'req',
        '-x509',
        '-newkey',
        'rsa:2048',
        '-nodes',
        '-days',
        '2',
        '-subj',
        `/CN=h${host}`,
      ];
      await run('openssl', [...request, '-keyout', file(host, 'key'), '-out', file(host, 'crt')]);
    }
    const common = ['--dev', DEVICE, '--dev-type', 'tap', '--proto', 'udp', '--verb', '0', '--disable-dco'];
    const cipher = ['--data-ciphers', 'AES-256-GCM'];
    for (const host of [2, 1]) {
      const role = host === 2 ? ['--tls-server', '--dh', 'none', '--local'] : ['--tls-client', '--remote'];
      const trust = ['--ca', file(3 - host, 'crt'), '--cert', file(host, 'crt'), '--key', file(host, 'key')];
      startPeer(lab, host, 'openvpn', [...common, ...cipher, ...role, outer(lab, 2), ...trust]);
    }
    return addressWhenOpen(lab);
  },
};

export const fastd: Peer = {
  name: 'fastd',
  title: 'fastd, tap, salsa2012+umac',
  layer: 2,
  encrypted: true,
  packages: [{ name: 'fastd' }],
  programs: ['fastd'],
  async start(lab) {
    const keys: { secret: string; public: string }[] = [];
    for (const _ of BOTH) {
      const text = await run(program('fastd'), ['--generate-key'], { env: peerEnvironment() });
      const field = (name: string) => new RegExp(`${name}: (\\w+)`, 'i').exec(text)![1];
      keys.push({ secret: field('secret'), public: field('public') });
    }
    for (const host of BOTH) {
      const other = 3 - host;
      const config = join(lab.folder, `fastd-h${host}.conf`);
      writeFileSync(
        config,
        `mode tap; interface "${DEVICE}"; method "salsa2012+umac"; mtu 1426;\n` +
          `bind ${outer(lab, host)}:10000; secret "${keys[host - 1].secret}";\n` +
          `peer "other" { key "${keys[other - 1].public}"; remote ${outer(lab, other)}:10000; }\n`,
      );
      startPeer(lab, host, 'fastd', ['-c', config]);
    }
    return addressWhenOpen(lab);
  },
};

export const n2n: Peer = {
  name: 'n2n',
  title: 'n2n',
  layer: 2,
  encrypted: true,
  packages: [{ name: 'n2n' }],
  programs: ['edge', 'supernode'],
  async start(lab) {
    startPeer(lab, 2, 'supernode', ['-l', '7654']);
    for (const host of BOTH) {
      const net = [
        '-f',
        '-r',
        '-d',
        DEVICE,
        '-c',
        'bench',
        '-k',
        'bench-secret',
        '-l',
        `${outer(lab, 2)}:7654`,
      ];
      startPeer(lab, host, 'edge', [...net, '-a', `10.77.0.${host}`, '-m', `02:00:00:00:00:0${host}`]);
    }
    return INNER_TARGET;
  },
};
