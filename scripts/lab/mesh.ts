/** A full mesh of Octolink daemons over a lab: keys, configurations, start and readiness. */
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ControlConnection } from './control.js';
import { hostFolder, type Lab } from './lab.js';
import { nodeFlags } from './node-flags.js';
import type { LabProcess } from './process.js';
import { run, until } from './run.js';

/** The tree that this file was built in: `dist/scripts/lab/mesh.js` is three folders below it. */
export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
/**
 * The programs as packages hold them, which start in half the time. Of the daemon also the flags for Node that come before it: with
 * others it is another daemon, whose threads wait for a collector of garbage on threads of less weight.
 */
export const OCTOLINKD: readonly string[] = [
  ...nodeFlags(readFileSync(join(ROOT, 'bin/octolinkd'), 'utf8')),
  join(ROOT, 'dist/bundle/octolinkd.js'),
];
export const OCTOLINK = join(ROOT, 'dist/bundle/octolink.js');
export const PORT = 7700;
const START_PATIENCE_MS = 20_000;

export interface MeshOptions {
  /** Heartbeat interval and hold time in milliseconds; absent: the daemon's defaults. */
  timers?: { interval: number; hold: number };
  /** Gives every link the same priority, so that traffic stays where a cut moved it. */
  samePriority?: boolean;
  /** MTU of octo0 in bytes; absent: the daemon's default. */
  mtu?: number;
  /** Node binary for the daemons; absent: the one that runs this. */
  node?: string;
  /** Flags for Node itself, such as `--cpu-prof`. */
  nodeFlags?: string[];
  /** Whether flapping links are held back, as daemons do by default; absent: no, since labs cut links repeatedly on purpose. */
  damping?: boolean;
  /** Where both ends of a link, by its id, send their datagrams instead of directly to each other. */
  remotes?: Map<number, { address: string; port: number }>;
  /** Changes the configuration of a host before it is written. */
  edit?: (host: number, config: string) => string;
  /** More lines for the interface block, such as `aead chacha20-poly1305`. */
  interfaceLines?: string[];
}

export interface MeshHost {
  index: number;
  name: string;
  /** Its address on the common LAN. */
  lanAddress: string;
  configFile: string;
  socket: string;
  daemon: LabProcess;
  launch(): LabProcess;
}

export interface KeyPair {
  /** Base64 of the 32 bytes, as the configuration has it. */
  publicKey: string;
  privateKey: string;
}

/** A fresh X25519 key pair. */
export function newKeyPair(): KeyPair {
  const jwk = generateKeyPairSync('x25519').privateKey.export({ format: 'jwk' });
  const base64 = (part: string | undefined) => Buffer.from(part!, 'base64url').toString('base64');
  return { publicKey: base64(jwk.x), privateKey: base64(jwk.d) };
}

/** The address of host `index` on the mesh's own LAN. */
export function lanAddress(index: number): string {
  return `10.77.0.${index}`;
}

/**
 * The configuration of one host: a peer for every other host and a link over every underlay that both are
 * attached to. Lower link ids have the higher priority, so links are used in the order of their ids, unless
 * `samePriority` is asked for.
 */
export function meshConfig(
  lab: Lab,
  host: number,
  publicKeys: string[],
  keyFile: string,
  options: MeshOptions = {},
): string {
  const lines = [
    `hostname ${lab.hosts[host - 1].name}`,
    'interface octo0',
    ` private-key-file ${keyFile}`,
    ` address ${lanAddress(host)}/24`,
    ...(options.mtu === undefined ? [] : [` mtu ${options.mtu}`]),
    ` listen port ${PORT}`,
    ' policy passive',
    ...(options.damping ? [] : [' no damping']),
    ...(options.interfaceLines ?? []).map((line) => ` ${line}`),
  ];
  for (const other of lab.hosts) {
    if (other.index === host) continue;
    lines.push(` peer ${other.name}`, `  public-key ${publicKeys[other.index - 1]}`);
    lab.underlays.forEach((underlay, id) => {
      const direct = { address: lab.attachment(other.index, underlay.index).address, port: PORT };
      const remote = options.remotes?.get(id) ?? direct;
      lines.push(
        `  link ${id}`,
        `   local ${lab.attachment(host, underlay.index).address}`,
        `   remote ${remote.address} port ${remote.port}`,
        `   priority ${10 * (options.samePriority ? 1 : lab.underlays.length - id)}`,
      );
      if (options.timers) {
        lines.push(`   timers interval ${options.timers.interval} hold ${options.timers.hold}`);
      }
      lines.push('  exit');
    });
    lines.push(' exit');
  }
  return `${[...lines, ' no shutdown', 'exit'].join('\n')}\n`;
}

export class Mesh {
  private constructor(
    private readonly lab: Lab,
    readonly hosts: MeshHost[],
    private readonly node: string,
  ) {}

  /** Writes keys and configurations, starts a daemon in every host and waits until each has applied its own. */
  static async start(lab: Lab, options: MeshOptions = {}): Promise<Mesh> {
    const node = options.node ?? process.execPath;
    const keys = lab.hosts.map(newKeyPair);
    const publicKeys = keys.map((pair) => pair.publicKey);
    const edit = options.edit ?? ((_, config) => config);
    const hosts = lab.hosts.map(({ index, name }): MeshHost => {
      const folder = hostFolder(lab, index);
      const configFile = join(folder, 'octolink.conf');
      const keyFile = join(folder, 'octo0.key');
      writeFileSync(keyFile, `${keys[index - 1].privateKey}\n`, { mode: 0o600 });
      writeFileSync(configFile, edit(index, meshConfig(lab, index, publicKeys, keyFile, options)));
      const socket = join(folder, 'control.sock');
      const flags = ['--config', configFile, '--socket', socket, '--state', join(folder, 'state')];
      const program = [...(options.nodeFlags ?? []), ...OCTOLINKD];
      const logFile = join(folder, 'daemon.log');
      const launch = () => lab.start(index, node, [...program, ...flags], { logFile });
      return { index, name, lanAddress: lanAddress(index), configFile, socket, launch, daemon: launch() };
    });
    const mesh = new Mesh(lab, hosts, node);
    for (const host of hosts) await mesh.waitForStart(host);
    return mesh;
  }

  /** Starts the daemon of a host again, which has ended. */
  async restart(host: MeshHost): Promise<void> {
    host.daemon = host.launch();
    await this.waitForStart(host);
  }

  /** Runs one CLI command against a host's daemon and returns what it prints. */
  cli(host: number, command: string): Promise<string> {
    const socket = this.hosts[host - 1].socket;
    return run(this.node, [OCTOLINK, '-s', socket, '-c', command]);
  }

  /** Opens the control socket of a host's daemon. */
  control(host: number): Promise<ControlConnection> {
    return ControlConnection.open(this.hosts[host - 1].socket);
  }

  /** Waits until every host has every peer up, over all of its links if `everyLink`. */
  async waitUp(everyLink: boolean, timeoutSeconds = 20): Promise<void> {
    for (const host of this.hosts) {
      const connection = await this.control(host.index);
      try {
        for (const peer of this.hosts) {
          if (peer === host) continue;
          await connection.call('wait', { peer: peer.name, state: 'up', timeoutS: timeoutSeconds });
          for (let link = 0; everyLink && link < this.lab.underlays.length; link++) {
            await connection.call('wait', { peer: peer.name, link, state: 'up', timeoutS: timeoutSeconds });
          }
        }
      } finally {
        connection.close();
      }
    }
  }

  /** Waits until a host's daemon answers, which it does once its configuration is in force. */
  private waitForStart(host: MeshHost): Promise<void> {
    const answers = () => {
      if (!host.daemon.running)
        throw new Error(`octolinkd of ${host.name} ended: ${host.daemon.lastWords()}`);
      return this.answers(host);
    };
    return until(`the daemon of ${host.name} to answer`, answers, START_PATIENCE_MS);
  }

  private async answers(host: MeshHost): Promise<boolean> {
    if (!existsSync(host.socket)) return false;
    try {
      const connection = await this.control(host.index);
      await connection.call('show.version', {}).finally(() => connection.close());
      return true;
    } catch {
      return false;
    }
  }
}
