/** Files of Unix sockets: one that nobody listens on is in the way, one that is answered is another daemon's. */
import { lstat, unlink } from 'node:fs/promises';
import { connect } from 'node:net';

const PROBE_MS = 1_000;

/** Removes a socket that no process listens on. Throws when one does, or when the file is no socket. */
export async function removeStaleSocket(path: string): Promise<void> {
  const stat = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (stat === null) return;
  if (!stat.isSocket()) throw new Error(`${path} exists and is not a socket`);
  if (await isAnswered(path)) throw new Error(`another daemon answers on ${path}`);
  await unlink(path);
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const probe = connect(path);
    const finish = (answer: boolean) => {
      probe.destroy();
      resolve(answer);
    };
    // A listener whose queue is full is alive as well.
    probe.setTimeout(PROBE_MS, () => finish(true));
    probe.on('connect', () => finish(true));
    probe.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED' || error.code === 'ENOENT') finish(false);
      else if (error.code === 'EAGAIN') finish(true);
      else reject(new Error(`cannot tell whether ${path} is in use: ${error.message}`));
    });
  });
}
