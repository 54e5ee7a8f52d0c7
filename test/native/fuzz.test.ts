import { closeSync, openSync } from 'node:fs';
import * as fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { loadNative } from '../../src/native/binding.js';
import { AEAD, OPEN, PATH, RECV, SEAL, SEND } from '../../src/native/ops.js';
import { pathRow } from './rows.js';

const native = loadNative();
const GUARD = 1 << 16;
const ARENA = 1 << 14;
const CANARY = 0xa5;
const FIRST_SLOT = 1;
const ROWS = 250;
const ROUNDS = 1000;

const whole = new Uint8Array(2 * GUARD + ARENA);
const arena = whole.subarray(GUARD, GUARD + ARENA);
const socket = native.udpOpen({
  family: 4,
  address: '127.0.0.1',
  port: 0,
  device: null,
  receiveBuffer: 1 << 20,
  sendBuffer: 1 << 20,
  gro: true,
});
const sink = openSync('/dev/null', 'w');

native.keyInstall(FIRST_SLOT, AEAD.AES_256_GCM, new Uint8Array(32));
native.keyInstall(FIRST_SLOT + 1, AEAD.CHACHA20_POLY1305, new Uint8Array(32));

afterAll(() => {
  native.close(socket.fd);
  closeSync(sink);
  native.keyWipe(FIRST_SLOT);
  native.keyWipe(FIRST_SLOT + 1);
});

/** A xorshift generator: fast enough for millions of words, and repeatable from its seed. */
function generator(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state;
  };
}

/** Mostly sizes and offsets near the arena's, some of the extremes where arithmetic breaks. */
function word(random: () => number): number {
  const extremes = [-1, 0, 1, ARENA, ARENA - 1, 0x7fff_ffff, -0x8000_0000, 0x4000_0000, 0xffff, 0x1_0000];
  const choice = random() >>> 29;
  if (choice < 3) return (random() >>> 1) % 64;
  if (choice < 6) return (random() >>> 1) % (ARENA / 4);
  return choice === 6 ? extremes[(random() >>> 1) % extremes.length] : random();
}

function guardsAreWhole(): boolean {
  return (
    whole.subarray(0, GUARD).every((byte) => byte === CANARY) &&
    whole.subarray(GUARD + ARENA).every((byte) => byte === CANARY)
  );
}

/** Calls `round` with rows of random words until ROUNDS times ROWS have passed; nothing outside may change. */
function bombard(words: number, round: (rows: Int32Array, random: () => number) => void): void {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const random = generator(seed);
      const rows = new Int32Array(ROWS * words);
      for (let i = 0; i < rows.length; i++) rows[i] = word(random);
      round(rows, random);
    }),
    { numRuns: ROUNDS, endOnFailure: true },
  );
  expect(guardsAreWhole()).toBe(true);
}

whole.fill(CANARY);

test('random seal rows stay inside the arena', () => {
  let sealed = 0;
  bombard(SEAL.WORDS, (rows, random) => {
    // Mostly filled slots and short prefixes: rows that fail at once would prove little.
    for (let i = 0; i < ROWS; i++) {
      if (random() & 3) rows[i * SEAL.WORDS + SEAL.KEY] = FIRST_SLOT + (random() & 1);
      if (random() & 3) rows[i * SEAL.WORDS + SEAL.PREFIX_INDEX] = -1;
    }
    sealed += native.seal(arena, rows, ROWS);
  });
  expect(sealed).toBeGreaterThan(1000);
});

test('random open rows stay inside the arena', () => {
  bombard(OPEN.WORDS, (rows, random) => {
    for (let i = 0; i < ROWS; i++) {
      if (random() & 7) rows[i * OPEN.WORDS + OPEN.KEY] = FIRST_SLOT + (random() & 1);
    }
    expect(native.open(arena, rows, ROWS)).toBe(0);
  });
});

test('random send rows read inside the arena only', () => {
  const paths = new Int32Array(3 * PATH.WORDS);
  paths.set(pathRow('127.0.0.1', socket.port));
  paths.set(pathRow('::1', socket.port), PATH.WORDS);
  const received = new Int32Array(RECV.WORDS);
  bombard(SEND.WORDS, (rows, random) => {
    for (let i = 0; i < ROWS; i++) {
      rows[i * SEND.WORDS + SEND.FD] = random() & 7 ? socket.fd : -1;
      rows[i * SEND.WORDS + SEND.PATH] = random() & 3 ? (random() & 3) - 1 : word(random);
    }
    native.udpSend(arena, rows, ROWS, paths, (random() & 1) === 0);
    native.udpReceive(arena, socket.fd, 0, ARENA, 1, received);
  });
});

test('random TAP frames are gathered inside the arena only', () => {
  const parts = 3;
  bombard(2 + 2 * parts, (rows) => {
    for (let i = 0; i < ROWS; i++) rows[i * (2 + 2 * parts)] = parts;
    native.tapWrite(arena, sink, rows, ROWS);
  });
});

test('rows of any word count are walked inside their array only', () => {
  bombard(4, (rows) => {
    try {
      native.tapWrite(arena, sink, rows, ROWS);
    } catch (error) {
      expect(error).toBeInstanceOf(RangeError);
    }
  });
});
