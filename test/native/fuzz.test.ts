import { closeSync, openSync } from 'node:fs';
import { MessageChannel } from 'node:worker_threads';
import * as fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { loadNative } from '../../src/native/binding.js';
import { AEAD, NETLINK, OPEN, PATH, QUEUES, RECV, SEAL, SEND } from '../../src/native/ops.js';
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
const zeros = openSync('/dev/zero', 'r');
const netlink = native.netlinkOpen();
const epoll = native.epollCreate();

native.keyInstall(FIRST_SLOT, AEAD.AES_256_GCM, new Uint8Array(32));
native.keyInstall(FIRST_SLOT + 1, AEAD.CHACHA20_POLY1305, new Uint8Array(32));

afterAll(() => {
  native.close(socket.fd);
  closeSync(sink);
  closeSync(zeros);
  native.close(netlink);
  native.close(epoll);
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
      rows[i * SEND.WORDS + SEND.GSO] = random() & 1;
    }
    native.udpSend(arena, rows, ROWS, paths);
    native.udpReceive(arena, socket.fd, 0, ARENA, 1, received);
  });
});

/** Both queues of a TAP: what was read before is random as well. */
const sinks = new Int32Array(QUEUES.WORDS);

test('random TAP frames are gathered inside the arena only', () => {
  const parts = 3;
  bombard(2 + 2 * parts, (rows, random) => {
    for (let i = QUEUES.FLOW; i < QUEUES.WORDS; i += 7) sinks[i] = word(random);
    sinks[QUEUES.COUNT] = 2;
    sinks.fill(sink, QUEUES.FD, QUEUES.FD + 2);
    for (let i = 0; i < ROWS; i++) rows[i * (2 + 2 * parts)] = parts;
    native.tapWrite(arena, sink, rows, ROWS);
    native.tapWriteQueues(arena, sinks, rows, ROWS);
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

/** Whether the call was refused for its range; anything else it throws fails the test. */
function isRefused(call: () => unknown): boolean {
  try {
    call();
    return false;
  } catch (error) {
    expect(error).toBeInstanceOf(RangeError);
    return true;
  }
}

/** Calls a function that reads into slots with random bases, sizes and numbers of them. */
function bombardSlots(read: (base: number, slot: number, max: number, rows: Int32Array) => number): void {
  let taken = 0;
  let refused = 0;
  bombard(3, (rows, random) => {
    const results = new Int32Array(RECV.WORDS * 8);
    for (let i = 0; i < ROWS / 10; i++) {
      const [base, slot, max] = [
        rows[3 * i],
        rows[3 * i + 1],
        random() & 3 ? (random() >>> 1) % 10 : rows[3 * i + 2],
      ];
      if (isRefused(() => (taken += read(base, slot, max, results)))) refused++;
    }
  });
  expect(taken).toBeGreaterThan(1000);
  expect(refused).toBeGreaterThan(1000);
}

test('frames are read into slots inside the arena only', () => {
  bombardSlots((base, slot, max, rows) => native.tapRead(arena, zeros, base, slot, max, rows));
});

test('the same by several queues, whatever their record says', () => {
  bombardSlots((base, slot, max, rows) => {
    const record = new Int32Array(QUEUES.WORDS).fill(zeros, QUEUES.FD);
    record.set([1 + (base & 7), slot, base, slot, base, slot]);
    return native.tapReadQueues(arena, record, base, slot, max, rows);
  });
  const record = new Int32Array(QUEUES.WORDS).fill(sink);
  for (const count of [0, -1, 9]) {
    record[QUEUES.COUNT] = count;
    expect(isRefused(() => native.tapReadQueues(arena, record, 0, 10, 8, new Int32Array(16)))).toBe(true);
    expect(isRefused(() => native.tapWriteQueues(arena, record, new Int32Array(16), 1))).toBe(true);
  }
});

test('datagrams are received into slots inside the arena only', () => {
  const paths = pathRow('127.0.0.1', socket.port);
  const one = new Int32Array(SEND.WORDS);
  one[SEND.FD] = socket.fd;
  one[SEND.LENGTH] = 8000;
  one[SEND.SEGMENT] = 100;
  one[SEND.GSO] = 1;
  bombardSlots((base, slot, max, rows) => {
    native.udpSend(arena, one, 1, paths);
    return native.udpReceive(arena, socket.fd, base, slot, max, rows);
  });
});

test('paths of any words are sent to, or refused row by row', () => {
  bombard(PATH.WORDS, (paths, random) => {
    const rows = new Int32Array(ROWS * SEND.WORDS);
    for (let i = 0; i < ROWS; i++) {
      const at = i * PATH.WORDS;
      // To this host only, whatever the rest says.
      const v4 = (random() & 1) === 0;
      paths[at + PATH.FAMILY] = random() & 7 ? (v4 ? 4 : 6) : word(random);
      paths.set(
        pathRow(v4 ? '127.0.0.1' : '::1', socket.port).subarray(PATH.ADDR, PATH.ADDR + 4),
        at + PATH.ADDR,
      );
      const row = i * SEND.WORDS;
      rows[row + SEND.FD] = socket.fd;
      rows[row + SEND.LENGTH] = 1 + ((random() >>> 1) % 4000);
      rows[row + SEND.SEGMENT] = 1 + ((random() >>> 1) % 1500);
      rows[row + SEND.PATH] = i;
      rows[row + SEND.GSO] = random() & 1;
    }
    native.udpSend(arena, rows, ROWS, paths);
    for (let i = 0; i < ROWS; i++) expect(rows[i * SEND.WORDS + SEND.RESULT]).toBeLessThanOrEqual(0);
  });
});

test('keys of any slot, AEAD and length are installed or refused', () => {
  bombard(3, (rows, random) => {
    for (let i = 0; i < 20; i++) {
      const slot = 100 + (rows[3 * i] & 0xff_ffff);
      const key = new Uint8Array(random() & 1 ? 32 : (random() >>> 1) % 100);
      const refused = isRefused(() =>
        native.keyInstall(slot, random() & 1 ? AEAD.AES_256_GCM : rows[3 * i + 1], key),
      );
      if (!refused) native.keyWipe(slot);
    }
  });
});

test('arrays of any length are filled by kernel events and tokens inside only', () => {
  for (let length = 0; length < 128 * NETLINK.WORDS; length += 61) {
    const rows = new Int32Array(length);
    expect(isRefused(() => native.netlinkRead(netlink, rows))).toBe(true);
  }
  native.netlinkDump(netlink);
  const guarded = new Int32Array(130 * NETLINK.WORDS).fill(77);
  const rows = guarded.subarray(NETLINK.WORDS, 129 * NETLINK.WORDS);
  native.netlinkRead(netlink, rows);
  expect(
    [...guarded.subarray(0, NETLINK.WORDS), ...guarded.subarray(129 * NETLINK.WORDS)].every((w) => w === 77),
  ).toBe(true);
  native.netlinkDump(netlink);
  native.epollAdd(epoll, netlink, 5);
  expect(isRefused(() => native.wait(epoll, 0, 0, new Int32Array(0)))).toBe(true);
  for (let length = 1; length < 100; length++) native.wait(epoll, 0, 0, new Int32Array(length));
});

/** Values that no argument of the addon may be. */
const STRANGE: (() => unknown)[] = [
  () => undefined,
  () => Symbol('strange'),
  () => 1n,
  () => () => 0,
  () => new Float64Array(4),
  () => new DataView(new ArrayBuffer(8)),
  () => [1, 2, 3],
  () => new Proxy({}, {}),
];

test('arguments of strange types are refused by every call', () => {
  const calls = Object.entries(native).filter(([name]) => !PARAMETERLESS.has(name));
  expect(calls.length).toBeGreaterThan(20);
  for (const [name, call] of calls) {
    for (const strange of STRANGE) {
      const words = Array.from({ length: 6 }, strange);
      expect(() => (call as (...words: unknown[]) => unknown)(...words), name).toThrow(TypeError);
    }
    expect(() => (call as () => unknown)(), `${name} without arguments`).toThrow(TypeError);
  }
});

const PARAMETERLESS = new Set([
  'now',
  'layout',
  'hasHardwareAes',
  'epollCreate',
  'eventCreate',
  'netlinkOpen',
  'forbidCoreDumps',
]);

test('an arena that was given away is empty', () => {
  const given = new Uint8Array(1000);
  const rows = new Int32Array(SEAL.WORDS);
  const { port1, port2 } = new MessageChannel();
  port1.postMessage(given, [given.buffer]);
  port1.close();
  port2.close();
  rows[SEAL.KEY] = FIRST_SLOT;
  rows[SEAL.PAYLOAD_LENGTH] = 10;
  rows[SEAL.SEGMENT] = 10;
  expect(native.seal(given, rows, 1)).toBe(0);
  expect(rows[SEAL.RESULT]).toBe(-1);
  expect(isRefused(() => native.tapRead(given, zeros, 0, 10, 1, rows))).toBe(true);
});
