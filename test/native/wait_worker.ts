/** Signals an event from its own thread. */
import { workerData } from 'node:worker_threads';
import { loadNative } from '../../src/native/binding.js';

loadNative().eventSignal((workerData as { fd: number }).fd);
