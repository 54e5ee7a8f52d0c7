/**
 * A daemon that is replaced while it runs: it starts its successor, which loads everything and waits. Only then it says
 * goodbye to its peers and lets go; the TAP devices pass to the successor as open descriptors.
 */
import { spawn } from 'node:child_process';
import { Socket } from 'node:net';
import { fileProblem } from '../base/file-problems.js';
import { HANDOVER } from './base/service-manager.js';

/** How long a successor may take to be ready, in milliseconds. */
const PATIENCE_MS = 30_000;
/** Followed by the successor's process number and the end of the line. */
const READY = 'ready ';
const GO = 'go\n';

/** A successor that is ready and waits. */
export interface Successor {
  pid: number;
  /** Everything has been let go: it may begin. Resolves once that has been said. */
  go(): Promise<void>;
}

/**
 * Starts this program once more, with descriptors. Rejects with a plain sentence when it does not get ready.
 *
 * The shell between them ends at once, so that the service manager is the parent of the successor: systemd kills a main
 * process that is not its child without leaving it the time to end (`main_pid_alien` in its source).
 */
export function startSuccessor(
  descriptors: readonly number[],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Successor> {
  const line = 3 + descriptors.length;
  const program = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const shell = spawn('/bin/sh', ['-c', '"$@" &', 'sh', ...program], {
    stdio: ['ignore', 'inherit', 'inherit', ...descriptors, 'pipe'],
    env: { ...environment, LISTEN_FDS: String(descriptors.length), [HANDOVER]: String(line) },
  });
  // None where no more files may be opened, which the error of the shell says.
  const pipe = shell.stdio?.[line] as Socket | undefined;
  return new Promise((resolve, reject) => {
    const fail = (why: string) => {
      clearTimeout(timer);
      // Whoever still waits at the other end gives up.
      pipe?.destroy();
      reject(new Error(why));
    };
    const timer = setTimeout(
      () => fail(`the successor was not ready after ${PATIENCE_MS / 1000} s`),
      PATIENCE_MS,
    );
    shell.once('error', (error) => fail(fileProblem(error) ?? error.message));
    pipe?.on('error', () => undefined);
    pipe?.once('close', () => fail('the successor ended before it was ready; what it said is above'));
    pipe?.once('data', (said) => {
      clearTimeout(timer);
      pipe.removeAllListeners('close');
      const go = () => new Promise<void>((told) => pipe.end(GO, () => told()));
      resolve({ pid: Number.parseInt(String(said).slice(READY.length), 10), go });
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
  pipe.write(`${READY}${process.pid}\n`);
  await turn;
  pipe.destroy();
}
