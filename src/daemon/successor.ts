/**
 * A daemon that is replaced while it runs: it starts its successor, which loads everything and waits. Only then it says
 * goodbye to its peers and lets go; the TAP devices pass to the successor as open descriptors.
 */
import { spawn } from 'node:child_process';
import { Socket } from 'node:net';
import { HANDOVER } from './base/service-manager.js';

/** How long a successor may take to be ready, in milliseconds. */
const PATIENCE_MS = 30_000;
const READY = 'ready\n';
const GO = 'go\n';

/** A successor that is ready and waits. */
export interface Successor {
  pid: number;
  /** Everything has been let go: it may begin. Resolves once that has been said. */
  go(): Promise<void>;
}

/** Starts this program once more, with descriptors. Rejects with a plain sentence when it does not get ready. */
export function startSuccessor(
  descriptors: readonly number[],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Successor> {
  const line = 3 + descriptors.length;
  const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    stdio: ['ignore', 'inherit', 'inherit', ...descriptors, 'pipe'],
    env: { ...environment, LISTEN_FDS: String(descriptors.length), [HANDOVER]: String(line) },
  });
  const pipe = child.stdio[line] as Socket;
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`the successor was not ready after ${PATIENCE_MS / 1000} s`));
    }, PATIENCE_MS);
    const failed = (why: string) => {
      clearTimeout(timer);
      reject(new Error(why));
    };
    child.once('error', (error) => failed(error.message));
    child.once('exit', (code, signal) => failed(`the successor ended with ${signal ?? `status ${code}`}`));
    pipe.on('error', () => undefined);
    pipe.once('data', () => {
      clearTimeout(timer);
      const go = () => new Promise<void>((said) => pipe.end(GO, () => said()));
      resolve({ pid: child.pid as number, go });
    });
  });
}

/** In a successor: says that it is ready and waits for its turn; without a predecessor there is nothing to wait for. */
export async function awaitTurn(environment: Readonly<Record<string, string | undefined>>): Promise<void> {
  const fd = environment[HANDOVER];
  if (fd === undefined) return;
  const pipe = new Socket({ fd: Number(fd), readable: true, writable: true });
  const turn = new Promise<void>((resolve, reject) => {
    pipe.once('data', () => resolve());
    pipe.once('error', reject);
    pipe.once('close', () => reject(new Error('the daemon before this one went on after all, or died')));
  });
  pipe.write(READY);
  await turn;
  pipe.destroy();
}
