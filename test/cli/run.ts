/** Runs the built `octolink` as a process of its own, against a fake daemon. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { OCTOLINK } from '../../scripts/lab/mesh.js';
import { startServer } from '../control/fixtures.js';

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

/**
 * A daemon of the example, or with that many peers `p0`, `p1`, … It answers in this process: what asks it must not
 * make this process wait (`spawnSync`).
 */
export async function startFakeDaemon(peers?: number): Promise<FakeDaemon> {
  const { path, folder, backend, stop } = await startServer();
  if (peers !== undefined) {
    const [octo0] = backend.config.interfaces;
    const [example] = octo0.peers;
    octo0.peers = Array.from({ length: peers }, (_, number) => ({ ...example, name: `p${number}` }));
  }
  backend.startupFile = `${folder}/startup.conf`;
  return { socket: path, stop };
}
