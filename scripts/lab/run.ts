/** Running other programs from the lab, the demo and the benchmarks. */
import { spawn } from 'node:child_process';

export interface RunOptions {
  /** Text for the program's standard input. */
  input?: string;
  /** Kill the program after this many milliseconds; absent: never. */
  timeoutMs?: number;
  env?: NodeJS.ProcessEnv;
  cwd?: string;
}

export interface RunResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A program that ended with a status other than 0; `message` holds its command line and its last output. */
export class CommandError extends Error {
  constructor(
    readonly command: string,
    readonly result: RunResult,
  ) {
    const words = (result.stderr || result.stdout).trim().split('\n').slice(-4).join(' / ');
    super(`\`${command}\` ended with status ${result.code}: ${words || 'no output'}`);
    this.name = 'CommandError';
  }
}

/** Runs a program to its end, whatever its status; throws only if it cannot be started. */
export function capture(command: string, args: string[], options: RunOptions = {}): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: options.env ?? process.env,
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs, killSignal: 'SIGKILL' }),
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    // A program may end before it has read its input; its status shows that, not a broken pipe here.
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? '');
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/** Runs a program and returns its standard output; throws {@link CommandError} unless its status is 0. */
export async function run(command: string, args: string[], options: RunOptions = {}): Promise<string> {
  const result = await capture(command, args, options);
  if (result.code !== 0) throw new CommandError([command, ...args].join(' '), result);
  return result.stdout;
}

/** Resolves after `ms` milliseconds. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/**
 * Asks `condition` every `everyMs` until it holds.
 * @throws Error naming `what` when it does not hold within `timeoutMs`.
 */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs: number,
  everyMs = 50,
): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`gave up after ${timeoutMs} ms waiting for ${what}`);
    await pause(everyMs);
  }
}
