/** A thread with helpers that does not end by itself. */
import { parentPort } from 'node:worker_threads';
import { loadNative } from '../../src/native/binding.js';

parentPort?.on('message', () => undefined);
parentPort?.postMessage(loadNative().setHelpers(3));
