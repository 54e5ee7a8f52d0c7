/**
 * `npm run bench -- --workers`: what `workers 1`, `2`, … give, in alternation: TCP through a tunnel, and by itself the sealing of
 * a batch of super-frames, and reading and writing one of many flows. Both daemons, the programs that send and receive, and the helpers share the processors.
 */
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { machine, machineLine } from '../scripts/drill/machine.js';
import { Lab } from '../scripts/lab/lab.js';
import { Mesh } from '../scripts/lab/mesh.js';
import { run } from '../scripts/lab/run.js';
import { MAX_WORKERS } from '../src/config/defaults.js';
import { loadNative } from '../src/native/binding.js';
import { AEAD, SEAL } from '../src/native/ops.js';
import { BATCHES, pause, urgently } from './batches.js';
import type { Figure, Figures } from './figures.js';
import { measure } from './measure.js';
import { INNER_TARGET } from './peers/peer.js';
import { median } from './report.js';
import { TAP_FRAMES } from './tap-queues.js';

/** A flush of the datapath: four super-frames. */
const ROWS = 4;
const SUPER_FRAME = 64_000;
const SEGMENT = 1360;
const OUT = 1 << 20;
const SLOT = 0;
const TAPPING = fileURLToPath(new URL('./tapping.js', import.meta.url));
const KEY = new Uint8Array(32).fill(1);
const AEADS = { 'AES-256-GCM': AEAD.AES_256_GCM, 'ChaCha20-Poly1305': AEAD.CHACHA20_POLY1305 };

/** The rounds of one number of workers, by what was measured. */
type Rounds = Map<string, number[]>;

function note(into: Rounds, what: string, value: number): void {
  into.set(what, [...(into.get(what) ?? []), value]);
}

/** Microseconds that reading a batch of super-frames from the TAP takes, and writing one, the medians of many. */
async function tapping(workers: number): Promise<{ read: number; write: number }> {
  return JSON.parse(await run('unshare', ['-n', process.execPath, TAPPING, String(workers)]));
}

/** Microseconds that the sealing of a batch takes, the median of many. */
function sealing(aead: number, workers: number): number {
  const native = loadNative();
  native.keyInstall(SLOT, aead, KEY, workers - 1);
  const arena = new Uint8Array(2 << 20).fill(7);
  const rows = new Int32Array(ROWS * SEAL.WORDS);
  const sealedBytes = SUPER_FRAME + Math.ceil(SUPER_FRAME / SEGMENT) * 32;
  for (let row = 0; row < ROWS; row++) {
    const words = rows.subarray(row * SEAL.WORDS);
    words[SEAL.KEY] = SLOT;
    words[SEAL.COUNTER_LOW] = row * 100;
    words[SEAL.OUT] = OUT + row * sealedBytes;
    words[SEAL.PREFIX_INDEX] = -1;
    words[SEAL.PAYLOAD_OFFSET] = row * SUPER_FRAME;
    words[SEAL.PAYLOAD_LENGTH] = SUPER_FRAME;
    words[SEAL.SEGMENT] = SEGMENT;
  }
  const times: number[] = [];
  for (let batch = 0; batch < BATCHES; batch++) {
    pause();
    const start = native.now();
    native.seal(arena, rows, ROWS);
    times.push(native.now() - start);
  }
  native.keyWipe(SLOT);
  return median(times)!;
}

async function tunnel(workers: number, seconds: number): Promise<Figures> {
  const lab = await Lab.build({ hosts: 2, underlays: [{ family: 4, direct: true }] });
  try {
    const mesh = await Mesh.start(lab, { interfaceLines: [`workers ${workers}`] });
    await mesh.waitUp(true);
    return await measure({ lab, target: INNER_TARGET, seconds }, new Set(['tcp1', 'tcp8']));
  } finally {
    await lab.remove();
  }
}

/** Measures in rounds and prints a table; returns the exit status. */
export async function workers(rounds: number, seconds: number): Promise<number> {
  const started = machineLine(machine());
  const counts = Array.from(
    { length: Math.max(2, Math.min(MAX_WORKERS, availableParallelism())) },
    (_, i) => i + 1,
  );
  const measured = new Map<number, Rounds>(counts.map((count) => [count, new Map()]));
  for (let round = 0; round < rounds; round++) {
    for (const [count, into] of measured) {
      const figures = await tunnel(count, seconds);
      for (const name of ['tcp1', 'tcp8'] satisfies Figure[]) note(into, `${name}, Gbit/s`, figures[name]!);
      for (const [name, aead] of Object.entries(AEADS))
        note(
          into,
          `${ROWS} super-frames sealed with ${name}, µs`,
          urgently(count, () => sealing(aead, count)),
        );
      const { read, write } = await tapping(count);
      note(into, `${TAP_FRAMES} super-frames of as many flows read, µs`, read);
      note(into, `${TAP_FRAMES} super-frames of as many flows written, µs`, write);
    }
  }
  console.log(`${started}; medians of ${rounds} rounds of ${seconds} s.`);
  console.log('Two daemons with so many workers each, and iperf3 at both ends, share these processors.\n');
  console.log(`| | ${counts.map((count) => `workers ${count}`).join(' | ')} |`);
  console.log(`| --- |${' --- |'.repeat(counts.length)}`);
  for (const what of measured.get(1)!.keys()) {
    const cells = counts.map((count) => median(measured.get(count)!.get(what)!)!.toFixed(2));
    console.log(`| ${what} | ${cells.join(' | ')} |`);
  }
  return 0;
}
