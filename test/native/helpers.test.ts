import { readdirSync, readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import * as fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { loadNative } from '../../src/native/binding.js';
import { AEAD, OPEN, SEAL } from '../../src/native/ops.js';
import { openRow, sealRow } from './rows.js';

const native = loadNative();
/** A slot that helpers hold too, one above those that they may hold, and one that stays empty. */
const SLOTS = [20, 5000];
const EMPTY = 21;
const KEY = new Uint8Array(32).fill(7);
const MOST = 3;
const OVERHEAD = 32;
const OUT = 1 << 17;
const TEXT = Uint8Array.from({ length: OUT }, (_, i) => i * 31);

afterEach(() => {
  native.setHelpers(0);
  for (const slot of SLOTS) native.keyWipe(slot);
});

interface Batch {
  rows: { slot: number; length: number; segment: number; lead: number; inPlace: boolean }[];
  /** Places, as a share of all opened rows, of datagrams that are forged. */
  forged: number[];
}

const batches: fc.Arbitrary<Batch> = fc.record({
  rows: fc.array(
    fc.record({
      slot: fc.constantFrom(...SLOTS, ...SLOTS, EMPTY),
      length: fc.oneof(fc.integer({ min: 0, max: 3000 }), fc.integer({ min: 30_000, max: 64_000 })),
      segment: fc.integer({ min: 200, max: 9000 }),
      lead: fc.integer({ min: 0, max: 40 }),
      inPlace: fc.boolean(),
    }),
    { minLength: 1, maxLength: 12 },
  ),
  forged: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 4 }),
});

/** All that sealing and opening a batch leave behind, and the verdicts. */
function outcome({ rows, forged }: Batch, helpers: number) {
  expect(native.setHelpers(helpers)).toBe(helpers);
  for (const slot of SLOTS) native.keyInstall(slot, AEAD.AES_256_GCM, KEY, helpers);
  const arena = new Uint8Array(2 << 20);
  arena.set(TEXT);
  let out = OUT;
  const seals = rows.flatMap(({ slot, length, segment, lead, inPlace }, i) => {
    const row = sealRow({
      KEY: slot,
      COUNTER_LOW: 1000 * i,
      OUT: out,
      PREFIX_LENGTH: lead,
      PAYLOAD_OFFSET: inPlace ? out + 16 + lead : 1000 + i,
      PAYLOAD_LENGTH: length,
      SEGMENT: segment,
    });
    if (inPlace) arena.set(arena.subarray(i, i + length), out + 16 + lead);
    out += length + Math.ceil(Math.max(1, length / segment)) * (OVERHEAD + lead);
    return row;
  });
  const sealed = Int32Array.from(seals);
  const made = native.seal(arena, sealed, rows.length);
  const bytesSealed = arena.slice(OUT, out);

  const opens: number[] = [];
  rows.forEach(({ slot, lead }, i) => {
    const row = sealed.subarray(i * SEAL.WORDS);
    const stride = Math.min(row[SEAL.SEGMENT], Math.max(row[SEAL.PAYLOAD_LENGTH], 0)) + lead + OVERHEAD;
    for (let at = 0; at < row[SEAL.RESULT]; at += stride) {
      const length = Math.min(stride, row[SEAL.RESULT] - at);
      opens.push(...openRow({ KEY: slot, OFFSET: row[SEAL.OUT] + at, LENGTH: length }));
    }
    if (row[SEAL.RESULT] < 0) opens.push(...openRow({ KEY: slot, OFFSET: row[SEAL.OUT], LENGTH: 100 }));
  });
  const opened = Int32Array.from(opens);
  const count = opened.length / OPEN.WORDS;
  for (const place of forged)
    arena[opened[Math.floor(place * (count - 1)) * OPEN.WORDS + OPEN.OFFSET] + 20] ^= 1;
  const authentic = native.open(arena, opened, count);
  return { made, sealed, bytesSealed, authentic, opened, bytesOpened: arena.subarray(OUT, out) };
}

test('a batch gives the same bytes and the same verdicts with any number of helpers', () => {
  fc.assert(
    fc.property(batches, (batch) => {
      const alone = outcome(batch, 0);
      for (let helpers = 1; helpers <= MOST; helpers++) {
        const shared = outcome(batch, helpers);
        expect(shared.made).toBe(alone.made);
        expect(shared.authentic).toBe(alone.authentic);
        expect(shared.sealed).toEqual(alone.sealed);
        expect(shared.opened).toEqual(alone.opened);
        expect(Buffer.compare(shared.bytesSealed, alone.bytesSealed)).toBe(0);
        expect(Buffer.compare(shared.bytesOpened, alone.bytesOpened)).toBe(0);
      }
    }),
    { numRuns: 40 },
  );
});

/** Names of the threads of this process that are helpers. */
function helperThreads(): string[] {
  const names = readdirSync('/proc/self/task').map((task) => {
    try {
      return readFileSync(`/proc/self/task/${task}/comm`, 'utf8').trim();
    } catch {
      return ''; // it has ended meanwhile
    }
  });
  return names.filter((name) => name.startsWith('octo-helper-')).sort();
}

test('helpers are as many as were asked for last, and end with their thread', async () => {
  expect(native.setHelpers(2)).toBe(2);
  expect(native.setHelpers(1)).toBe(1);
  expect(native.setHelpers(0)).toBe(0);
  expect(helperThreads()).toEqual([]);
  const worker = new Worker(new URL('./helpers_worker.js', import.meta.url));
  await new Promise((resolve) => worker.once('message', resolve));
  await worker.terminate();
  expect(helperThreads()).toEqual([]);
});

test('more helpers than there may be are refused', () => {
  expect(() => native.setHelpers(8)).toThrow('0 to 7');
  expect(() => native.setHelpers(-1)).toThrow('0 to 7');
});
