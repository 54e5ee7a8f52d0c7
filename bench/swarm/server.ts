/** The server of the swarm: an octolinkd that knows its clients by a file of keys, and what it costs. */
import { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ControlConnection } from '../../scripts/lab/control.js';
import { hostFolder, type Lab } from '../../scripts/lab/lab.js';
import { newKeyPair, OCTOLINKD } from '../../scripts/lab/mesh.js';
import type { LabProcess } from '../../scripts/lab/process.js';
import { until } from '../../scripts/lab/run.js';
import { HOLD_BEATS } from './beats.js';
import { ClientKeys } from './keys.js';
import type { SwarmOptions } from './options.js';

/** Hosts before it are those of `Stations`. */
export const SERVER_HOST = 3;
const UNDERLAY = 1;
const SERVER_PORT = 7700;
const START_PATIENCE_MS = 180_000;

/** Processor time of a process, in ms since its start. */
export interface Processor {
  /** Its control thread: Node's main thread. */
  control: number;
  /** The datapath worker: of its other threads the one that has worked most. */
  worker: number;
  /** All threads. */
  all: number;
}

export class Server {
  readonly publicKey: string;
  readonly keyFile: string;
  private readonly folder: string;
  private readonly socket: string;
  private daemon: LabProcess | undefined;

  /** Writes keys and the configuration. */
  constructor(
    private readonly lab: Lab,
    private readonly options: SwarmOptions,
    private readonly stations: { name: string; publicKey: string }[],
  ) {
    this.folder = hostFolder(lab, SERVER_HOST);
    this.socket = join(this.folder, 'control.sock');
    this.keyFile = join(this.folder, 'clients.keys');
    const pair = newKeyPair();
    this.publicKey = pair.publicKey;
    writeFileSync(join(this.folder, 'octo0.key'), `${pair.privateKey}\n`, { mode: 0o600 });
    const keys = ClientKeys.make(options.clients, this.keyFile);
    writeFileSync(this.authorizedFile, this.authorized(keys), { mode: 0o600 });
    writeFileSync(join(this.folder, 'octolink.conf'), this.configuration());
  }

  private configuration(): string {
    const { intervalMs } = this.options;
    const lines = [
      'hostname server',
      'interface octo0',
      ` private-key-file ${join(this.folder, 'octo0.key')}`,
      ' address 10.96.0.1/11',
      ` listen port ${SERVER_PORT}`,
      ' mac-table limit 131072',
      ' no damping',
      ' peer-template client',
      '  no split-horizon',
      '  link 0',
      '   local 127.0.0.1',
      `   timers interval ${intervalMs} hold ${HOLD_BEATS * intervalMs}`,
      '  exit',
      ' exit',
      ' peer-template station',
      '  no split-horizon',
      '  link 0',
      `   local ${this.underlayAddress}`,
      '  exit',
      ' exit',
      ` authorized-keys ${this.authorizedFile} template client`,
      ' no shutdown',
      'exit',
    ];
    return `${lines.join('\n')}\n`;
  }

  /** Where clients in other hosts reach it. */
  get underlayAddress(): string {
    return this.lab.attachment(SERVER_HOST, UNDERLAY).address;
  }

  readonly port = SERVER_PORT;

  private get authorizedFile(): string {
    return join(this.folder, 'clients.authorized');
  }

  private authorized(keys: ClientKeys): string {
    const line = (client: number): string =>
      `${nameOf(client)} ${Buffer.from(keys.pair(client).publicKey).toString('base64')}\n`;
    const stations = this.stations.map(({ name, publicKey }) => `${name} ${publicKey} template=station\n`);
    return [...stations, ...Array.from({ length: this.options.clients }, (_, client) => line(client))].join(
      '',
    );
  }

  /** Starts the daemon; resolves once it answers, with the ms that took. */
  async start(): Promise<number> {
    const { serverCores, serverFlags } = this.options;
    const files = ['--config', join(this.folder, 'octolink.conf'), '--socket', this.socket];
    const node = [process.execPath, ...serverFlags, ...OCTOLINKD, ...files];
    node.push('--state', join(this.folder, 'state'));
    const line = serverCores === undefined ? node : ['taskset', '-c', serverCores, ...node];
    const started = performance.now();
    const daemon = this.lab.start(SERVER_HOST, line[0], line.slice(1), { logFile: this.logFile });
    this.daemon = daemon;
    const answers = () => {
      if (!daemon.running) throw new Error(`octolinkd ended: ${daemon.lastWords()}`);
      return this.answers();
    };
    await until('the server to answer', answers, START_PATIENCE_MS);
    return performance.now() - started;
  }

  async stop(): Promise<void> {
    await this.daemon?.stop();
  }

  /** Copies the log so far to another place. */
  keepLog(file: string): void {
    copyFileSync(this.logFile, file);
  }

  private get logFile(): string {
    return join(this.folder, 'daemon.log');
  }

  control(): Promise<ControlConnection> {
    return ControlConnection.open(this.socket);
  }

  /** What it has dropped by reason, and `socket-buffer`: what the kernel had no room for, in clients' sockets as well. */
  async drops(): Promise<Record<string, number>> {
    const connection = await this.control();
    const counted = await connection.call('show.drops', {}).finally(() => connection.close());
    const snmp = readFileSync(`/proc/${this.pid}/net/snmp`, 'utf8');
    const [names, values] = snmp.split('\n').filter((line) => line.startsWith('Udp:'));
    const at = names.split(' ').indexOf('RcvbufErrors');
    const drops = counted.map(({ reason, count }) => [reason, count] as const);
    return Object.fromEntries([...drops, ['socket-buffer', Number(values.split(' ')[at])]]);
  }

  /** The latest wake-up of its worker since counters were cleared. */
  async workerLateMs(): Promise<number> {
    const connection = await this.control();
    const { workers } = await connection.call('show.system', {}).finally(() => connection.close());
    return Math.max(...workers.map(({ latenessMaxUs }) => latenessMaxUs ?? 0)) / 1000;
  }

  /** What `show system` says that an idle client holds, in bytes. */
  async bytesHeldByClient(): Promise<number> {
    const connection = await this.control();
    const { peerMemory } = await connection.call('show.system', {}).finally(() => connection.close());
    return peerMemory.find(({ state }) => state === 'idle')?.bytesEach ?? 0;
  }

  private async answers(): Promise<boolean> {
    if (!existsSync(this.socket)) return false;
    try {
      const connection = await this.control();
      await connection.call('show.version', {}).finally(() => connection.close());
      return true;
    } catch {
      return false;
    }
  }

  get residentMiB(): number {
    const status = readFileSync(`/proc/${this.pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)![1]) / 1024;
  }

  get processor(): Processor {
    const ran = (task: string): number => {
      try {
        return Number(readFileSync(`/proc/${this.pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
      } catch {
        return 0;
      }
    };
    const tasks = readdirSync(`/proc/${this.pid}/task`);
    const others = tasks.filter((task) => Number(task) !== this.pid).map(ran);
    const control = ran(String(this.pid));
    return {
      control,
      worker: Math.max(...others),
      all: others.reduce((sum, one) => sum + one, control),
    };
  }

  private get pid(): number {
    return this.daemon!.pid;
  }
}

/** Name of the peer of a client. */
export function nameOf(client: number): string {
  return `c${String(client).padStart(5, '0')}`;
}
