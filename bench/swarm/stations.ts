/** Two clients beside the crowd that are real daemons with a TAP each, in hosts of their own: what TCP there is between them. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hostFolder, type Lab } from '../../scripts/lab/lab.js';
import { newKeyPair, OCTOLINKD } from '../../scripts/lab/mesh.js';
import { measure } from '../measure.js';
import type { Server } from './server.js';

/** Their hosts. The server has the third. */
export const STATION_HOSTS = [1, 2] as const;
const UNDERLAY = 1;

export class Stations {
  private readonly keys = STATION_HOSTS.map(newKeyPair);

  constructor(private readonly lab: Lab) {}

  /** Their names and public keys. */
  get authorized(): { name: string; publicKey: string }[] {
    return this.keys.map(({ publicKey }, index) => ({ name: `station${index + 1}`, publicKey }));
  }

  /** Starts both; `measure` waits until they reach each other. */
  start(server: Server): void {
    STATION_HOSTS.forEach((host, index) => {
      const folder = hostFolder(this.lab, host);
      const keyFile = join(folder, 'octo0.key');
      const configFile = join(folder, 'octolink.conf');
      writeFileSync(keyFile, `${this.keys[index].privateKey}\n`, { mode: 0o600 });
      writeFileSync(configFile, this.configuration(host, keyFile, server));
      const flags = ['--config', configFile, '--socket', join(folder, 'control.sock')];
      const args = [...OCTOLINKD, ...flags, '--state', join(folder, 'state')];
      this.lab.start(host, process.execPath, args, { logFile: join(folder, 'daemon.log') });
    });
  }

  /** A TCP stream from the first to the second: Gbit/s. */
  async tcp(seconds: number): Promise<number> {
    const bed = { lab: this.lab, target: addressOf(STATION_HOSTS[1]), seconds };
    const { tcp1 = 0 } = await measure(bed, new Set(['tcp1']));
    return tcp1;
  }

  private configuration(host: number, keyFile: string, server: Server): string {
    const lines = [
      `hostname station${host}`,
      'interface octo0',
      ` private-key-file ${keyFile}`,
      ` address ${addressOf(host)}/11`,
      ' peer server',
      `  public-key ${server.publicKey}`,
      '  link 0',
      `   local ${this.lab.attachment(host, UNDERLAY).address}`,
      `   remote ${server.underlayAddress} port ${server.port}`,
      '  exit',
      ' exit',
      ' no shutdown',
      'exit',
    ];
    return `${lines.join('\n')}\n`;
  }
}

/** Of a station on the LAN of the server. */
function addressOf(host: number): string {
  return `10.96.255.${host}`;
}
