/**
 * Threads of datapath workers. The first one is made before it is known what for: it loads its modules while the control
 * thread loads others and reads the configuration, and a restart is over the sooner.
 */
import { realpathSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { WorkerStart } from '../../worker/worker.js';

/**
 * MiB for what is young in the heap of a worker. It allocates nothing for a frame, but Node would let its start leave 6 MiB of
 * garbage behind that nothing collects later.
 */
const YOUNG_MIB = 2;

let spare: Worker | null = null;

/** Makes a thread for the next worker. */
export function prepareWorker(): void {
  spare ??= newThread();
}

/** Ends the thread that was prepared, if no worker has taken it. */
export function dropSpareThread(): void {
  void spare?.terminate();
  spare = null;
}

/** Starts a worker, in the thread that was prepared or in a new one. */
export function startWorker(start: WorkerStart): Worker {
  const thread = spare ?? newThread();
  spare = null;
  thread.postMessage(start, [start.port]);
  return thread;
}

/** In a folder that was removed, Node starts no thread. */
function leaveRemovedFolder(): void {
  try {
    realpathSync.native('.');
  } catch {
    process.chdir('/');
  }
}

function newThread(): Worker {
  leaveRemovedFolder();
  return new Worker(new URL('../../worker/worker.js', import.meta.url), {
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MIB },
  });
}
