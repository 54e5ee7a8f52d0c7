/** A datapath in small: seals and opens with its own slot, and reports how many datagrams were authentic. */
import { parentPort, workerData } from 'node:worker_threads';
import { loadNative } from '../../src/native/binding.js';
import { AEAD } from '../../src/native/ops.js';
import { openRow, sealRow } from './rows.js';

const native = loadNative();
const SLOT = 1500;
const { rounds } = workerData as { rounds: number };
const arena = new Uint8Array(4096);
const seal = Int32Array.from(sealRow({ KEY: SLOT, PAYLOAD_OFFSET: 2048, PAYLOAD_LENGTH: 200, SEGMENT: 200 }));
const open = Int32Array.from(openRow({ KEY: SLOT, OFFSET: 0, LENGTH: 232 }));

native.keyInstall(SLOT, AEAD.AES_256_GCM, new Uint8Array(32).fill(1));
let authentic = 0;
for (let i = 0; i < rounds; i++) {
  native.seal(arena, seal, 1);
  authentic += native.open(arena, open, 1);
}
native.keyWipe(SLOT);
parentPort?.postMessage(authentic);
