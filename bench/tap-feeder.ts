/**
 * The thread that makes the super-frames of `tap-queues.ts`: on another processor than the one that reads them, as programs
 * are. Writes its batch once for each number that `turns[0]` is set to, and sets `turns[1]` to it; ends at -1.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { loadNative } from '../src/native/binding.js';

export interface Feed {
  turns: Int32Array;
  /** Frames, and the rows that write them to the TAP. */
  bytes: Uint8Array;
  ops: Int32Array;
  count: number;
  fd: number;
}

const { turns, bytes, ops, count, fd } = workerData as Feed;
const native = loadNative();
native.setScheduling('round-robin', 1);
parentPort?.postMessage('ready');
for (let turn = 0; ; ) {
  Atomics.wait(turns, 0, turn);
  turn = Atomics.load(turns, 0);
  if (turn < 0) break;
  native.tapWrite(bytes, fd, ops, count);
  Atomics.store(turns, 1, turn);
}
