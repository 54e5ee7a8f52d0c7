/** A program that runs inside a namespace of the lab until it ends or is stopped. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';

/** How long a stopped program may take to end before it is killed, in milliseconds. */
const STOP_PATIENCE_MS = 5_000;

export interface StartOptions {
  /** Standard output and error go to this file; absent: standard output is readable, errors are dropped. */
  logFile?: string;
  /** Its standard input stays open for {@link LabProcess.say}; it ends when the lab's owner does. */
  input?: boolean;
  env?: NodeJS.ProcessEnv;
  cwd?: string;
}

export class LabProcess {
  private readonly ended: Promise<void>;

  private constructor(
    readonly command: string,
    private readonly child: ChildProcess,
    private readonly logFile: string | undefined,
  ) {
    this.ended = new Promise((resolve) => {
      child.once('exit', () => resolve());
      child.once('error', () => resolve());
    });
  }

  /**
   * Starts `command` in the namespace. It gets its own process session, so that Ctrl-C at the terminal reaches
   * only the lab's owner, which then ends it in an orderly way.
   */
  static start(namespace: string, command: string, args: string[], options: StartOptions = {}): LabProcess {
    const log = options.logFile === undefined ? undefined : openSync(options.logFile, 'a');
    const child = spawn('ip', ['netns', 'exec', namespace, command, ...args], {
      stdio: [options.input ? 'pipe' : 'ignore', log ?? 'pipe', log ?? 'ignore'],
      detached: true,
      env: options.env ?? process.env,
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    if (log !== undefined) closeSync(log);
    return new LabProcess([command, ...args].join(' '), child, options.logFile);
  }

  /** Standard output; only for a program started without a log file. */
  get output(): Readable {
    if (!this.child.stdout) throw new Error(`${this.command} writes to a file`);
    return this.child.stdout;
  }

  /** Writes to its standard input; only for a program started with `input`. */
  say(text: string): void {
    if (!this.child.stdin) throw new Error(`${this.command} reads nothing`);
    this.child.stdin.write(text);
  }

  /** `ip netns exec` becomes the program, so this is the program's own id. */
  get pid(): number {
    return this.child.pid ?? 0;
  }

  get running(): boolean {
    return this.child.pid !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Exit status; null while it runs and when a signal ended it. */
  get exitCode(): number | null {
    return this.child.exitCode;
  }

  /** The last lines of the log file. */
  lastWords(lines = 8): string {
    if (this.logFile === undefined || !existsSync(this.logFile)) return '';
    return readFileSync(this.logFile, 'utf8').trim().split('\n').slice(-lines).join('\n');
  }

  /** Sends a signal if the program still runs. */
  signal(name: NodeJS.Signals): void {
    if (this.running) this.child.kill(name);
  }

  /** Resolves when the program has ended. */
  exit(): Promise<void> {
    return this.ended;
  }

  /** Lets the owner's process end while the program keeps running. */
  leave(): void {
    this.child.unref();
  }

  /** Ends the program with `signal`, with SIGKILL when that does not help in five seconds. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (!this.running) return;
    this.signal(signal);
    const timer = setTimeout(() => this.signal('SIGKILL'), STOP_PATIENCE_MS);
    await this.ended;
    clearTimeout(timer);
  }
}
