/** Runs the built `octolink` and a fake daemon as processes of their own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { OCTOLINK } from '../../scripts/lab/mesh.js';

const FAKE_DAEMON = new URL('./fake-daemon.js', import.meta.url).pathname;

export interface RunResult {
  code: number | null;
  out: string;
  err: string;
}

/** Runs `octolink` with arguments and input to its end. */
export async function octolink(args: string[], input = '', socket?: string): Promise<RunResult> {
  const env = { ...process.env, ...(socket !== undefined && { OCTOLINK_SOCKET: socket }) };
  const child = spawn(process.execPath, [OCTOLINK, ...args], { env });
  const result: RunResult = { code: null, out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => {
    result.out += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    result.err += chunk.toString();
  });
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const [code] = (await once(child, 'close')) as [number | null];
  return { ...result, code };
}

export interface FakeDaemon {
  socket: string;
  stop(): Promise<void>;
}

/** Starts a daemon of the example, or with that many peers `p0`, `p1`, … */
export async function startFakeDaemon(peers?: number): Promise<FakeDaemon> {
  const words = peers === undefined ? [] : [String(peers)];
  const child: ChildProcess = spawn(process.execPath, [FAKE_DAEMON, ...words], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(child.stdout as NonNullable<typeof child.stdout>, 'data')) as [Buffer];
  const stop = async () => {
    child.kill('SIGTERM');
    await once(child, 'exit');
  };
  return { socket: line.toString().trim(), stop };
}
