/** wireguard-go, alone (Layer 3) and with a VXLAN inside (Layer 2). */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Lab } from '../../scripts/lab/lab.js';
import { run, until } from '../../scripts/lab/run.js';
import { INNER_TARGET, outer, type Peer, program, startPeer } from './peer.js';
import { addVxlan } from './plain.js';

const PORT = 51820;
const TUNNEL: [string, string] = ['10.78.0.1', '10.78.0.2'];
// Segmentation offload on the tunnel device came in 2023; the release that this project starts from has 2022.
const PACKAGES = [{ name: 'wireguard-go', suite: 'trixie' }, { name: 'wireguard-tools' }];
const PROGRAMS = ['wireguard-go', 'wg'];

/** The control socket's folder is common to all namespaces, so the names must differ between hosts and runs. */
function deviceName(host: number): string {
  return `wg${process.pid}h${host}`;
}

async function startWireguard(lab: Lab): Promise<void> {
  const wg = program('wg');
  const keys: { file: string; publicKey: string }[] = [];
  for (const host of [1, 2]) {
    const file = join(lab.folder, `wg-h${host}.key`);
    const privateKey = await run(wg, ['genkey']);
    writeFileSync(file, privateKey, { mode: 0o600 });
    keys.push({ file, publicKey: (await run(wg, ['pubkey'], { input: privateKey })).trim() });
  }
  for (const host of [1, 2]) {
    const env = { LOG_LEVEL: 'silent', WG_PROCESS_FOREGROUND: '1' };
    startPeer(lab, host, 'wireguard-go', [deviceName(host)], { env });
  }
  for (const host of [1, 2]) {
    const device = deviceName(host);
    const other = 3 - host;
    await until(`wireguard-go of h${host}`, () => accepts(lab, host, wg), 5_000);
    const self = ['listen-port', String(PORT), 'private-key', keys[host - 1].file];
    const peer = ['peer', keys[other - 1].publicKey, 'allowed-ips', `${TUNNEL[other - 1]}/32`];
    const endpoint = ['endpoint', `${outer(lab, other)}:${PORT}`];
    await lab.run(host, wg, ['set', device, ...self, ...peer, ...endpoint]);
    await lab.run(host, 'ip', ['addr', 'add', `${TUNNEL[host - 1]}/24`, 'dev', device]);
    await lab.run(host, 'ip', ['link', 'set', device, 'mtu', '1440', 'up']);
  }
}

function accepts(lab: Lab, host: number, wg: string): Promise<boolean> {
  return lab.run(host, wg, ['show', deviceName(host)]).then(
    () => true,
    () => false,
  );
}

export const wireguard: Peer = {
  name: 'wireguard-go',
  title: 'wireguard-go',
  layer: 3,
  encrypted: true,
  packages: PACKAGES,
  programs: PROGRAMS,
  async start(lab) {
    await startWireguard(lab);
    return TUNNEL[1];
  },
};

export const wireguardVxlan: Peer = {
  name: 'wireguard-go+vxlan',
  title: 'wireguard-go + VXLAN',
  layer: 2,
  encrypted: true,
  packages: PACKAGES,
  programs: PROGRAMS,
  async start(lab) {
    await startWireguard(lab);
    await addVxlan(lab, TUNNEL, 1370);
    return INNER_TARGET;
  },
};
