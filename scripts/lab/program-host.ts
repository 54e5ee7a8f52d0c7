/**
 * A host of the lab as programs see it: unpacked packages appear installed, its files below /usr, /etc, /var and /run are
 * its own, and all that runs in it ends with it.
 */
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { LabProcess } from './process.js';
import { capture, type RunOptions, type RunResult, run, until } from './run.js';

const PATIENCE_MS = 10_000;
const PATH = '/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin';

export class ProgramHost {
  private constructor(
    /** Folder for logs, which the system sees as well. */
    readonly folder: string,
    /** Process id of what holds the namespaces. */
    private readonly inside: number,
    private readonly track: (started: LabProcess) => void,
    private readonly namespace: string,
  ) {}

  /** `packages`: a tree to lay over the system's; `name`: what the host calls itself. */
  static async make(
    namespace: string,
    name: string,
    packages: string,
    folder: string,
    track: (started: LabProcess) => void,
  ): Promise<ProgramHost> {
    mkdirSync(join(folder, 'scratch'), { recursive: true });
    const keeper = LabProcess.start(
      namespace,
      'unshare',
      [
        ...['-m', '-u', '-p', '-f', '--kill-child', '--mount-proc', 'sh', '-ec'],
        layOver(packages, join(folder, 'scratch'), name),
      ],
      { logFile: join(folder, 'keeper.log') },
    );
    track(keeper);
    let inside = 0;
    await until(
      `a file system for ${name}`,
      () => {
        if (!keeper.running) throw new Error(`no file system for ${name}: ${keeper.lastWords()}`);
        inside = Number(
          readFileSync(`/proc/${keeper.pid}/task/${keeper.pid}/children`, 'utf8').split(' ')[0],
        );
        return keeper.lastWords().includes('ready');
      },
      PATIENCE_MS,
      20,
    );
    return new ProgramHost(folder, inside, track, namespace);
  }

  /** Runs a shell script; throws unless it ends with 0. */
  sh(script: string, options: RunOptions = {}): Promise<string> {
    return run('nsenter', this.words('sh', '-ec', script), this.withPath(options));
  }

  /** The same, whatever its status. */
  try(script: string, options: RunOptions = {}): Promise<RunResult> {
    return capture('nsenter', this.words('sh', '-c', script), this.withPath(options));
  }

  /** Starts a program that stays; what it prints is in the log of its `name`. */
  start(name: string, script: string): LabProcess {
    const started = LabProcess.start(this.namespace, 'nsenter', this.words('sh', '-c', `exec ${script}`), {
      logFile: this.logFile(name),
      env: this.withPath({}).env!,
    });
    this.track(started);
    return started;
  }

  /** Writes a file below /usr, /etc, /var or /run, where only this host sees it, or anywhere else. */
  async file(path: string, text: string): Promise<void> {
    await this.sh(`mkdir -p ${dirname(path)}; cat > ${path}`, { input: text });
  }

  log(name: string): string {
    return readFileSync(this.logFile(name), 'utf8');
  }

  /** The last lines of every log, each under `title` and its name. */
  lastWords(title: string): string {
    const logs = readdirSync(this.folder).filter((file) => file.endsWith('.log') && file !== 'keeper.log');
    return logs
      .map(
        (file) =>
          `--- ${title} ${file}\n${readFileSync(join(this.folder, file), 'utf8').trim().split('\n').slice(-6).join('\n')}`,
      )
      .join('\n');
  }

  /** Waits until the log of a program says so. */
  async says(name: string, wanted: RegExp, timeoutMs = 30_000): Promise<void> {
    await until(`${name} to say ${wanted}`, () => wanted.test(this.log(name)), timeoutMs).catch(
      (error: Error) => {
        throw new Error(
          `${error.message}; it says: ${this.log(name).trim().split('\n').slice(-5).join(' / ')}`,
        );
      },
    );
  }

  /** Waits until a script ends with 0. */
  async holds(what: string, script: string, timeoutMs = 30_000): Promise<void> {
    await until(what, async () => (await this.try(script)).code === 0, timeoutMs, 200);
  }

  /** Adds users and groups that the packages would have made when they were installed. */
  async users(...names: string[]): Promise<void> {
    const lines = names.map(
      (name, i) =>
        `echo ${name}:x:${900 + i}:${900 + i}::/:/bin/false >> /etc/passwd; echo ${name}:x:${900 + i}:root >> /etc/group`,
    );
    await this.sh(lines.join('\n'));
  }

  private logFile(name: string): string {
    return join(this.folder, `${name}.log`);
  }

  private words(...command: string[]): string[] {
    return ['-t', String(this.inside), '-m', '-u', '-n', '-p', '--', ...command];
  }

  private withPath(options: RunOptions): RunOptions {
    return { ...options, env: { ...process.env, PATH, LC_ALL: 'C.UTF-8' } };
  }
}

function layOver(packages: string, scratch: string, name: string): string {
  return `
    mount -t tmpfs tmpfs ${scratch}
    for part in usr etc var boot; do
      [ -d ${packages}/$part ] || continue
      mkdir -p ${scratch}/$part.up ${scratch}/$part.work
      mount -t overlay overlay -o lowerdir=${packages}/$part:/$part,upperdir=${scratch}/$part.up,workdir=${scratch}/$part.work /$part
    done
    mount -t tmpfs tmpfs /run
    mount -t tmpfs tmpfs /dev/shm
    mkdir -p /run/lock
    hostname ${name}
    echo ready
    exec sleep infinity`;
}
