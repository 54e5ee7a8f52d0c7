/** A daemon in a host of a lab, with a configuration of its own, driven through the CLI and the control socket. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'vitest';
import { ControlConnection } from '../../scripts/lab/control.js';
import { hostFolder, type Lab } from '../../scripts/lab/lab.js';
import {
  type KeyPair,
  type MeshOptions,
  meshConfig,
  newKeyPair,
  OCTOLINK,
  OCTOLINKD,
} from '../../scripts/lab/mesh.js';
import type { HostPlan } from '../../scripts/lab/plan.js';
import type { LabProcess } from '../../scripts/lab/process.js';
import { capture, type RunResult, until } from '../../scripts/lab/run.js';
import type { DropCounter, MethodName, Methods } from '../../src/api/index.js';
import { runLines } from '../cli/in-process.js';

const START_PATIENCE_MS = 20_000;
const LOG_LINES = 60;

export class Node {
  readonly folder: string;
  readonly configFile: string;
  readonly socket: string;
  readonly state: string;
  readonly logFile: string;
  daemon!: LabProcess;
  /** What its daemon finds in its environment. */
  env: NodeJS.ProcessEnv = process.env;
  /** Words before its command line, such as a program that takes rights away. */
  wrapper: string[] = [];

  /** `label` tells several daemons of one host apart. */
  constructor(
    readonly lab: Lab,
    readonly host: number,
    readonly label = 'd',
  ) {
    this.folder = hostFolder(lab, host);
    this.configFile = join(this.folder, `${label}.conf`);
    this.socket = join(this.folder, `${label}.sock`);
    this.state = join(this.folder, `${label}.state`);
    this.logFile = join(this.folder, `${label}.log`);
  }

  /** Starts the daemon; `config` replaces its configuration file. */
  async start(config?: string): Promise<this> {
    if (config !== undefined) writeFileSync(this.configFile, config);
    const [program, ...words] = [...this.wrapper, process.execPath, ...this.words()];
    this.daemon = this.lab.start(this.host, program, words, {
      logFile: this.logFile,
      env: this.env,
    });
    await until(
      `the daemon of h${this.host} to open its control socket`,
      () => {
        if (!this.daemon.running) throw new Error(`octolinkd ended: ${this.daemon.lastWords()}`);
        return this.answers();
      },
      START_PATIENCE_MS,
      10,
    );
    return this;
  }

  /** Whether the control socket is served; the file of a killed daemon is not. */
  private async answers(): Promise<boolean> {
    if (!existsSync(this.socket)) return false;
    try {
      await this.call('show.version', {});
      return true;
    } catch {
      return false;
    }
  }

  /** Runs the daemon in the foreground; for starts that must fail and for `--check`. */
  tryStart(config: string | null, more: string[] = []): Promise<RunResult> {
    if (config !== null) writeFileSync(this.configFile, config);
    const inside = ['netns', 'exec', this.lab.hosts[this.host - 1].namespace, process.execPath];
    return capture('ip', [...inside, ...this.words(), ...more], { timeoutMs: START_PATIENCE_MS });
  }

  private words(): string[] {
    const flags = ['--config', this.configFile, '--socket', this.socket, '--state', this.state];
    return [...OCTOLINKD, ...flags];
  }

  /** Runs CLI commands as a program, each by a `-c`, whatever their exit code. */
  tryCli(...commands: string[]): Promise<RunResult> {
    const words = commands.flatMap((command) => ['-c', command]);
    return capture(process.execPath, [OCTOLINK, '-s', this.socket, ...words]);
  }

  /** Runs CLI commands and returns what they print; throws when one fails, which says why on the standard error. */
  async cli(...commands: string[]): Promise<string> {
    const { code, out } = await runLines(this.socket, commands);
    if (code !== 0) throw new Error(`"${commands.join('", "')}" ended with ${code}`);
    return out;
  }

  /** Runs one command and reads its `| json`. */
  async json<T>(command: string): Promise<T> {
    return JSON.parse(await this.cli(`${command} | json`)) as T;
  }

  /** Calls one method of the control socket. */
  async call<M extends MethodName>(method: M, params: Methods[M]['params']): Promise<Methods[M]['result']> {
    const connection = await ControlConnection.open(this.socket);
    try {
      return await connection.call(method, params);
    } finally {
      connection.close();
    }
  }

  /** Applies configuration lines to what runs. */
  async configure(...lines: string[]): Promise<void> {
    await this.call('config.apply', { context: [], lines, mode: 'merge', checkOnly: false });
  }

  waitPeer(peer: string, state: 'up' | 'down' = 'up', timeoutS = 20) {
    return this.call('wait', { peer, state, timeoutS });
  }

  waitLink(peer: string, link: number, state: 'up' | 'down' = 'up', timeoutS = 20) {
    return this.call('wait', { peer, link, state, timeoutS });
  }

  runningConfig(): Promise<string> {
    return this.call('show.runningConfig', {}).then(({ text }) => text);
  }

  /** Count of one drop reason, or of all together. */
  async drops(reason?: string): Promise<number> {
    const found: DropCounter[] = await this.call('show.drops', { all: true });
    return found
      .filter((drop) => reason === undefined || drop.reason === reason)
      .reduce((sum, drop) => sum + drop.count, 0);
  }

  async counter(name: string, peer: string | null = null, link: number | null = null): Promise<number> {
    const found = await this.call('show.counters', {});
    const one = found.find((c) => c.name === name && c.peer === peer && c.link === link);
    if (one === undefined) throw new Error(`there is no counter ${name}`);
    return one.value;
  }

  async mac(name = 'octo0'): Promise<string> {
    const [found] = await this.call('show.interfaces', { interface: name });
    return found.mac as string;
  }

  fileText(): string {
    return readFileSync(this.configFile, 'utf8');
  }

  log(): string {
    return readFileSync(this.logFile, 'utf8');
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    await this.daemon.stop(signal);
  }
}

/** Writes a secret into a host's folder, readable by its owner alone. */
export function writeSecret(lab: Lab, host: number, name: string, secret: string): string {
  const file = join(hostFolder(lab, host), name);
  writeFileSync(file, `${secret}\n`, { mode: 0o600 });
  return file;
}

/** Shows what the daemons logged when a test has failed. */
export function tellOnFailure(context: TestContext, site: Site | undefined): void {
  if (context.task.result?.state !== 'fail' || site === undefined) return;
  for (const node of site.nodes) {
    const lines = node.log().trim().split('\n').slice(-LOG_LINES);
    console.log(`h${node.host}:\n${lines.join('\n')}`);
  }
}

/** A mesh whose hosts may differ in their options. */
export interface Site {
  nodes: Node[];
  keys: KeyPair[];
}

/** Starts a daemon in every host, or in some, configured as a full mesh of all. `dress`: what it runs in. */
export async function startSite(
  lab: Lab,
  optionsOf: (host: number) => MeshOptions = () => ({}),
  edit: (host: number, config: string) => string = (_, config) => config,
  hosts: HostPlan[] = lab.hosts,
  dress: (node: Node) => void = () => {},
): Promise<Site> {
  const keys = lab.hosts.map(newKeyPair);
  const nodes = hosts.map((host) => new Node(lab, host.index));
  for (const node of nodes) {
    const keyFile = writeSecret(lab, node.host, 'octo0.key', keys[node.host - 1].privateKey);
    const publicKeys = keys.map(({ publicKey }) => publicKey);
    const config = meshConfig(lab, node.host, publicKeys, keyFile, optionsOf(node.host));
    dress(node);
    await node.start(edit(node.host, config));
  }
  return { nodes, keys };
}

/** Waits until every link of every pair is up, at both ends. */
export async function waitAllUp({ nodes }: Site, links: number): Promise<void> {
  for (const node of nodes) {
    for (const other of nodes) {
      if (other === node) continue;
      for (let link = 0; link < links; link++) await node.waitLink(`h${other.host}`, link);
    }
  }
}
