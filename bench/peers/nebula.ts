/** Nebula, a Layer-3 mesh. */
import { writeFileSync } from 'node:fs';
import { run } from '../../scripts/lab/run.js';
import { INNER_TARGET, outer, type Peer, program, startPeer } from './peer.js';

export const nebula: Peer = {
  name: 'nebula',
  title: 'Nebula, AES',
  layer: 3,
  encrypted: true,
  packages: [{ name: 'nebula', suite: 'trixie' }],
  programs: ['nebula', 'nebula-cert'],
  async start(lab) {
    const inFolder = { cwd: lab.folder };
    await run(program('nebula-cert'), ['ca', '-name', 'bench'], inFolder);
    const anyone = '[{port: any, proto: any, host: any}]';
    for (const host of [1, 2]) {
      const name = `nebula-h${host}`;
      await run(program('nebula-cert'), ['sign', '-name', name, '-ip', `10.77.0.${host}/24`], inFolder);
      const path = `${lab.folder}/${name}`;
      writeFileSync(
        `${path}.yml`,
        [
          `pki: {ca: ${lab.folder}/ca.crt, cert: ${path}.crt, key: ${path}.key}`,
          `static_host_map: {"10.77.0.1": ["${outer(lab, 1)}:4242"], "10.77.0.2": ["${outer(lab, 2)}:4242"]}`,
          'lighthouse: {am_lighthouse: false}',
          'listen: {host: 0.0.0.0, port: 4242}',
          'cipher: aes',
          'tun: {dev: neb0, mtu: 1300}',
          `firewall: {outbound: ${anyone}, inbound: ${anyone}}`,
          'logging: {level: error}',
          '',
        ].join('\n'),
      );
      startPeer(lab, host, 'nebula', ['-config', `${path}.yml`]);
    }
    return INNER_TARGET;
  },
};
