import { createCipheriv, randomBytes } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import * as fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { loadNative } from '../../src/native/binding.js';
import { AEAD, OPEN, SEAL } from '../../src/native/ops.js';
import { openRow, sealRow } from './rows.js';

const native = loadNative();
const SLOT = 77;
/** Of the slots that OpenSSL has in any case; the lowest are of whichever library is faster here. */
const OPENSSL_SLOT = 5077;
const HEADER = 16;
const TAG = 16;
const SUITES = [AEAD.AES_256_GCM, AEAD.CHACHA20_POLY1305];

console.log(`AES-256-GCM by ${native.aeadLibrary(AEAD.AES_256_GCM)} and OpenSSL`);

afterEach(() => {
  native.keyWipe(SLOT);
  native.keyWipe(OPENSSL_SLOT);
});

/** What `seal` shall do, by node:crypto. */
interface Run {
  slot: number;
  aead: number;
  key: Uint8Array;
  type: number;
  stream: number;
  receiver: number;
  counter: bigint;
  prefix: Uint8Array;
  prefixIndex: number;
  head: Uint8Array;
  payload: Uint8Array;
  segment: number;
}

function referenceDatagrams(run: Run): Buffer[] {
  const datagrams: Buffer[] = [];
  const count = Math.max(1, Math.ceil(run.payload.length / run.segment));
  for (let i = 0; i < count; i++) {
    const header = Buffer.alloc(HEADER);
    header.writeUInt8(run.type, 0);
    header.writeUInt8(run.stream, 1);
    header.writeUInt32BE(run.receiver, 4);
    header.writeBigUInt64BE(run.counter + BigInt(i), 8);
    const nonce = Buffer.alloc(12);
    nonce.writeUInt32BE(run.stream, 0);
    nonce.writeBigUInt64BE(run.counter + BigInt(i), 4);
    const prefix = Buffer.from(run.prefix);
    if (run.prefixIndex >= 0) {
      prefix.writeUInt16BE((prefix.readUInt16BE(run.prefixIndex) + i) & 0xffff, run.prefixIndex);
    }
    const slice = run.payload.subarray(i * run.segment, (i + 1) * run.segment);
    const name = run.aead === AEAD.AES_256_GCM ? 'aes-256-gcm' : 'chacha20-poly1305';
    const cipher = createCipheriv(name as 'aes-256-gcm', run.key, nonce, { authTagLength: TAG });
    cipher.setAAD(header);
    const body = cipher.update(Buffer.concat([prefix, run.head, slice]));
    cipher.final();
    datagrams.push(Buffer.concat([header, body, cipher.getAuthTag()]));
  }
  return datagrams;
}

const bytes = (maxLength: number) => fc.uint8Array({ minLength: 0, maxLength });

const runs: fc.Arbitrary<Run> = fc
  .record({
    slot: fc.constantFrom(SLOT, OPENSSL_SLOT),
    aead: fc.constantFrom(...SUITES),
    key: fc.uint8Array({ minLength: 32, maxLength: 32 }),
    type: fc.integer({ min: 0, max: 255 }),
    stream: fc.integer({ min: 0, max: 255 }),
    receiver: fc.integer({ min: 0, max: 0xffff_ffff }),
    counter: fc.bigInt({ min: 0n, max: 2n ** 64n - 200n }),
    prefix: bytes(40),
    wantsIndex: fc.boolean(),
    head: bytes(40),
    payloadLength: fc.oneof(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 0, max: 65_000 })),
    payloadSeed: fc.integer({ min: 0, max: 255 }),
    datagrams: fc.integer({ min: 1, max: 100 }),
  })
  .map(({ wantsIndex, payloadLength, payloadSeed, datagrams, ...run }) => ({
    ...run,
    prefixIndex: wantsIndex && run.prefix.length >= 2 ? run.prefix.length - 2 : -1,
    payload: Uint8Array.from({ length: payloadLength }, (_, i) => (i * 31 + payloadSeed) & 0xff),
    segment: Math.max(1, Math.ceil(payloadLength / datagrams)),
  }));

/** Places a run in an arena and seals it: prefix, head and payload first, the output after them. */
function sealRun(arena: Uint8Array, run: Run, out: number, inPlace: boolean): Int32Array {
  const lead = run.prefix.length + run.head.length;
  const payloadOffset = inPlace ? out + HEADER + lead : 1000;
  arena.set(run.prefix, 0);
  arena.set(run.head, 500);
  arena.set(run.payload, payloadOffset);
  const row = Int32Array.from(
    sealRow({
      KEY: run.slot,
      TYPE: run.type,
      STREAM: run.stream,
      RECEIVER: run.receiver,
      COUNTER_LOW: Number(run.counter & 0xffff_ffffn),
      COUNTER_HIGH: Number(run.counter >> 32n),
      OUT: out,
      PREFIX_OFFSET: 0,
      PREFIX_LENGTH: run.prefix.length,
      PREFIX_INDEX: run.prefixIndex,
      HEAD_OFFSET: 500,
      HEAD_LENGTH: run.head.length,
      PAYLOAD_OFFSET: payloadOffset,
      PAYLOAD_LENGTH: run.payload.length,
      SEGMENT: run.segment,
    }),
  );
  native.keyInstall(run.slot, run.aead, run.key);
  native.seal(arena, row, 1);
  return row;
}

test('seals like node:crypto and opens again, runs and payloads in place too', () => {
  const arena = new Uint8Array(new SharedArrayBuffer(1 << 18));
  const out = 1 << 17;
  fc.assert(
    fc.property(runs, fc.boolean(), (run, inPlace) => {
      const expected = referenceDatagrams(run);
      const row = sealRun(arena, run, out, inPlace);
      const total = Buffer.concat(expected);
      expect(row[SEAL.RESULT]).toBe(total.length);
      expect(Buffer.compare(arena.subarray(out, out + total.length), total)).toBe(0);

      const rows: number[] = [];
      let offset = out;
      for (const datagram of expected) {
        rows.push(...openRow({ KEY: run.slot, OFFSET: offset, LENGTH: datagram.length }));
        offset += datagram.length;
      }
      const opened = Int32Array.from(rows);
      expect(native.open(arena, opened, expected.length)).toBe(expected.length);
      const slices: Uint8Array[] = [];
      const lead = run.prefix.length + run.head.length;
      for (let i = 0; i < expected.length; i++) {
        const start = opened[i * OPEN.WORDS + OPEN.OFFSET] + HEADER + lead;
        const end = opened[i * OPEN.WORDS + OPEN.OFFSET] + opened[i * OPEN.WORDS + OPEN.LENGTH] - TAG;
        expect(Buffer.compare(arena.subarray(start - run.head.length, start), run.head)).toBe(0);
        slices.push(arena.slice(start, end));
      }
      expect(Buffer.compare(Buffer.concat(slices), run.payload)).toBe(0);
    }),
    { numRuns: 400 },
  );
});

const sample: Run = {
  slot: SLOT,
  aead: AEAD.AES_256_GCM,
  key: randomBytes(32),
  type: 4,
  stream: 3,
  receiver: 0xdead_beef,
  counter: 5n,
  prefix: Uint8Array.of(1, 2, 3),
  prefixIndex: -1,
  head: Uint8Array.of(9),
  payload: randomBytes(90),
  segment: 90,
};

test.each([
  { slot: SLOT, aead: AEAD.AES_256_GCM },
  { slot: OPENSSL_SLOT, aead: AEAD.AES_256_GCM },
  { slot: SLOT, aead: AEAD.CHACHA20_POLY1305 },
])('AEAD $aead in slot $slot: any flipped bit is rejected and leaves no plaintext', ({ slot, aead }) => {
  const out = 4096;
  const arena = new Uint8Array(8192);
  const length = sealRun(arena, { ...sample, slot, aead }, out, false)[SEAL.RESULT];
  const sealed = arena.slice(out, out + length);
  const row = Int32Array.from(openRow({ KEY: slot, OFFSET: out, LENGTH: length }));
  for (let bit = 0; bit < length * 8; bit++) {
    // Flags and type are authenticated like everything else of the header.
    arena.set(sealed, out);
    arena[out + (bit >> 3)] ^= 1 << (bit & 7);
    expect(native.open(arena, row, 1), `bit ${bit}`).toBe(0);
    expect(row[OPEN.RESULT]).toBe(-1);
    expect(arena.subarray(out + HEADER, out + length - TAG).every((byte) => byte === 0)).toBe(true);
  }
  arena.set(sealed, out);
  expect(native.open(arena, row, 1)).toBe(1);
});

test('a forged datagram does not stop the rows after it', () => {
  const arena = new Uint8Array(8192);
  const length = sealRun(arena, sample, 4096, false)[SEAL.RESULT];
  const rows = Int32Array.from([
    ...openRow({ KEY: SLOT, OFFSET: 0, LENGTH: 64 }),
    ...openRow({ KEY: SLOT, OFFSET: 4096, LENGTH: length }),
  ]);
  expect(native.open(arena, rows, 2)).toBe(1);
  expect([rows[OPEN.RESULT], rows[OPEN.WORDS + OPEN.RESULT]]).toEqual([-1, 0]);
});

test('an empty or wiped slot seals and opens nothing', () => {
  const arena = new Uint8Array(8192);
  const length = sealRun(arena, sample, 4096, false)[SEAL.RESULT];
  const before = arena.slice();
  const open = Int32Array.from(openRow({ KEY: SLOT, OFFSET: 4096, LENGTH: length }));
  const seal = Int32Array.from(sealRow({ KEY: SLOT, OUT: 4096, PAYLOAD_LENGTH: 40, SEGMENT: 40 }));
  native.keyWipe(SLOT);
  native.keyWipe(SLOT);
  expect(native.open(arena, open, 1)).toBe(0);
  expect(open[OPEN.RESULT]).toBe(-2);
  expect(native.seal(arena, seal, 1)).toBe(0);
  expect(seal[SEAL.RESULT]).toBe(-1);
  expect(arena).toEqual(before);
});

test('another key does not open', () => {
  const arena = new Uint8Array(8192);
  const length = sealRun(arena, sample, 4096, false)[SEAL.RESULT];
  native.keyInstall(SLOT, sample.aead, randomBytes(32));
  const row = Int32Array.from(openRow({ KEY: SLOT, OFFSET: 4096, LENGTH: length }));
  expect(native.open(arena, row, 1)).toBe(0);
});

test('a counter that would wrap is refused: a nonce never repeats', () => {
  const arena = new Uint8Array(8192);
  const run = { ...sample, counter: 2n ** 64n - 2n, segment: 30 };
  expect(sealRun(arena, run, 4096, false)[SEAL.RESULT]).toBe(-1);
});

test.each([
  { OUT: -1 },
  { OUT: 8192 - 100 },
  { PREFIX_OFFSET: 8190, PREFIX_LENGTH: 3 },
  { PREFIX_LENGTH: 3, PREFIX_INDEX: 2 },
  { PREFIX_INDEX: -2 },
  { HEAD_OFFSET: -4, HEAD_LENGTH: 4 },
  { HEAD_LENGTH: -1 },
  { PAYLOAD_OFFSET: 8192, PAYLOAD_LENGTH: 1 },
  { PAYLOAD_OFFSET: 0x7fff_ffff, PAYLOAD_LENGTH: 0x7fff_ffff },
  { SEGMENT: 0 },
  { SEGMENT: 1, PAYLOAD_LENGTH: 4000 },
  { KEY: -1 },
  { KEY: 1 << 20 },
])('a seal row outside the arena or the table is refused: %j', (bad) => {
  const arena = new Uint8Array(8192).fill(0xaa);
  const before = arena.slice();
  native.keyInstall(SLOT, AEAD.AES_256_GCM, sample.key);
  const fields = { KEY: SLOT, OUT: 0, PAYLOAD_OFFSET: 4096, PAYLOAD_LENGTH: 100, SEGMENT: 100, ...bad };
  const row = Int32Array.from(sealRow(fields));
  expect(native.seal(arena, row, 1)).toBe(0);
  expect(row[SEAL.RESULT]).toBe(-1);
  expect(arena).toEqual(before);
});

test.each([
  { OFFSET: 0, LENGTH: 31 },
  { OFFSET: -1, LENGTH: 64 },
  { OFFSET: 8192 - 63, LENGTH: 64 },
  { OFFSET: 0, LENGTH: -64 },
])('an open row that is too short or outside the arena is refused: %j', (bad) => {
  const arena = new Uint8Array(8192).fill(0xaa);
  const before = arena.slice();
  native.keyInstall(SLOT, AEAD.AES_256_GCM, sample.key);
  const row = Int32Array.from(openRow({ KEY: SLOT, ...bad }));
  expect(native.open(arena, row, 1)).toBe(0);
  expect(row[OPEN.RESULT]).toBe(-1);
  expect(arena).toEqual(before);
});

test('calls that are wrong as a whole throw', () => {
  const arena = new Uint8Array(64);
  expect(() => native.seal(arena, new Int32Array(SEAL.WORDS), 2)).toThrow(RangeError);
  expect(() => native.open(arena, new Int32Array(OPEN.WORDS), -1)).toThrow(RangeError);
  expect(() => native.keyInstall(1 << 20, AEAD.AES_256_GCM, sample.key)).toThrow(RangeError);
  expect(() => native.keyInstall(SLOT, 3, sample.key)).toThrow(RangeError);
  expect(() => native.keyInstall(SLOT, AEAD.AES_256_GCM, new Uint8Array(31))).toThrow(RangeError);
  expect(() => native.open(new Int32Array(4) as unknown as Uint8Array, new Int32Array(4), 1)).toThrow(
    TypeError,
  );
});

test('keys are installed and wiped while another thread uses its own', async () => {
  const worker = new Worker(new URL('./aead_worker.js', import.meta.url), { workerData: { rounds: 20_000 } });
  const finished = new Promise<number>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  let authentic: number | undefined;
  finished.then(
    (count) => {
      authentic = count;
    },
    () => {
      authentic = -1;
    },
  );
  for (let slot = 2000; authentic === undefined; slot = slot === 9999 ? 2000 : slot + 1) {
    native.keyInstall(slot, AEAD.AES_256_GCM, sample.key);
    native.keyWipe(slot);
    if (slot % 500 === 0) await new Promise(setImmediate);
  }
  expect(await finished).toBe(20_000);
  await worker.terminate();
});
