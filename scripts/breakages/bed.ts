/** Hosts with daemons that a case breaks, and what the CLI of the first one says. */
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ControlConnection } from '../lab/control.js';
import { hostFolder, type Lab } from '../lab/lab.js';
import { type KeyPair, type MeshOptions, meshConfig, OCTOLINK, OCTOLINKD } from '../lab/mesh.js';
import type { LabProcess } from '../lab/process.js';
import { capture, until } from '../lab/run.js';

const PATIENCE_MS = 30_000;

export class Bed {
  /** Connections that a case keeps open. */
  held: ControlConnection[] = [];
  private readonly daemons = new Map<number, LabProcess>();

  constructor(
    readonly lab: Lab,
    private readonly keys: readonly KeyPair[],
    /** What a host's configuration is made of the one of a full mesh; hosts count from 1. */
    private readonly edit: (host: number, config: string) => string,
    private readonly options: MeshOptions,
  ) {}

  publicKey(host: number): string {
    return this.keys[host - 1].publicKey;
  }

  /** Starts the daemon of a host. `key`: the host whose key it has; `nodeFlags`: for its Node. */
  async start(host: number, key = host, nodeFlags: string[] = []): Promise<void> {
    const folder = hostFolder(this.lab, host);
    const keyFile = join(folder, 'octo0.key');
    const configFile = join(folder, 'octolink.conf');
    rmSync(keyFile, { force: true });
    writeFileSync(keyFile, `${this.keys[key - 1].privateKey}\n`, { mode: 0o600 });
    const publicKeys = this.keys.map(({ publicKey }) => publicKey);
    const config = meshConfig(this.lab, host, publicKeys, keyFile, this.options);
    writeFileSync(configFile, this.edit(host, config));
    const words = ['--config', configFile, '--socket', this.socket(host), '--state', join(folder, 'state')];
    const program = [...nodeFlags, ...OCTOLINKD, ...words];
    const daemon = this.lab.start(host, process.execPath, program, { logFile: join(folder, 'log') });
    this.daemons.set(host, daemon);
    await until(`the daemon of h${host} to answer`, () => this.answers(host, daemon), PATIENCE_MS);
  }

  private async answers(host: number, daemon: LabProcess): Promise<boolean> {
    if (!daemon.running) throw new Error(`octolinkd of h${host} ended: ${daemon.lastWords()}`);
    if (!existsSync(this.socket(host))) return false;
    const answer = await capture(process.execPath, [OCTOLINK, '-s', this.socket(host), '-c', 'show version']);
    return answer.code === 0;
  }

  async stop(host: number): Promise<void> {
    await this.daemons.get(host)?.stop();
    this.daemons.delete(host);
  }

  /** Takes away what the daemon of a host kept on disk. */
  forget(host: number): void {
    rmSync(join(hostFolder(this.lab, host), 'state'), { recursive: true, force: true });
  }

  /** Ends every daemon and forgets what they kept. */
  async clear(): Promise<void> {
    for (const host of [...this.daemons.keys()]) await this.stop(host);
    for (const { index } of this.lab.hosts) this.forget(index);
  }

  /** What a command prints, errors included. */
  async says(command: string, host = 1): Promise<string> {
    const program = [OCTOLINK, '-s', this.socket(host), '-c', command];
    const { stdout, stderr } = await capture(process.execPath, program);
    return stdout + stderr;
  }

  /** Waits until a command prints what fits, and gives it. */
  async until(command: string, wanted: RegExp): Promise<string> {
    let said = '';
    await until(
      `"${command}" to say ${wanted}`,
      async () => {
        said = await this.says(command);
        return wanted.test(said);
      },
      PATIENCE_MS,
      500,
    ).catch((error: Error) => {
      throw new Error(`${error.message}; it says:\n${said}`);
    });
    return said;
  }

  connect(host = 1): Promise<ControlConnection> {
    return ControlConnection.open(this.socket(host));
  }

  socket(host: number): string {
    return join(hostFolder(this.lab, host), 'control.sock');
  }
}
